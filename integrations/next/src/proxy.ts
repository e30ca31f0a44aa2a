import { type NextRequest, NextResponse } from "next/server";
import { sessions } from "./session";

const counted = ["/", "/stream", "/api/twice"];

export async function proxy(request: NextRequest) {
  const session = await sessions.open(request).catch((error) => {
    if (error.code !== "forbidden") throw error;
  });
  if (!session) return new NextResponse("Forbidden", { status: 403 });

  // To look at it moves the idle timeout on, which a page cannot.
  void session.userId;
  let notices: readonly string[] = [];
  const { pathname } = request.nextUrl;
  if (request.method === "GET" && counted.includes(pathname)) {
    session.update("visits", (n = 0) => n + 1);
    notices = session.flashes<string>("notice");
  }

  const { cookies } = await sessions.commit(session);
  // Pages and route handlers go by the headers of the request.
  for (const { name, value } of cookies) request.cookies.set(name, value);
  request.headers.set("x-notices", encodeURIComponent(JSON.stringify(notices)));
  const response = NextResponse.next({ request });
  for (const { line } of cookies) response.headers.append("set-cookie", line);
  // Next drops the `Vary` of a page, so that nobody may keep it.
  response.headers.set("cache-control", "no-store");
  return response;
}

export const config = {
  matcher: [{
    // Neither files nor pages without a session, nor what is loaded in advance.
    source: "/((?!_next/|about|robots.txt).*)",
    missing: [{ type: "header", key: "next-router-prefetch" }],
  }],
};
