import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { entryPoints, npm } from "./manifests.ts";
import { root } from "./process.ts";
import { bundle, LIMITS, optional, without } from "./sizes.ts";

const WRITING = [
  "src/request/writing.ts",
  "src/token/seal.ts",
  "src/http/set_cookie.ts",
];
const COOKIE = ["src/token/unseal.ts", "src/request/admit.ts"];
const CHECKS = "src/request/checks.ts";
const withoutCore = await without("mod.ts");
const withoutCookie = await without("mod.ts", ...COOKIE);
const withoutWriting = await without("mod.ts", ...COOKIE, ...WRITING);
const withoutChecks = await without("mod.ts", ...COOKIE, ...WRITING, CHECKS);

describe("bundle", () => {
  it(`a program with withSession() is at most ${LIMITS.program} bytes`, async () => {
    const program = `export { withSession } from "./mod.ts";`;
    const plugins = [optional];
    const { size } = await bundle({ stdin: stdin(program), plugins });
    const all = await bundle({ entryPoints: ["mod.ts"], plugins });
    console.log(
      `figure: ${size} bytes with withSession() alone, ${all.size} with all of mod.ts`,
    );
    assert.ok(size <= LIMITS.program, `${size} bytes`);
  });

  it(`one that reads and writes has loaded at most ${LIMITS.whole} bytes`, async () => {
    const contents = [
      `export { withSession } from "./mod.ts";`,
      ...[...COOKIE, ...WRITING].map((path) => `export * from "./${path}";`),
    ];
    const { size } = await bundle({
      stdin: stdin(contents.join("\n")),
      plugins: [optional],
    });
    console.log(`figure: ${size} bytes with all that reads and writes`);
    assert.ok(size <= LIMITS.whole, `${size} bytes`);
  });

  it(`what the first cookie loads is at most ${LIMITS.cookie} bytes`, async () => {
    const plugins = [optional, withoutCore];
    const contents = COOKIE.map((path) => `export * from "./${path}";`);
    const { size } = await bundle({
      stdin: stdin(contents.join("\n")),
      plugins,
    });
    console.log(`figure: ${size} bytes more with the first cookie`);
    assert.ok(size <= LIMITS.cookie, `${size} bytes`);
  });

  it(`what the first write loads is at most ${LIMITS.writing} bytes`, async () => {
    const contents = WRITING.map((path) => `export * from "./${path}";`);
    const { size } = await bundle({
      stdin: stdin(contents.join("\n")),
      plugins: [optional, withoutCookie],
    });
    console.log(`figure: ${size} bytes more with the first write`);
    assert.ok(size <= LIMITS.writing, `${size} bytes`);
  });

  it(`what a schema, revocations or a store need is at most ${LIMITS.checks} bytes`, async () => {
    const plugins = [optional, withoutWriting];
    const { size } = await bundle({ entryPoints: [CHECKS], plugins });
    console.log(`figure: ${size} bytes more with either of them`);
    assert.ok(size <= LIMITS.checks, `${size} bytes`);
  });

  it(`what a store needs is at most ${LIMITS.engine} bytes`, async () => {
    const entryPoints = ["src/store/engine.ts"];
    const plugins = [optional, withoutChecks];
    const { size } = await bundle({ entryPoints, plugins });
    console.log(`figure: ${size} bytes more with a store`);
    assert.ok(size <= LIMITS.engine, `${size} bytes`);
  });

  for (const name of ["express", "fastify", "next", "nuxt"] as const) {
    it(`${name}.ts is at most ${LIMITS[name]} bytes`, async () => {
      const { size } = await bundle({
        entryPoints: [`${name}.ts`],
        plugins: [optional, withoutCore],
      });
      console.log(`figure: ${size} bytes more with with-session/${name}`);
      assert.ok(size <= LIMITS[name], `${size} bytes`);
    });
  }

  for (
    const path of entryPoints.filter((path) => /^(stores|readers)/.test(path))
  ) {
    const limit = path === "readers/h3.ts"
      ? LIMITS.h3
      : path.startsWith("readers")
      ? LIMITS.reader
      : path.includes("redis")
      ? LIMITS.redis
      : LIMITS.store;
    it(`${path} is at most ${limit} bytes`, async () => {
      const { size } = await bundle({
        entryPoints: [path],
        plugins: [optional, withoutCore],
      });
      console.log(`figure: ${size} bytes more with ${path}`);
      assert.ok(size <= limit, `${size} bytes`);
    });
  }

  it(`a browser for tests is at most ${LIMITS.browser} bytes, without cases for stores`, async () => {
    const { size, metafile } = await bundle({
      stdin: stdin(`export { Browser } from "./testing.ts";`),
    });
    console.log(`figure: ${size} bytes with Browser alone`);
    assert.ok(size <= LIMITS.browser, `${size} bytes`);
    const [output] = Object.values(metafile.outputs);
    assert.deepEqual(output?.imports, []);
  });

  it("mod.ts needs nothing but its own source", async () => {
    const { metafile } = await bundle({ entryPoints: ["mod.ts"] });
    const { inputs, outputs } = metafile;
    assert.deepEqual(
      Object.keys(inputs).filter((path) => !/^(mod\.ts|src\/)/.test(path)),
      [],
    );
    assert.deepEqual(Object.values(outputs).map(({ imports }) => imports), [
      [],
    ]);
  });

  it("the package has no dependency", () => {
    for (const field of Object.keys(npm)) {
      assert.ok(
        field === "devDependencies" || !/dependencies$/i.test(field),
        field,
      );
    }
  });
});

function stdin(contents: string) {
  return { contents, resolveDir: root, loader: "ts" } as const;
}
