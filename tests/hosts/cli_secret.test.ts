import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { judgeSecret } from "../../cli.ts";
import { withSession } from "../../mod.ts";
import { markedSecret } from "../shared/support.ts";
import { inOneLine, jsonOf, outputOf } from "./_terminal.ts";

const HEX = "0123456789abcdeffedcba9876543210";

/** Secrets, whether they are taken, and what is said of them. */
const JUDGED: readonly (readonly [
  text: () => string,
  ok: boolean,
  said: RegExp,
])[] = [
  [markedSecret, true, /^$/],
  [() => ` ${markedSecret()}\n`, true, /blanks or newlines around/],
  [() => `"${markedSecret()}"`, true, /quotation marks around it/],
  [() => `${markedSecret()},${markedSecret()}`, true, /two variables/],
  [() => `${markedSecret()}\n${markedSecret()}`, true, /several lines/],
  [() => HEX, true, /less than 32 bytes/],
  [() => "abcdefghij".repeat(3) + "klm", true, /does not look random/],
  [
    () => "please-change-this-secret-before-you-deploy-it-99",
    true,
    /sentence of a manual/,
  ],
  [() => "", false, /is missing/],
  [() => "keyboard cat", false, /at least 32 bytes, .*: it is 12 .*; make one/],
  [() => "a".repeat(43), false, /must be random/],
  [() => "password1".repeat(6), false, /must be random/],
];

describe("secret", () => {
  let folder: string;
  before(() => {
    folder = mkdtempSync(join(tmpdir(), "with-session-cli-"));
  });
  after(() => rmSync(folder, { recursive: true }));

  it("makes one that withSession() takes, and prints nothing else", async () => {
    const output = await outputOf(["secret"], 0);
    assert.ok(/^[\w-]{43}\n$/.test(output));
    withSession(() => new Response(), { secret: output.trim() });
    assert.ok(output !== await outputOf(["secret"], 0));
  });

  for (const [i, [text, isGood, said]] of JUDGED.entries()) {
    it(`judges one: ${i}, ${said.source}`, async () => {
      const secret = text();
      const report = await judgeSecret(secret);
      assert.equal(report.ok, isGood);
      assert.match([report.problem, ...report.advice].join(" ").trim(), said);
      assert.equal(typeof report.keyId, isGood ? "number" : "undefined");
      const read = () => Promise.resolve(secret);
      const args = ["secret", "check", "--stdin"];
      const output = await outputOf(args, isGood ? 0 : 1, { read });
      assert.match(output, isGood ? /^input (is good|can be used)/ : /refused/);
      for (const part of secret.match(/\S{24}/g) ?? []) {
        assert.ok(
          !output.includes(part) && !JSON.stringify(report).includes(part),
        );
      }
    });
  }

  it("has the key of the secret's events", async () => {
    const secret = markedSecret();
    let keyId: unknown;
    const other = withSession((_request, session) => {
      session.set("a", 1);
      return new Response();
    }, { secret });
    const handle = withSession((_request, session) => {
      session.get("a");
      return new Response();
    }, {
      secret: markedSecret(),
      onEvent: (event) => {
        if (event.type === "rejected") keyId = event.keyId;
      },
    });
    const request = new Request("https://example.com/");
    const response = await other(request);
    const [cookie = ""] = response.headers.getSetCookie()[0]?.split(";") ?? [];
    await handle(new Request(request, { headers: { cookie } }));
    const report = await judgeSecret(secret);
    assert.equal(report.keyId, keyId);
  });

  it("is looked for in the environment, and in a file of variables", async () => {
    const SESSION_SECRET = markedSecret();
    const check = ["secret", "check"];
    assert.match(
      await outputOf(check, 0, { env: { SESSION_SECRET } }),
      /^SESSION_SECRET is good/,
    );
    assert.match(await outputOf(check, 3), /SESSION_SECRET is not set here/);
    const file = join(folder, ".env");
    writeFileSync(file, `# mine\nNEW="${SESSION_SECRET}"\nOLD=short\n`);
    const both = [...check, "--env-file", file, "--env", "NEW", "--env", "OLD"];
    const { ok, secrets } = await jsonOf(both, 1);
    assert.equal(ok, false);
    assert.deepEqual(
      secrets.map((each: { variable: string; ok: boolean }) => [
        each.variable,
        each.ok,
      ]),
      [["NEW", true], ["OLD", false]],
    );
    const missing = [...check, "--env-file", join(folder, "none")];
    assert.match(inOneLine(await outputOf(missing, 3)), /Cannot read /);
  });

  it("is not two variables with the same", async () => {
    const secret = markedSecret();
    const env = { A: secret, B: secret };
    const args = ["secret", "check", "--env", "A", "--env", "B"];
    assert.match(await outputOf(args, 3, { env }), /have the same secret/);
  });
});
