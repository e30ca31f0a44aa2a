import { createFileRoute } from "@tanstack/react-router";
import { signIn, signOut, signOutEverywhere, visit } from "../account";

export const Route = createFileRoute("/")({
  loader: () => visit(),
  component: Home,
});

function Home() {
  const { visits, user, notices } = Route.useLoaderData();
  return (
    <main>
      <p>
        {`Visit ${visits}, ${user ? `signed in as ${user}` : "not signed in"}`}
      </p>
      {notices.map((notice) => <p key={notice} role="status">{notice}</p>)}
      <form id="sign-in" method="post" action={signIn.url}>
        <input name="name" aria-label="Name" />
        <button type="submit">Sign in</button>
      </form>
      <form id="sign-out" method="post" action={signOut.url}>
        <button type="submit">Sign out</button>
      </form>
      <form id="everywhere" method="post" action={signOutEverywhere.url}>
        <button type="submit">Sign out everywhere</button>
      </form>
    </main>
  );
}
