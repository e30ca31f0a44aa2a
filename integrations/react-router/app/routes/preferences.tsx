import { data, Form, redirect } from "react-router";
import { createSessions, type Session } from "with-session";
import type { Route } from "./+types/preferences";

// A second session, in a cookie of its own, without a middleware.
const preferences = createSessions<{ theme: string }>(() => ({
  secret: process.env.SESSION_SECRET,
  cookie: { name: "__Host-preferences" },
}));

async function commit(session: Session<{ theme: string }>): Promise<Headers> {
  const { cookies, headers } = await preferences.commit(session);
  const result = new Headers(headers);
  for (const { line } of cookies) result.append("set-cookie", line);
  return result;
}

export async function loader({ request }: Route.LoaderArgs) {
  const session = await preferences.open(request);
  const theme = session.get("theme") ?? "light";
  return data({ theme }, { headers: await commit(session) });
}

export async function action({ request }: Route.ActionArgs) {
  const session = await preferences.open(request);
  const form = await request.formData();
  session.set("theme", String(form.get("theme")));
  const headers = await commit(session);
  return redirect("/preferences", { status: 303, headers });
}

// React Router passes on cookies by itself, and no other field.
export const headers = ({ loaderHeaders }: Route.HeadersArgs) => loaderHeaders;

export default function Preferences({ loaderData }: Route.ComponentProps) {
  return (
    <Form id="preferences" method="post">
      <p>{`Theme ${loaderData.theme}`}</p>
      <input name="theme" aria-label="Theme" />
      <button type="submit">Choose</button>
    </Form>
  );
}
