import { action, createAsync, query } from "@solidjs/router";
import { chooseTheme, readTheme } from "../preferences";

const getTheme = query(readTheme, "theme");
const chooseAction = action(chooseTheme, "choose");

export default function Preferences() {
  const theme = createAsync(() => getTheme(), { deferStream: true });
  return (
    <form id="preferences" method="post" action={chooseAction}>
      <p>{theme() && `Theme ${theme()}`}</p>
      <input name="theme" aria-label="Theme" />
      <button type="submit">Choose</button>
    </form>
  );
}
