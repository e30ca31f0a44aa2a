import { open } from "../session";
import { signIn } from "./actions";

export default async function Home() {
  const { user } = await open();
  return (
    <main>
      <p>{user ? `By iron-session, ${user}` : "By iron-session, nobody"}</p>
      <form id="sign-in" action={signIn}>
        <input name="name" aria-label="Name" />
        <button type="submit">Sign in</button>
      </form>
    </main>
  );
}
