import type { NextRequest } from "next/server";
import { proxy as sessionProxy } from "./session";

const counted = ["/", "/stream", "/api/twice"];

export const proxy = sessionProxy((session, request: NextRequest) => {
  let notices: readonly string[] = [];
  const { pathname } = request.nextUrl;
  if (request.method === "GET" && counted.includes(pathname)) {
    session.update("visits", (n = 0) => n + 1);
    notices = session.flashes<string>("notice");
  }
  request.headers.set("x-notices", encodeURIComponent(JSON.stringify(notices)));
});

export const config = {
  matcher: [{
    // Neither files nor pages without a session, nor what is loaded in advance.
    source: "/((?!_next/|about|robots.txt).*)",
    missing: [{ type: "header", key: "next-router-prefetch" }],
  }],
};
