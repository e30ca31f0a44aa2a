import { Form } from "react-router";
import { sessionContext } from "../session.server";
import type { Route } from "./+types/home";

export function loader({ context }: Route.LoaderArgs) {
  const session = context.get(sessionContext);
  return {
    visits: session.update("visits", (n = 0) => n + 1),
    user: session.userId,
    notices: session.flashes<string>("notice"),
  };
}

export default function Home({ loaderData }: Route.ComponentProps) {
  const { visits, user, notices } = loaderData;
  return (
    <main>
      <p>
        {`Visit ${visits}, ${user ? `signed in as ${user}` : "not signed in"}`}
      </p>
      {notices.map((notice) => <p key={notice} role="status">{notice}</p>)}
      <Form id="sign-in" method="post" action="/sign-in">
        <input name="name" aria-label="Name" />
        <button type="submit">Sign in</button>
      </Form>
      <Form id="sign-out" method="post" action="/sign-out">
        <button type="submit">Sign out</button>
      </Form>
      <Form id="everywhere" method="post" action="/everywhere">
        <button type="submit">Sign out everywhere</button>
      </Form>
    </main>
  );
}
