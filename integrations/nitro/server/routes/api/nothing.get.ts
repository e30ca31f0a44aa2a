import { defineHandler, HTTPError } from "nitro/h3";

export default defineHandler(({ context: { session } }) => {
  session.set("visits", 1000);
  throw new HTTPError({ status: 404 });
});
