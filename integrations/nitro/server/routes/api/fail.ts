import { defineHandler } from "nitro/h3";

export default defineHandler(({ context: { session } }) => {
  session.set("visits", 1000);
  throw new Error("It was meant to fail");
});
