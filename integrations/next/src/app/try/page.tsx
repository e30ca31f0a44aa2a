import { fail } from "../actions";

export default function Try() {
  return (
    <form id="fail" action={fail}>
      <button type="submit">Fail</button>
    </form>
  );
}
