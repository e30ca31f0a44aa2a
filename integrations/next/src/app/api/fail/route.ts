import { route } from "../../../session";

export const GET = route((session) => {
  session.set("visits", 1000);
  throw new Error("It was meant to fail");
});
