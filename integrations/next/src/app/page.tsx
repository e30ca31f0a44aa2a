import { headers } from "next/headers";
import { read } from "../session";
import { signIn, signOut, signOutEverywhere } from "./actions";

export default async function Home() {
  const session = await read();
  const visits = session.get("visits");
  const user = session.userId;
  return (
    <main>
      <p>
        {`Visit ${visits}, ${user ? `signed in as ${user}` : "not signed in"}`}
      </p>
      {(await readNotices()).map((notice) => (
        <p key={notice} role="status">{notice}</p>
      ))}
      <form id="sign-in" action={signIn}>
        <input name="name" aria-label="Name" />
        <button type="submit">Sign in</button>
      </form>
      <form id="sign-out" action={signOut}>
        <button type="submit">Sign out</button>
      </form>
      <form id="everywhere" action={signOutEverywhere}>
        <button type="submit">Sign out everywhere</button>
      </form>
    </main>
  );
}

/** What the proxy has taken out of the session. */
async function readNotices(): Promise<string[]> {
  const notices = (await headers()).get("x-notices") ?? "[]";
  return JSON.parse(decodeURIComponent(notices));
}
