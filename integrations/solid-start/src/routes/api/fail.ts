import { getSession } from "../../session";

export function GET() {
  getSession().set("visits", 1000);
  throw new Error("It was meant to fail");
}
