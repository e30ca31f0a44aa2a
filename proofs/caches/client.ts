// Connections that stay open, and answers as the bytes that came. A client that
// tidies up headers might hide what a cache has put into them.

import { connect, type Socket } from "node:net";

/** An answer; letters are bytes. */
export interface Answer {
  readonly status: number;
  /** Its lines of headers, without the first. */
  readonly head: string;
  readonly body: string;
}

/** A request. */
export interface Question {
  readonly method: string;
  readonly host: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
}

/** One connection, for one request at a time; it is opened when needed. */
export class Connection {
  readonly #port: number;
  #socket: Socket | undefined;
  #text = "";
  #onData: (() => void) | undefined;
  #onEnd: ((why: Error) => void) | undefined;

  constructor(port: number) {
    this.#port = port;
  }

  async ask(question: Question): Promise<Answer> {
    const isUsed = this.#socket !== undefined;
    try {
      return await this.#ask(question);
    } catch (error) {
      // An idle connection may end at any time: that is no answer.
      if (isUsed && this.#text === "") return await this.#ask(question);
      throw error;
    }
  }

  close(): void {
    this.#socket?.destroy();
    this.#socket = undefined;
  }

  async #ask({ method, host, path, headers }: Question): Promise<Answer> {
    const socket = this.#socket ??= this.#open();
    this.#text = "";
    const lines = Object.entries({ host, ...headers })
      .map(([name, value]) => `${name}: ${value}\r\n`).join("");
    return await new Promise<Answer>((resolve, reject) => {
      const settle = () => {
        clearTimeout(timer);
        this.#onData = this.#onEnd = undefined;
      };
      const timer = setTimeout(() => {
        settle();
        this.close();
        reject(new Error(`No answer in time: ${method} ${host}${path}`));
      }, 60_000);
      const look = (isOver: boolean) => {
        const answer = parse(this.#text, method, isOver);
        if (!answer) return false;
        settle();
        if (/^connection: close/im.test(answer.head)) this.close();
        resolve(answer);
        return true;
      };
      this.#onData = () => void look(false);
      this.#onEnd = (why) => {
        if (this.#text && look(true)) return;
        settle();
        reject(why);
      };
      socket.write(`${method} ${path} HTTP/1.1\r\n${lines}\r\n`);
    });
  }

  #open(): Socket {
    const socket = connect(this.#port, "127.0.0.1").setNoDelay(true);
    socket.setEncoding("latin1");
    socket.on("data", (text) => {
      this.#text += text;
      this.#onData?.();
    });
    const end = (why: Error) => {
      if (this.#socket !== socket) return;
      this.#socket = undefined;
      this.#onEnd?.(why);
    };
    socket.on("error", end);
    socket.on("close", () => end(new Error("The connection was closed")));
    return socket;
  }
}

/** The answer, if it is all there. */
function parse(
  text: string,
  method: string,
  isOver: boolean,
): Answer | undefined {
  const end = text.indexOf("\r\n\r\n");
  if (end < 0) return undefined;
  const status = Number(text.slice(9, 12));
  const head = text.slice(text.indexOf("\r\n") + 2, end + 2);
  const start = end + 4;
  if (status < 200) return parse(text.slice(start), method, isOver);
  if (method === "HEAD" || status === 204 || status === 304) {
    return { status, head, body: "" };
  }
  if (/^transfer-encoding: *chunked/im.test(head)) {
    const body = unchunk(text, start);
    return body === undefined ? undefined : { status, head, body };
  }
  const [, length] = /^content-length: *(\d+)/im.exec(head) ?? [];
  const body = text.slice(start, start + Number(length ?? text.length));
  if (length === undefined ? !isOver : body.length < Number(length)) {
    return undefined;
  }
  return { status, head, body };
}

function unchunk(text: string, start: number): string | undefined {
  let body = "";
  for (let place = start;;) {
    const line = text.indexOf("\r\n", place);
    if (line < 0) return undefined;
    const size = parseInt(text.slice(place, line), 16);
    place = line + 2 + size + 2;
    if (text.length < place) return undefined;
    if (size === 0) return body;
    body += text.slice(line + 2, line + 2 + size);
  }
}
