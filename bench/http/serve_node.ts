import { createServer } from "node:http";
import { toNodeListener } from "../../node.ts";
import { makeApp } from "./app.ts";
import { settings } from "./settings.ts";

const { port, ...options } = await settings(process.argv.slice(2));
createServer(toNodeListener(makeApp(options))).listen(port, "127.0.0.1");
