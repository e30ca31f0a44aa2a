import { defineHandler } from "nitro/h3";

export default defineHandler(({ context: { session } }) => ({
  user: session.userId ?? null,
}));
