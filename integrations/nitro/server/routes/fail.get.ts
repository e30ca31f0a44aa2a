import { defineHandler, HTTPError } from "nitro/h3";

export default defineHandler(({ context: { session } }) => {
  session.update("visits", (n = 0) => n + 1);
  throw new HTTPError({ status: 500, message: "It was meant to fail" });
});
