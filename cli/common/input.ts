import { execFile } from "node:child_process";
import process from "node:process";
import { createInterface } from "node:readline";
import { Writable } from "node:stream";
import { FailedError } from "./problems.ts";

/** What is read at most: a transcript is a few kB. */
const MOST = 4_000_000;

/** What prints the clipboard, by platform; the first that is installed. */
const CLIPBOARDS: Readonly<Record<string, readonly (readonly string[])[]>> = {
  darwin: [["pbpaste"]],
  win32: [["powershell", "-NoProfile", "-Command", "Get-Clipboard -Raw"]],
  other: [
    ["wl-paste", "--no-newline"],
    ["xclip", "-selection", "clipboard", "-out"],
    ["xsel", "--clipboard", "--output"],
  ],
};

/**
 * Reads all that is piped in. At a keyboard, asks for it, and reads what is
 * pasted, which is not shown.
 */
export async function readInput(
  input: NodeJS.ReadStream,
  output: NodeJS.WriteStream,
  question: string,
): Promise<string> {
  if (input.isTTY) return await readHidden(input, output, question);
  let text = "";
  input.setEncoding("utf8");
  for await (const piece of input) {
    text += piece;
    if (text.length > MOST) throw new FailedError("The input is too long");
  }
  return text;
}

/**
 * Reads what is pasted without showing it. The terminal itself would cut it at 4096
 * characters, which is less than a cookie may have.
 */
function readHidden(
  input: NodeJS.ReadStream,
  output: NodeJS.WriteStream,
  question: string,
): Promise<string> {
  output.write(question);
  const nowhere = new Writable({ write: (_piece, _code, done) => done() });
  const lines = createInterface({ input, output: nowhere, terminal: true });
  return new Promise((resolve, reject) => {
    const read: string[] = [];
    lines.on("line", (line) => {
      read.push(line);
      // All lines of a paste come at once, and the first may be a status line.
      setTimeout(() => {
        resolve(read.join("\n"));
        lines.close();
      }, 100);
    });
    lines.once("SIGINT", () => lines.close());
    // After a line, this changes nothing.
    lines.once("close", () => {
      output.write("\n");
      reject(new FailedError("Nothing was pasted"));
    });
  });
}

/** Reads the clipboard by a program of the platform. */
export async function readClipboard(
  platform: string = process.platform,
): Promise<string> {
  const programs = CLIPBOARDS[platform] ?? CLIPBOARDS["other"] ?? [];
  for (const [program = "", ...args] of programs) {
    const text = await new Promise<string | undefined>((resolve) => {
      execFile(
        program,
        args,
        { timeout: 5_000, maxBuffer: MOST },
        (error, out) => {
          resolve(error ? undefined : out);
        },
      );
    });
    if (text !== undefined) return text;
  }
  const names = programs.map(([program]) => program).join(", ");
  throw new FailedError(
    `Cannot read the clipboard by ${names}: pipe it in, or paste it when asked`,
  );
}
