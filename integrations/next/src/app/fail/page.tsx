import { cookies, headers } from "next/headers";
import { sessions } from "../../session";

export default async function Fail() {
  // A page keeps nothing, whether it fails or not.
  const session = await sessions.open(await cookies(), await headers());
  session.update("visits", (n = 0) => n + 1);
  throw new Error("It was meant to fail");
}
