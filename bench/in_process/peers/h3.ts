import { getSession, H3, type H3Event, updateSession } from "h3";
import {
  answer,
  type Data,
  type Handler,
  next,
  type Subject,
} from "../subject.ts";

/** h3's own sessions. */
export const subject: Subject = {
  name: "h3",
  packages: ["h3"],
  protects: "encrypts",
  note: "in an H3 app, getSession and updateSession; defaults: iron seals " +
    "with PBKDF2 of 8192 iterations",
  kinds: ["anonymous", "read-seen", "write-seen", "forged", "malformed"],
  create({ secrets: [password = ""], data }) {
    const config = { password };
    type Values = Partial<Data>;
    const app = (handle: (event: H3Event) => Promise<Response>): Handler => {
      const app = new H3().get("/", handle);
      return (request) => app.fetch(request);
    };
    return {
      read: app(async (event) => {
        const session = await getSession<Values>(event, config);
        return answer(session.data.count);
      }),
      write: app(async (event) => {
        const { data } = await getSession<Values>(event, config);
        const count = next(data.count);
        await updateSession<Values>(event, config, { count });
        return answer(count);
      }),
      start: app(async (event) => {
        await updateSession<Values>(event, config, data);
        return answer(data.count);
      }),
    };
  },
};
