import { action, createAsync, query } from "@solidjs/router";
import { For, Show } from "solid-js";
import { signIn, signOut, signOutEverywhere, visit } from "../account";

const getVisit = query(visit, "visit");
const signInAction = action(signIn, "sign-in");
const signOutAction = action(signOut, "sign-out");
const everywhereAction = action(signOutEverywhere, "everywhere");

export const route = { preload: () => getVisit() };

export default function Home() {
  const data = createAsync(() => getVisit(), { deferStream: true });
  const who = () =>
    data()?.user ? `signed in as ${data()?.user}` : "not signed in";
  return (
    <Show when={data()}>
      <p>{`Visit ${data()?.visits}, ${who()}`}</p>
      <For each={data()?.notices}>
        {(notice) => <p role="status">{notice}</p>}
      </For>
      <form id="sign-in" method="post" action={signInAction}>
        <input name="name" aria-label="Name" />
        <button type="submit">Sign in</button>
      </form>
      <form id="sign-out" method="post" action={signOutAction}>
        <button type="submit">Sign out</button>
      </form>
      <form id="everywhere" method="post" action={everywhereAction}>
        <button type="submit">Sign out everywhere</button>
      </form>
    </Show>
  );
}
