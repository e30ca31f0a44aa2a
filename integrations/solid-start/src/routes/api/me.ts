import { getSession } from "../../session";

export function GET() {
  return Response.json({ user: getSession().userId ?? null });
}
