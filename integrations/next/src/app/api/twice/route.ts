import { route } from "../../../session";

// The proxy counts this request, too.
export const GET = route((session) => {
  const visits = session.update("visits", (n = 0) => n + 1);
  return Response.json({ visits });
});
