import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { entryPoints, npm } from "./manifests.ts";
import { root } from "./process.ts";
import { bundle, LIMITS, optional, without } from "./sizes.ts";

const core = await without("mod.ts");
const checks = await without("mod.ts", "src/checks/checks.ts");

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

  it(`what a schema, revocations or a store need is at most ${LIMITS.asked} bytes`, async () => {
    const entryPoints = ["src/checks/checks.ts"];
    const { size } = await bundle({ entryPoints, plugins: [optional, core] });
    console.log(`figure: ${size} bytes more with either of them`);
    assert.ok(size <= LIMITS.asked, `${size} bytes`);
  });

  it(`what a store needs is at most ${LIMITS.engine} bytes`, async () => {
    const entryPoints = ["src/store/engine.ts"];
    const { size } = await bundle({ entryPoints, plugins: [optional, checks] });
    console.log(`figure: ${size} bytes more with a store`);
    assert.ok(size <= LIMITS.engine, `${size} bytes`);
  });

  for (const path of entryPoints.filter((path) => /^stores/.test(path))) {
    const limit = path.includes("redis") ? LIMITS.redis : LIMITS.store;
    it(`${path} is at most ${limit} bytes`, async () => {
      const { size } = await bundle({
        entryPoints: [path],
        plugins: [optional, core],
      });
      assert.ok(size <= limit, `${size} bytes`);
    });
  }

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
