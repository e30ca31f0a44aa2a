import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { didYouMean } from "../../cli/common/did_you_mean.ts";
import { errorText } from "../../cli/common/error_text.ts";
import { paint } from "../../cli/common/terminal.ts";
import { printable, table, wrap } from "../../cli/common/text.ts";
import { distance, instant, span } from "../../cli/common/time.ts";
import { markedSecret } from "../shared/support.ts";
import { createTerminal, jsonOf, outputOf } from "./_terminal.ts";

const COMMANDS = ["secret", "inspect", "doctor", "schema", "stats", "sweep"];
// It must be seen nowhere.
const VALUE = "swordfish-swordfish-swordfish-swordfish";
/** The same in the form that names of variables have, too. */
const WORD = VALUE.replaceAll("-", "_");

/** Command lines that are wrong, and what is said of them. */
const WRONG: readonly (readonly [args: string[], said: RegExp])[] = [
  [["inspct"], /Unknown command inspct: did you mean inspect\?/],
  [["doc"], /Unknown command doc: did you mean doctor\?/],
  [["SECRET"], /did you mean secret\?/],
  [["frobnicate"], /Unknown command frobnicate\nSee/],
  [["constructor"], /Unknown command constructor/],
  [[""], /Unknown command ""/],
  [["help", "stat"], /Unknown command stat: did you mean stats\?/],
  [[VALUE], /Unknown command \(39 characters\)/],
  [["help", VALUE], /Unknown command \(39 characters\)/],
  [["https://example.com/"], /with-session doctor URL/],
  [["inspect", "--jsn"], /Unknown option --jsn: did you mean --json\?/],
  [["inspect", "--revael"], /did you mean --reveal\?/],
  [["inspect", "-x"], /Unknown option -x\n/],
  [["inspect", "--toString"], /Unknown option --toString\n/],
  [["inspect", "--secret", VALUE], /Unknown option --secret\n/],
  [["inspect", `--secret=${VALUE}`], /Unknown option --secret\n/],
  [["inspect", "--env", VALUE], /takes the name of a variable, not its value/],
  [["inspect", `--${VALUE}`], /Unknown option \(41 characters\)/],
  [["inspect", "--env", WORD], /takes the name of a variable, not its value/],
  [["secret", "check", "--env", WORD], /the name of a variable, not its value/],
  [["inspect", "--env"], /Option --env needs a value/],
  [["inspect", "--env", "--json"], /Option --env needs a value/],
  [["inspect", "--env="], /Option --env needs a value/],
  [["inspect", "--reveal=yes"], /Option --reveal takes no value/],
  [["inspect", "--idle-timeout", "1h", "a"], /must be a whole number/],
  [["inspect", "a", "b"], /quotation marks/],
  [["inspect", "package.json"], /with-session inspect < FILE/],
  [["inspect", "a", "--clipboard"], /a cookie, or --clipboard/],
  [["secret", VALUE], /not judged on the command line/],
  [["secret", "check", VALUE], /not judged on the command line/],
  [["doctor"], /Give one address/],
  [["doctor", "http://"], /is no address/],
  [["doctor", "ftp://example.com"], /is no address/],
  [["doctor", VALUE], /That is no address/],
  [["doctor", "localhost", "--header", VALUE], /like "Name: value"/],
  [["doctor", "localhost", "--timeout", "0"], /1 to 600/],
  [["doctor", "localhost", "--method", "G E T"], /must be a method/],
  [["schema"], /Name one store: sqlite, d1, postgres, mysql/],
  [["schema", "postgrse"], /did you mean postgres\?/],
  [["schema", "oracle"], /there is sqlite, d1, postgres, mysql/],
  [["schema", VALUE], /Unknown store \(39 characters\): there is sqlite/],
  [["schema", "redis"], /A store of redis needs no table/],
  [["schema", "sqlite", "--table", "a b"], /Option --table must be/],
  [["stats"], /Name the module/],
  [["sweep", "a", "b"], /Name the module/],
];

describe("a command line", () => {
  for (const [args, said] of WRONG) {
    const name = args.map((arg) => arg.replaceAll(/\w*fish[_-]\w.*/g, "…"))
      .join(" ");
    it(`is refused: ${name}`, async () => {
      const output = await outputOf(args, 2);
      assert.match(output, said);
      assert.match(output, /^with-session: /);
      assert.doesNotMatch(output, /swordfish/);
      for (const line of output.split("\n")) assert.ok(line.length <= 80, line);
    });
  }

  for (const args of [[], ["--help"], ["-h"], ["help"]]) {
    it(`has help that fits a screen: ${args}`, async () => {
      const help = await outputOf(args, 0);
      for (const name of COMMANDS) {
        assert.match(help, RegExp(`^  ${name}`, "m"));
      }
      assertFits(help);
    });
  }

  for (const name of COMMANDS) {
    it(`has help that fits a screen: ${name}`, async () => {
      const help = await outputOf([name, "--help"], 0);
      assert.match(help, RegExp(`^with-session ${name}`));
      assertFits(help);
      assert.equal(await outputOf(["help", name], 0), help);
      assert.equal(await outputOf([name, "-h"], 0), help);
    });
  }

  it("shows no control characters of what was typed", async () => {
    const output = await outputOf(["\x1b[2Jboo\x9b31m"], 2);
    assert.match(output, /\\u001b\[2Jboo\\u009b31m/);
  });

  it("prints one object with --json", async () => {
    const { store, table: name, sql } = await jsonOf(["schema", "mysql"], 0);
    assert.deepEqual([store, name], ["mysql", "sessions"]);
    assert.match(sql, /^CREATE TABLE/);
  });
});

describe("a secret in the wrong place", () => {
  for (
    const args of [
      ["stats", VALUE],
      ["sweep", VALUE],
      ["secret", "check", "--env-file", VALUE],
      ["stats", "cli.ts", "--export", VALUE],
    ]
  ) {
    const name = args.map((arg) => arg.replace(VALUE, "…")).join(" ");
    it(`is not repeated: ${name}`, async () => {
      const output = await outputOf(args, 3);
      assert.doesNotMatch(output, /swordfish/);
    });
  }

  it("is told from the name of a variable, which is said", async () => {
    const name = "SESSION_SECRET_OF_THE_SHOP_2026";
    const output = await outputOf(["secret", "check", "--env", name], 3);
    assert.match(output, /SESSION_SECRET_OF_THE_SHOP_2026 is not set here/);
    // One that is set is a variable, whatever it looks like.
    await outputOf(["secret", "check", "--env", WORD], 0, {
      env: { [WORD]: markedSecret() },
    });
  });
});

describe("words", () => {
  it("are near if a third of them is another at most", () => {
    const known = ["secret", "inspect", "doctor"];
    assert.equal(didYouMean("sceret", known), ": did you mean secret?");
    assert.equal(didYouMean("doctro", known), ": did you mean doctor?");
    assert.equal(didYouMean("insp", known), ": did you mean inspect?");
    assert.equal(didYouMean("s", known), "");
    assert.equal(didYouMean("", known), "");
    assert.equal(didYouMean("spectacle", known), "");
  });
});

describe("text", () => {
  it("has nothing in it that a terminal would obey", () => {
    assert.equal(
      printable("a\x1b[31m\r\n\x9b\u202e\ud800é漢"),
      "a\\u001b[31m\\u000d\\u000a\\u009b\\u202e\\ud800é漢",
    );
    // Others that turn text around, or are not seen, also beyond 16 bits.
    const unseen = "\u061c\u00ad\u180e\ufff9\u{e0041}";
    assert.equal(
      printable(`😀${unseen}`),
      "😀\\u061c\\u00ad\\u180e\\ufff9\\udb40\\udc41",
    );
    const json = JSON.stringify([unseen]);
    assert.deepEqual(JSON.parse(printable(json)), [unseen]);
  });

  it("is wrapped behind its indent", () => {
    assert.equal(wrap("aa bb cc", 7, 2), "aa bb\n  cc");
    assert.equal(wrap("aaaaaaaaaa b", 4), "aaaaaaaaaa\nb");
    assert.equal(
      table([["A", "x y"], ["Bcd", "z"]], 80),
      "  A    x y\n  Bcd  z",
    );
  });

  it("has colours only where the terminal has", () => {
    assert.equal(paint(createTerminal(), "bad", "no"), "no");
    const colours = createTerminal({ hasColours: true });
    assert.equal(paint(colours, "bad", "no"), "\x1b[31mno\x1b[0m");
  });

  it("says times in two units", () => {
    assert.equal(instant(0), "1970-01-01 00:00:00 UTC");
    assert.deepEqual(
      [0, 59, 60, 3_661, 86_400, 90_061, -5].map(span),
      ["0 s", "59 s", "1 min", "1 h 1 min", "1 d", "1 d 1 h", "5 s"],
    );
    assert.equal(distance(60, 0), "in 1 min");
    assert.equal(distance(0, 60), "1 min ago");
    assert.equal(distance(60, 60), "now");
  });

  it("of an error has no password of an address", () => {
    const error = new Error(
      "Cannot reach postgres://app:swordfish@db/app\nmore",
    );
    assert.equal(errorText(error), "Cannot reach postgres://app:…@db/app");
    const inner = Object.assign(new Error("refused"), { code: "ECONNREFUSED" });
    assert.equal(
      errorText(new AggregateError([inner])),
      "refused ECONNREFUSED",
    );
    for (
      const secret of [
        "redis://:sword/fish@db",
        "mysql://app:sword@fish@db/app",
        "mysql://app:sword?fish@db/app",
        "libsql://db/?authToken=swordfish&tls=1",
      ]
    ) {
      assert.doesNotMatch(errorText(`no ${secret} there`), /sword|fish/);
      assert.match(
        errorText(`no ${secret} there`),
        /^no \w+:\/\/.*… *.*there$/,
      );
    }
    assert.equal(errorText("text"), "text");
    assert.equal(errorText(undefined), "undefined");
  });
});

/** A screen has 24 lines of 80 characters. */
function assertFits(help: string): void {
  assert.ok(help.endsWith("\n"));
  const lines = help.trimEnd().split("\n");
  assert.ok(
    lines.length <= 23,
    `${lines.length} lines, and one for the prompt`,
  );
  for (const line of lines) assert.ok(line.length <= 80, line);
}
