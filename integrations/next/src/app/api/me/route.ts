import { route } from "../../../session";

export const GET = route((session) =>
  Response.json({ user: session.userId ?? null })
);
