import {
  A,
  query,
  Router,
  type RouteSectionProps,
  useBeforeLeave,
} from "@solidjs/router";
import { FileRoutes } from "@solidjs/start/router";
import { Suspense } from "solid-js";

export default function App() {
  return (
    <Router root={Root}>
      <FileRoutes />
    </Router>
  );
}

function Root(props: RouteSectionProps) {
  // What pages have shown is shown to whoever is signed in now, and once.
  useBeforeLeave(() => query.clear());
  return (
    <>
      <nav>
        <A href="/">Home</A> <A href="/account">Account</A>
      </nav>
      <Suspense>{props.children}</Suspense>
    </>
  );
}
