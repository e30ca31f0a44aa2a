import { createCookieSessionStorage } from "react-router";
import { answer, COOKIE, type Data, next, type Subject } from "../subject.ts";

/** React Router's sessions in a signed cookie. */
export const subject: Subject = {
  name: "react-router",
  packages: ["react-router"],
  protects: "signs",
  note: "createCookieSessionStorage without its router, explicit calls; " +
    "signed with HMAC-SHA-256, so the browser can read the data",
  kinds: [
    "anonymous",
    "read-seen",
    "write-seen",
    "forged",
    "malformed",
    "rotated",
  ],
  create({ secrets, data }) {
    const { getSession, commitSession } = createCookieSessionStorage<Data>({
      cookie: {
        name: COOKIE,
        secrets: [...secrets],
        path: "/",
        httpOnly: true,
        secure: true,
        sameSite: "lax",
        maxAge: 86_400,
      },
    });
    const open = (request: Request) =>
      getSession(request.headers.get("cookie"));
    return {
      async read(request) {
        const session = await open(request);
        return answer(session.get("count"));
      },
      async write(request) {
        const session = await open(request);
        const count = next(session.get("count"));
        session.set("count", count);
        const response = answer(count);
        response.headers.append("set-cookie", await commitSession(session));
        return response;
      },
      async start(request) {
        const session = await open(request);
        for (const [key, value] of Object.entries(data)) {
          session.set(key, value as number);
        }
        const response = answer(data.count);
        response.headers.append("set-cookie", await commitSession(session));
        return response;
      },
    };
  },
};
