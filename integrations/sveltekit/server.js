// Serves the program over plain http, with no proxy that ends TLS in front.

import { createServer } from "node:http";
import process from "node:process";

// Without a proxy, the program would take each request for one by https.
process.env.PROTOCOL_HEADER = "x-served-over";
const { handler } = await import("./build/handler.js");

createServer((request, response) => {
  request.headers["x-served-over"] = "http";
  handler(request, response);
}).listen(process.env.PORT, process.env.HOST);
