import { Elysia } from "elysia";
import { accounts } from "./accounts.ts";
import { preferences } from "./preferences.ts";
import { session } from "./session.ts";
import { trials } from "./trials.ts";

new Elysia()
  .use(session)
  .use(accounts)
  .use(preferences)
  .use(trials)
  .get("/robots.txt", () => Bun.file("public/robots.txt"))
  .listen({ port: Number(process.env.PORT ?? 3000), hostname: "localhost" });
