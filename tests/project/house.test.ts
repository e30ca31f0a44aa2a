import assert from "node:assert/strict";
import { globSync, readFileSync } from "node:fs";
import { dirname, join, posix } from "node:path";
import { describe, it } from "node:test";
import ts from "typescript58";
import { entryPoints } from "./manifests.ts";
import { root } from "./process.ts";

/** How many modules stand above each other, from an entry to the leaves. */
const FLOORS = { "mod.ts": 8, onDemand: 12 };

/** What a module imports, types included, and what it loads on demand. */
interface Arrows {
  readonly solid: readonly string[];
  readonly dotted: readonly string[];
}

const modules = new Map<string, Arrows>();
const paths = ["mod.ts", "hono.ts", "src/**/*.ts", "stores/**/*.ts"];
for (const path of globSync(paths, { cwd: root })) {
  const name = path.replaceAll("\\", "/");
  modules.set(name, arrowsOf(name));
}

function arrowsOf(path: string): Arrows {
  const text = readFileSync(join(root, path), "utf8");
  const source = ts.createSourceFile(path, text, ts.ScriptTarget.ESNext);
  const solid = new Set<string>();
  const dotted = new Set<string>();
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
      add(dotted, node.argument.literal);
    } else if (
      ts.isCallExpression(node) &&
      node.expression.kind === ts.SyntaxKind.ImportKeyword
    ) add(dotted, node.arguments[0]);
    ts.forEachChild(node, visit);
  };
  visit(source);
  return { solid: [...solid], dotted: [...dotted] };
}

function arrowsFrom(path: string): Arrows {
  const arrows = modules.get(path);
  assert.ok(arrows, `${path} is imported and is not there`);
  return arrows;
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
    const loading = [...modules.keys()].filter((path) =>
      /\bawait import\(|=> import\(/.test(
        readFileSync(join(root, path), "utf8"),
      )
    );
    assert.deepEqual(loading, ["src/on_demand.ts"]);
  });

  it("has no module that nobody imports", () => {
    const imported = new Set(
      [...modules.values()].flatMap(({ solid, dotted }) => [
        ...solid,
        ...dotted,
      ]),
    );
    const apart = [...modules.keys()].filter((path) =>
      !imported.has(path) && !entryPoints.includes(path)
    );
    assert.deepEqual(apart, []);
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
});
