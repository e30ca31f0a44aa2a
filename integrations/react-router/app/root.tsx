import { Link, Links, Meta, Outlet, Scripts } from "react-router";
import { carryOver } from "./old_sessions.server";
import { sessionMiddleware } from "./session.server";

export const middleware = [sessionMiddleware, carryOver];

export default function Root() {
  return (
    <html lang="en">
      <head>
        <Meta />
        <Links />
      </head>
      <body>
        <nav>
          <Link to="/">Home</Link> <Link to="/account">Account</Link>
        </nav>
        <Outlet />
        <Scripts />
      </body>
    </html>
  );
}

export function ErrorBoundary() {
  return <p>Sorry</p>;
}
