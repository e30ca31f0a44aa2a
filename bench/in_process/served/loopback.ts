import { connect, type Socket } from "node:net";
import type { Handler } from "../subject.ts";

/**
 * Makes the requests of a handler over HTTP to a server on this machine, on
 * connections that stay open. It knows no more of HTTP than the answers of the
 * subjects need, so that the client costs little.
 */
export function loopback(port: number): Handler {
  const idle: Connection[] = [];
  return async (request) => {
    const connection = idle.pop() ?? new Connection(port);
    const cookie = request.headers.get("cookie") ?? "";
    const { status, lines, body } = await connection.ask(
      `GET / HTTP/1.1\r\nhost: 127.0.0.1:${port}\r\ncookie: ${cookie}\r\n\r\n`,
    );
    idle.push(connection);
    const response = new Response(body, { status });
    for (const line of lines) {
      const [, value] = /^set-cookie: (.*)$/i.exec(line) ?? [];
      if (value !== undefined) response.headers.append("set-cookie", value);
    }
    return response;
  };
}

interface Answer {
  readonly status: number;
  readonly lines: readonly string[];
  readonly body: string;
}

class Connection {
  readonly #socket: Socket;
  #text = "";
  #resolve: (answer: Answer) => void = () => {};
  #reject: (error: Error) => void = () => {};

  constructor(port: number) {
    this.#socket = connect({ port, host: "127.0.0.1", noDelay: true });
    this.#socket.setEncoding("latin1")
      .on("data", (text: string) => this.#receive(text))
      .on("error", (error) => this.#reject(error));
  }

  ask(text: string): Promise<Answer> {
    return new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
      this.#socket.write(text);
    });
  }

  #receive(text: string): void {
    this.#text += text;
    const end = this.#text.indexOf("\r\n\r\n");
    if (end < 0) return;
    const [first = "", ...lines] = this.#text.slice(0, end).split("\r\n");
    const rest = this.#text.slice(end + 4);
    const [, length] = /\r\ncontent-length: (\d+)/i.exec(this.#text) ?? [];
    // Without a length it comes in chunks, the last of which is empty.
    const isWhole = length === undefined
      ? rest.endsWith("0\r\n\r\n")
      : rest.length >= Number(length);
    if (!isWhole) return;
    const body = length === undefined
      ? rest.replace(/[\da-f]+\r\n(.*)\r\n/gi, "$1")
      : rest;
    this.#text = "";
    this.#resolve({ status: Number(first.split(" ")[1]), lines, body });
  }
}
