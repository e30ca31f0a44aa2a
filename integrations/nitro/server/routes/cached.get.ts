import { defineHandler } from "nitro/h3";

// Nitro's cache comes before the middleware: there is no session here.
export default defineHandler(({ context }) =>
  `Session ${typeof context.session}`
);
