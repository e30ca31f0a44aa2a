import { createFileRoute } from "@tanstack/react-router";
import { chooseTheme, readTheme } from "../preferences";

export const Route = createFileRoute("/preferences")({
  loader: () => readTheme(),
  component: Preferences,
});

function Preferences() {
  return (
    <form id="preferences" method="post" action={chooseTheme.url}>
      <p>{`Theme ${Route.useLoaderData()}`}</p>
      <input name="theme" aria-label="Theme" />
      <button type="submit">Choose</button>
    </form>
  );
}
