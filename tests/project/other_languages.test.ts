// The readers in other languages that docs/migration.md has: they open what we
// do, and refuse what we refuse.

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import {
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { createSessions } from "../../mod.ts";
import {
  bodyOf,
  craft,
  NAME,
  NOW,
  OTHER_SECRET,
  SECRET,
  toHex,
  utf8,
} from "../shared/format.ts";
import vectors from "../vectors/seal-v1.json" with { type: "json" };
import { root } from "./process.ts";

interface Asked {
  token: string;
  /** In hexadecimal. */
  secrets: readonly string[];
  name: string;
  now: number;
}

interface Answer {
  user: string | null;
  data: object;
  created: number;
  expires: number;
}

interface Language {
  readonly name: string;
  /** What it needs, for the message of a skipped test. */
  readonly needs: string;
  readonly isThere: () => boolean;
  /** Puts a program into a folder, which answers JSON with JSON. */
  readonly prepare: (folder: string) => readonly string[];
}

const pythons = ["python3", "/usr/bin/python3"];
const python = () =>
  pythons.find((each) => works(each, "-c", "import cryptography"));

const LANGUAGES: readonly Language[] = [
  {
    name: "Python",
    needs: "Python's cryptography",
    isThere: () => python() !== undefined,
    prepare(folder) {
      copyFileSync(
        join(root, "docs/migration/with_session.py"),
        join(folder, "with_session.py"),
      );
      writeFileSync(join(folder, "main.py"), PYTHON);
      return [python() ?? "", "-B", join(folder, "main.py")];
    },
  },
  {
    name: "Go",
    needs: "Go",
    isThere: () => works("go", "version"),
    prepare(folder) {
      mkdirSync(join(folder, "withsession"));
      copyFileSync(
        join(root, "docs/migration/withsession.go"),
        join(folder, "withsession/withsession.go"),
      );
      writeFileSync(join(folder, "go.mod"), "module shop\n\ngo 1.19\n");
      writeFileSync(join(folder, "main.go"), GO);
      const program = join(folder, "main");
      const { status, stderr } = spawnSync("go", ["build", "-o", program], {
        cwd: folder,
        encoding: "utf8",
        env: { ...process.env, GOFLAGS: "-mod=mod", GOTOOLCHAIN: "local" },
      });
      assert.equal(status, 0, stderr);
      return [program];
    },
  },
];

const PYTHON = `
import json, sys
from with_session import read_session
answers = []
for asked in json.load(sys.stdin):
    secrets = [bytes.fromhex(each) for each in asked["secrets"]]
    session = read_session(asked["token"], secrets, asked["name"], asked["now"])
    answers.append(session and vars(session))
print(json.dumps(answers))
`;

const GO = `
package main

import (
	"encoding/hex"
	"encoding/json"
	"os"

	"shop/withsession"
)

type asked struct {
	Token   string
	Secrets []string
	Name    string
	Now     int64
}

type answer struct {
	User    *string                    \`json:"user"\`
	Data    map[string]json.RawMessage \`json:"data"\`
	Created int64                      \`json:"created"\`
	Expires int64                      \`json:"expires"\`
}

func main() {
	var all []asked
	if err := json.NewDecoder(os.Stdin).Decode(&all); err != nil {
		panic(err)
	}
	answers := []*answer{}
	for _, each := range all {
		secrets := [][]byte{}
		for _, text := range each.Secrets {
			secret, _ := hex.DecodeString(text)
			secrets = append(secrets, secret)
		}
		session := withsession.Read(each.Token, secrets, each.Name, each.Now)
		if session == nil {
			answers = append(answers, nil)
			continue
		}
		made := &answer{Data: session.Data, Created: session.Created, Expires: session.Expires}
		if session.User != "" {
			made.User = &session.User
		}
		answers = append(answers, made)
	}
	json.NewEncoder(os.Stdout).Encode(answers)
}
`;

for (const { name, needs, isThere, prepare } of LANGUAGES) {
  const skip = isThere() ? false : `${needs} is not installed`;
  describe(`a session read by ${name}`, { skip }, () => {
    let folder: string;
    let command: readonly string[];

    before(() => {
      folder = mkdtempSync(join(tmpdir(), "with-session-language-"));
      command = prepare(folder);
    });
    after(() => rmSync(folder, { recursive: true }));

    function ask(all: readonly Partial<Asked>[]): (Answer | null)[] {
      const [program = "", ...args] = command;
      const usual = { secrets: [hex(SECRET)], name: NAME, now: NOW };
      const { status, stdout, stderr } = spawnSync(program, args, {
        input: JSON.stringify(all.map((each) => ({ ...usual, ...each }))),
        encoding: "utf8",
      });
      assert.equal(status, 0, stderr);
      return JSON.parse(stdout);
    }

    it("is what this library has sealed, with its user", async () => {
      const sessions = createSessions({
        secret: SECRET,
        now: () => NOW * 1000,
      });
      const session = await sessions.create();
      session.login("ada");
      session.set("cart", ["ü € 😀", { n: 1.5 }]);
      const token = await sessions.seal(session);
      const [answer] = ask([{
        token,
        secrets: [hex(OTHER_SECRET), hex(SECRET)],
      }]);
      assert.deepEqual(answer, {
        user: "ada",
        data: { cart: ["ü € 😀", { n: 1.5 }] },
        created: NOW,
        expires: NOW + 86_400,
      });
    });

    it("is that of the vectors", () => {
      // What is bound to further texts is no session's cookie.
      const good = vectors.positive.filter(({ bind }) => !bind.length);
      assert.equal(good.length, 3);
      const answers = ask(good.map(({ secret, ...vector }) => ({
        token: vector.token,
        name: vector.name,
        now: vector.now,
        secrets: [secret.hex ?? hex(secret.utf8 ?? "")],
      })));
      answers.forEach((answer, i) => {
        const { data, now, maxAge, idle = Infinity } = good[i] as
          & typeof good[0]
          & { idle?: number };
        const expires = now + Math.min(maxAge, idle);
        assert.deepEqual(answer, { user: null, data, created: now, expires });
      });
    });

    it("is none if the vectors say so", () => {
      const secrets = vectors.positive.map(({ secret }) =>
        secret.hex ?? hex(secret.utf8 ?? "")
      );
      const asked = vectors.negative.map((vector) => ({
        token: vector.token,
        secrets,
        now: (vector as { now?: number }).now ?? NOW,
      }));
      const answers = ask(asked);
      assert.deepEqual(answers, answers.map(() => null));
      assert.equal(answers.length, 18);
    });

    it("is none with a secret or a name that is not its own", async () => {
      const token = await craft();
      const [good, ...bad] = ask([
        { token },
        { token, secrets: [hex(OTHER_SECRET)] },
        { token, secrets: [] },
        { token, name: "__Host-other" },
        { token: await craft({ context: ["store", NAME] }) },
      ]);
      assert.deepEqual(good?.data, {});
      assert.deepEqual(bad, bad.map(() => null));
    });

    it("is none if what is authentic is no session of today", async () => {
      const bad = [
        { flags: 1 },
        { created: NOW + 61 },
        { created: NOW - 10, sealed: NOW + 61 },
        { expires: NOW },
        { text: "[]" },
        { text: "null" },
        { text: "5" },
        { text: "{" },
        { text: '{"n":NaN}' },
        { text: Uint8Array.from([0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d]) },
      ];
      const good = [{}, { created: NOW + 60 }, { expires: NOW + 1 }];
      const tokens = await Promise.all(
        [...bad, ...good].map((fields) => craft({ body: bodyOf(fields) })),
      );
      const answers = ask(tokens.map((token) => ({ token })));
      assert.deepEqual(
        answers.map((answer) => answer !== null),
        [...bad.map(() => false), ...good.map(() => true)],
      );
    });

    it("is none with each character of its token changed", async () => {
      const token = await craft();
      const changed = [...token].flatMap((char, i) =>
        ["A", "B", "_", "=", "\n", "é"].filter((each) => each !== char)
          .map((each) => token.slice(0, i) + each + token.slice(i + 1))
      );
      const all = [
        ...changed,
        `${token}\n`,
        `${token}=`,
        `${token}A`,
        "A".repeat(5000),
      ];
      const answers = ask(all.map((token) => ({ token })));
      assert.deepEqual(answers, all.map(() => null));
    });
  });
}

function works(program: string, ...args: string[]): boolean {
  return spawnSync(program, args).status === 0;
}

function hex(text: string): string {
  return toHex(utf8(text));
}
