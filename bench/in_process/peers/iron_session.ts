import { getIronSession } from "iron-session";
import { answer, COOKIE, type Data, next, type Subject } from "../subject.ts";

/** iron-session: explicit calls in the handler. */
export const subject: Subject = {
  name: "iron-session",
  packages: ["iron-session"],
  protects: "encrypts",
  note: "defaults: AES-256-CBC and HMAC-SHA-256, two keys derived per seal, " +
    "ttl of 14 days",
  kinds: [
    "anonymous",
    "read-seen",
    "write-seen",
    "forged",
    "malformed",
    "rotated",
  ],
  create({ secrets, data }) {
    // The highest id seals; the oldest secret has the same id alone.
    const password = Object.fromEntries(
      secrets.map((secret, index) => [secrets.length - index, secret]),
    );
    const options = { cookieName: COOKIE, password };
    const open = (request: Request, response: Response) =>
      getIronSession<Partial<Data>>(request, response, options);
    return {
      async read(request) {
        const session = await open(request, new Response());
        return answer(session.count);
      },
      async write(request) {
        const carrier = new Response();
        const session = await open(request, carrier);
        const count = next(session.count);
        Object.assign(session, { count });
        await session.save();
        const response = answer(count);
        for (const line of carrier.headers.getSetCookie()) {
          response.headers.append("set-cookie", line);
        }
        return response;
      },
      async start(request) {
        const response = answer(data.count);
        const session = await open(request, response);
        Object.assign(session, data);
        await session.save();
        return response;
      },
    };
  },
};
