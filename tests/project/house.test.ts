import assert from "node:assert/strict";
import { existsSync, globSync, readFileSync } from "node:fs";
import { dirname, join, posix } from "node:path";
import { describe, it } from "node:test";
import ts from "typescript58";
import { entryPoints } from "./manifests.ts";
import { root } from "./process.ts";

/** How many modules stand above each other, from an entry to the leaves. */
const FLOORS = { "mod.ts": 8, onDemand: 13 };

/** The rooms that each room of `src/` may import from, values and types. */
const BELOW: Readonly<Record<string, readonly string[]>> = {
  doors: ["request", "adapters", "session", "options", "http"],
  node: ["request", "adapters", "session", "options", "http"],
  request: [
    "adapters",
    "readers",
    "schema",
    "session",
    "options",
    "token",
    "http",
  ],
  adapters: ["session", "options", "http"],
  store: ["schema", "session", "options", "token", "http"],
  readers: [],
  schema: ["session", "options"],
  session: ["options", "token", "http"],
  options: ["token", "http"],
  token: ["http"],
  http: [],
  leaves: [],
};
const DOORS =
  /^src\/(with_session|with_sessions|create_sessions|administer|sessions)\.ts$/;
/** What any room may import: contracts, and rules that import nothing else. */
const FOR_ALL = [
  "src/errors.ts",
  "src/events.ts",
  "src/unawaited.ts",
  "src/options/check.ts",
  "src/readers/contract.ts",
  "src/schema/schema.ts",
  "src/session/codec.ts",
  "src/session/session.ts",
  "src/session/timeouts.ts",
  "src/store/contract.ts",
];
/** What is imported from a room above, and why. */
const EXCEPTIONS: Readonly<Record<string, string>> = {
  "src/token/tokens.ts > src/options/settings.ts": "implements a type of it",
  "src/request/checks.ts > src/store/engine.ts": "the type of a part",
};
/** What the command of the package runs. */
const BIN = "cli/bin.ts";
/** Who loads on demand. */
const LOADING = [
  "src/administer.ts",
  "src/create_sessions.ts",
  "src/http/response.ts",
  "src/node/respond.ts",
  "src/request/begin_exchange.ts",
  "src/request/commit.ts",
  "src/request/layers.ts",
  "src/request/leave_failed.ts",
  "src/request/open.ts",
  "src/session/live_session.ts",
  "src/token/tokens.ts",
];
const ON_DEMAND = "src/on_demand.ts";

interface Arrows {
  /** What a module imports, types included: its floors. */
  readonly solid: readonly string[];
  /** Whether it calls `import()`. */
  readonly isLoading: boolean;
  /** What it loads so. */
  readonly loaded: readonly string[];
  /** What it has the type of, by `typeof import()`. */
  readonly handed: readonly string[];
  /** The last two. */
  readonly dotted: readonly string[];
}

const modules = new Map<string, Arrows>();
const paths = [
  "mod.ts",
  "hono.ts",
  "express.ts",
  "fastify.ts",
  "next.ts",
  "nuxt.ts",
  "testing.ts",
  "cli.ts",
  "{src,stores,readers,testing,cli}/**/*.ts",
];
for (const path of globSync(paths, { cwd: root })) {
  const name = path.replaceAll("\\", "/");
  modules.set(name, arrowsOf(name));
}

function arrowsOf(path: string): Arrows {
  const text = readFileSync(join(root, path), "utf8");
  const source = ts.createSourceFile(path, text, ts.ScriptTarget.ESNext);
  const solid = new Set<string>();
  const loaded = new Set<string>();
  const handed = new Set<string>();
  let isLoading = false;
  const add = (arrows: Set<string>, node: ts.Node | undefined) => {
    if (node && ts.isStringLiteral(node) && node.text.startsWith(".")) {
      arrows.add(posix.join(dirname(path), node.text));
    }
  };
  const visit = (node: ts.Node) => {
    if (ts.isImportDeclaration(node) || ts.isExportDeclaration(node)) {
      add(solid, node.moduleSpecifier);
    } else if (
      ts.isImportTypeNode(node) && ts.isLiteralTypeNode(node.argument)
    ) {
      add(handed, node.argument.literal);
    } else if (
      ts.isCallExpression(node) &&
      node.expression.kind === ts.SyntaxKind.ImportKeyword
    ) {
      isLoading = true;
      add(loaded, node.arguments[0]);
    }
    ts.forEachChild(node, visit);
  };
  visit(source);
  const dotted = [...new Set([...loaded, ...handed])];
  return {
    solid: [...solid],
    loaded: [...loaded],
    handed: [...handed],
    isLoading,
    dotted,
  };
}

function arrowsFrom(path: string): Arrows {
  const arrows = modules.get(path);
  assert.ok(arrows, `${path} is imported and is not there`);
  return arrows;
}

function roomOf(path: string): string {
  const [, room = "", file] = path.split("/");
  if (file) return room;
  return DOORS.test(path) ? "doors" : "leaves";
}

/** The longest way down, by solid arrows. */
function wayDown(path: string): string[] {
  const ways = arrowsFrom(path).solid.map(wayDown);
  const longest = ways.reduce(
    (one, other) => other.length > one.length ? other : one,
    [],
  );
  return [path, ...longest];
}

/** A way from a module back to itself, by arrows of both kinds. */
function findCircle(): string[] | undefined {
  const done = new Set<string>();
  const search = (path: string, way: string[]): string[] | undefined => {
    if (way.includes(path)) return [...way.slice(way.indexOf(path)), path];
    if (done.has(path)) return undefined;
    const { solid, dotted } = arrowsFrom(path);
    for (const next of [...solid, ...dotted]) {
      const circle = search(next, [...way, path]);
      if (circle) return circle;
    }
    done.add(path);
    return undefined;
  };
  for (const path of modules.keys()) {
    const circle = search(path, []);
    if (circle) return circle;
  }
  return undefined;
}

describe("the source", () => {
  it("has no circle of imports, not even by what is loaded on demand", () => {
    assert.equal(findCircle()?.join(" > "), undefined);
  });

  it(`is at most ${FLOORS["mod.ts"]} floors high from mod.ts`, () => {
    const way = wayDown("mod.ts");
    assert.ok(way.length <= FLOORS["mod.ts"], way.join(" > "));
  });

  it(`is at most ${FLOORS.onDemand} from what is loaded on demand`, () => {
    const { dotted } = arrowsFrom("src/on_demand.ts");
    assert.ok(dotted.length > 8);
    for (const path of dotted) {
      const way = wayDown(path);
      assert.ok(way.length <= FLOORS.onDemand, way.join(" > "));
    }
  });

  it("loads on demand in one place", () => {
    const loading = [...modules].filter(([, { isLoading }]) => isLoading);
    assert.deepEqual(
      loading.map(([path]) => path).sort(),
      [
        // Stores and what a program exports: each command loads what it needs.
        "cli/common/load_store.ts",
        "cli/inspect/open_cookie.ts",
        "cli/schema.ts",
        // A reader is no part of the core, and may load what few need of it.
        "readers/better-auth.ts",
        ON_DEMAND,
      ],
    );
    const asking = [...modules].filter(([, { solid }]) =>
      solid.includes(ON_DEMAND)
    );
    assert.deepEqual(asking.map(([path]) => path).sort(), LOADING);
  });

  it("has the type of a part where that is handed over, and nowhere else", () => {
    const handed = [...modules].filter(([path, { handed }]) =>
      handed.length > 0 && path !== ON_DEMAND
    ).flatMap(([path, { handed }]) => handed.map((to) => `${path} > ${to}`));
    const allowed = [
      ...Object.keys(EXCEPTIONS),
      "src/request/seal_session.ts > src/request/checks.ts",
      "src/token/keyring.ts > src/token/compressed.ts",
    ];
    assert.deepEqual(handed.filter((arrow) => !allowed.includes(arrow)), []);
  });

  it("imports from the rooms below", () => {
    const upwards = [];
    for (const [path, { solid, handed }] of modules) {
      if (!path.startsWith("src/") || path === ON_DEMAND) continue;
      const room = roomOf(path);
      assert.ok(BELOW[room], `${room} is not on the list of rooms`);
      for (const other of [...solid, ...handed]) {
        const isAllowed = roomOf(other) === room || other === ON_DEMAND ||
          BELOW[room].includes(roomOf(other)) || FOR_ALL.includes(other);
        if (!isAllowed) upwards.push(`${path} > ${other}`);
      }
    }
    assert.deepEqual(upwards.filter((arrow) => !EXCEPTIONS[arrow]), []);
  });

  it("has no module that nobody imports", () => {
    const imported = new Set(
      [...modules.values()].flatMap(({ solid, dotted }) => [
        ...solid,
        ...dotted,
      ]),
    );
    const apart = [...modules.keys()].filter((path) =>
      !imported.has(path) && !entryPoints.includes(path) && path !== BIN
    );
    assert.deepEqual(apart, []);
  });

  // V8 takes a function that is written so for a method, and allocates it where
  // only a full collection comes: with a request in its scope, all of that stays
  // until then. Give it a name first.
  it("writes no function where it is assigned to a property", () => {
    const assigned =
      /\.#?\w+ (?:\?\?)?=\s+(?:async )?(?:function|(?:\([^()]*\)|\w+)(?:: [^=]+)? =>)/;
    assert.match("visit.onChange = () => {", assigned);
    assert.match(
      "socket.destroy =\n  async (...args): Promise<void> => {",
      assigned,
    );
    for (const path of modules.keys()) {
      if (!path.startsWith("src/")) continue;
      const [found] = assigned.exec(readFileSync(join(root, path), "utf8")) ??
        [];
      assert.equal(found, undefined, path);
    }
  });

  it("knows no store, and a store knows no other room than it needs", () => {
    for (const [path, { solid, dotted }] of modules) {
      for (const other of [...solid, ...dotted]) {
        if (path.startsWith("src/")) assert.match(other, /^src\//, path);
        if (!path.startsWith("stores/")) continue;
        assert.match(
          other,
          /^(stores\/|src\/(store\/contract|errors|options\/(rules|check))\.ts$)/,
          path,
        );
      }
    }
  });

  it("knows no command line", () => {
    for (const [path, { solid, dotted }] of modules) {
      if (/^cli[./]/.test(path)) continue;
      const known = [...solid, ...dotted].filter((to) => /^cli[./]/.test(to));
      assert.deepEqual(known, [], path);
    }
  });

  it("knows no reader, and a reader knows no other room than it needs", () => {
    for (const [path, { solid, dotted }] of modules) {
      if (!path.startsWith("readers/")) continue;
      for (const other of [...solid, ...dotted]) {
        assert.match(
          other,
          /^(readers\/|src\/(readers\/contract|session\/session|token\/base64url|errors|options\/(rules|check))\.ts$)/,
          path,
        );
      }
    }
  });
});

describe("pages", () => {
  const pages = globSync(
    [
      "*.md",
      "{docs,src,stores,readers,cli,proofs,bench,examples,integrations}/**/*.md",
    ],
    { cwd: root, exclude: (path) => /node_modules/.test(path) },
  );

  it("name files that exist", () => {
    const missing = [];
    for (const page of pages) {
      const text = readFileSync(join(root, page), "utf8");
      const named = text.matchAll(
        /(?<![\w./-])((src|stores|testing|cli|tests|bench|tools|proofs)\/[\w./-]+\.\w+)/g,
      );
      for (const [, path = ""] of named) {
        // Pages of frameworks name files of their program.
        const program = posix.join("integrations", posix.basename(page, ".md"));
        const places = [root, join(root, program)];
        if (!places.some((place) => existsSync(join(place, path)))) {
          missing.push(`${page}: ${path}`);
        }
      }
    }
    assert.deepEqual(missing, []);
  });

  it("have every module of the source on the map, with a star if it is loaded on demand", () => {
    const page = readFileSync(join(root, "src/README.md"), "utf8");
    const blocks = [...page.matchAll(/```\n(.*?)```/gs)];
    const names = new Map<string | undefined, boolean>();
    for (const [block] of blocks) {
      for (const [, name, star] of block.matchAll(/(\w+\.ts)( \*)?/g)) {
        if (!names.has(name)) names.set(name, !!star);
      }
    }
    const { loaded } = arrowsFrom(ON_DEMAND);
    for (const path of modules.keys()) {
      if (!path.startsWith("src/")) continue;
      const name = posix.basename(path);
      assert.equal(names.get(name), loaded.includes(path), name);
    }
    for (const [, path = ""] of page.matchAll(/`(\w+\/\w+\.ts)`/g)) {
      assert.ok(existsSync(join(root, "src", path)), path);
    }
  });
});
