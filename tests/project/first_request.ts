// The first requests of a process, while parts of the library are being loaded.
// Prints what became of them: see `first_request.test.ts`.

import { withSession } from "../../mod.ts";

const secret = "the first request of all, 32 bytes or more";
const url = "https://example.com/";

function cookieOf(response: Response): string {
  return response.headers.getSetCookie()[0]?.split(";")[0] ?? "";
}

// Programs fake timers in their tests.
const { setTimeout } = globalThis;
Object.assign(globalThis, { setTimeout: () => 0 });

// Its body begins another session before what writes is there.
const first = await withSession((_request, session) => {
  session.set("cart", [1]);
  const body = new ReadableStream({
    async start(controller) {
      await undefined;
      session.reset();
      session.login("ada");
      session.set("cart", [2]);
      controller.close();
    },
  });
  return new Response(body);
}, { secret })(new Request(url));
Object.assign(globalThis, { setTimeout });

const show = withSession((_request, session) => {
  const { userId } = session;
  return Response.json({ userId, ...session.toJSON() });
}, { secret });
const headers = { cookie: cookieOf(first) };
const shown = await show(new Request(url, { headers }));
// deno-lint-ignore no-console
console.log(await shown.text());
