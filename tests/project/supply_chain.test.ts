import assert from "node:assert/strict";
import { existsSync, globSync } from "node:fs";
import { dirname, join } from "node:path";
import { describe, it } from "node:test";
import { npm, read } from "./manifests.ts";
import { root, run } from "./process.ts";

interface LockEntry {
  version?: string;
  integrity?: string;
  link?: boolean;
  hasInstallScript?: boolean;
  inBundle?: boolean;
}

/** The files that the project keeps, without what was installed or built. */
const kept = (pattern: string) =>
  globSync(pattern, {
    cwd: root,
    exclude: (path) => /(?:^|[\\/])(?:node_modules|dist)$/.test(path),
  });

const lockfiles = kept("**/package-lock.json");
const entriesOf = (lockfile: string): [string, LockEntry][] =>
  Object.entries<LockEntry>(JSON.parse(read(lockfile)).packages)
    .filter(([path, entry]) => path.includes("node_modules/") && !entry.link);

describe("supply chain", () => {
  it("names no dependency and no script that users would run", async () => {
    for (const kind of Object.keys(npm)) {
      assert.doesNotMatch(kind, /^(?:dependencies|.*(?<!dev)Dependencies)$/);
    }
    const scripts = Object.keys(npm["scripts"] as object);
    for (const script of scripts) {
      assert.doesNotMatch(script, /^(?:pre|post)?(?:install|prepare)$/);
    }
    const sbom = JSON.parse(
      await run([
        "npm",
        "sbom",
        "--package-lock-only",
        "--omit=dev",
        "--omit=optional",
        "--omit=peer",
        "--sbom-format=cyclonedx",
      ]),
    );
    assert.deepEqual(sbom.components, []);
  });

  it("names actions by their commit", () => {
    const workflows = kept(".github/workflows/*.yml");
    assert.ok(workflows.length >= 2);
    for (const path of workflows) {
      for (const [line] of read(path).matchAll(/uses:.*/g)) {
        assert.match(line, /^uses: [\w.-]+\/[\w./-]+@[0-9a-f]{40} # v[\d.]+$/);
      }
    }
  });

  it("gives a workflow no right that it does not name", () => {
    for (const path of kept(".github/workflows/*.yml")) {
      assert.match(read(path), /^permissions:\n {2}contents: read$/m, path);
      assert.doesNotMatch(read(path), /pull_request_target|secrets\./, path);
    }
  });

  it("publishes from a tested run, with provenance", () => {
    const text = read(".github/workflows/publish.yml");
    assert.match(text, /needs: test/);
    assert.match(text, /id-token: write/);
    assert.match(text, /npm publish --provenance/);
    assert.match(text, /deno publish/);
  });

  it("locks each folder that has dependencies, with hashes", () => {
    for (const path of kept("**/package.json")) {
      const manifest = JSON.parse(read(path));
      if (!manifest.dependencies && !manifest.devDependencies) continue;
      // Its packages are entries of the root's lock file.
      if (dirname(path) === join("tools", "node22")) continue;
      const lockfile = join(dirname(path), "package-lock.json");
      assert.ok(existsSync(join(root, lockfile)), lockfile);
    }
    for (const lockfile of lockfiles) {
      for (const [path, entry] of entriesOf(lockfile)) {
        const { integrity = "", inBundle } = entry;
        // What is in the tarball of another has the hash of that.
        if (inBundle) continue;
        assert.match(integrity, /^sha512-/, `${lockfile}: ${path}`);
      }
    }
  });

  it("says why a tool's script runs when it is installed", () => {
    const allowed = npm["allowScripts"] as Record<string, boolean>;
    const names = entriesOf("package-lock.json")
      .filter(([, entry]) => entry.hasInstallScript)
      .map(([path]) => path.slice(path.lastIndexOf("node_modules/") + 13));
    assert.deepEqual([...new Set(names)].sort(), Object.keys(allowed).sort());
    const page = read("docs/supply-chain.md");
    const listed = [...page.matchAll(/^\| `([\w-]+)`/gm)].map(([, name]) =>
      name
    );
    const running = Object.keys(allowed).filter((name) => allowed[name]);
    assert.deepEqual(listed.sort(), running.sort());
    for (const lockfile of lockfiles) {
      if (lockfile === "package-lock.json") continue;
      const npmrc = join(dirname(lockfile), ".npmrc");
      const asks = entriesOf(lockfile).some(([, each]) =>
        each.hasInstallScript
      );
      if (asks) assert.match(read(npmrc), /^ignore-scripts=true$/m, npmrc);
    }
  });
});
