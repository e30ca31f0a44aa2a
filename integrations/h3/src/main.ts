import { H3, serve } from "h3";
import { readFile } from "node:fs/promises";
import { addAccounts } from "./accounts.ts";
import { addPreferences } from "./preferences.ts";
import { sessionMiddleware } from "./session.ts";
import { addTrials } from "./trials.ts";

const app = new H3();
app.get("/robots.txt", () => readFile("public/robots.txt", "utf8"));
app.use(sessionMiddleware);
addAccounts(app);
addPreferences(app);
addTrials(app);

serve(app, { port: Number(process.env.PORT ?? 3000), hostname: "localhost" });
