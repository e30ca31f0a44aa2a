import { action } from "@solidjs/router";
import { fail } from "../account";

const failAction = action(fail, "fail");

export default function Try() {
  return (
    <form id="fail" method="post" action={failAction}>
      <button type="submit">Fail</button>
    </form>
  );
}
