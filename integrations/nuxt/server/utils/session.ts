import {
  createSessions,
  type Session,
  type SessionOptions,
} from "with-session";
import { MemoryStore } from "with-session/stores/memory";

export interface Data {
  visits: number;
}

declare module "h3" {
  interface H3EventContext {
    session: Session<Data>;
  }
}

const store = new MemoryStore();

export const sessionOptions = (): SessionOptions<Data> => ({
  secret: process.env.SESSION_SECRET,
  store,
  csrf: true,
});

export const sessions = createSessions<Data>(sessionOptions);
