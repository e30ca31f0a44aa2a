import type { Subject } from "../subject.ts";

/** The handler alone. */
export const subject: Subject = {
  name: "bare",
  packages: [],
  protects: "none",
  note: "the handler alone: answers the same, looks at no cookie",
  role: "bare",
  kinds: ["read-seen"],
  create() {
    const read = () => new Response("500000");
    return { read, start: read };
  },
};
