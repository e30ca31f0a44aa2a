import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import type { Edit } from "../../proofs/common/library_copy.ts";
import { breakages } from "../../proofs/scheduler/broken.ts";
import { programOf } from "../../proofs/scheduler/catalogue.ts";
import { runRandom } from "../../proofs/scheduler/random.ts";
import { searchProgram } from "../../proofs/scheduler/search.ts";
import { kinds } from "../../proofs/scheduler/subjects/kinds.ts";
import { loadLibrary } from "../../proofs/scheduler/subjects/library.ts";
import { withSessionIn } from "../../proofs/scheduler/subjects/with_session.ts";
import { replaceCrypto } from "../../proofs/scheduler/world/quiet.ts";
import type { Subject } from "../../proofs/scheduler/world/subject.ts";

// A short part of proofs/scheduler, which looks at much more.

const PROGRAMS = [
  "add | add",
  "add | add elsewhere, renewal due",
  "add | logout elsewhere",
  "set | login bob elsewhere",
  "login ada | login bob",
  "regenerate | logout elsewhere, renewal due",
  "a thief's copy, and a login",
  "a socket, and a logout",
  "logout while a new session is saved",
];
const RUNS = 150;

describe("requests under a scheduler", () => {
  let restore = () => {};
  before(() => {
    restore = replaceCrypto();
  });
  after(() => restore());

  for (const title of PROGRAMS) {
    it(`keeps the promises in every order: ${title}`, async () => {
      const { breaches, isWhole } = await searchProgram(
        await subjectIn("memory"),
        programOf(title),
      );
      assert.ok(isWhole);
      assert.deepEqual(breaches.map(({ text }) => text), []);
    });
  }

  it("searches what it leaves out as well as what it does not", async () => {
    const subject = await subjectIn("memory");
    const program = programOf("add | logout elsewhere");
    const reduced = await searchProgram(subject, program);
    const whole = await searchProgram(subject, program, { isReduced: false });
    assert.ok(reduced.runs < whole.runs);
    assert.deepEqual(reduced.outcomes, whole.outcomes);
  });

  for (const name of ["memory", "sqlite", "kv", "sealed"]) {
    it(`keeps the promises by chance: ${name}`, async () => {
      const { failure } = await runRandom(await subjectIn(name), {
        runs: RUNS,
        seed: 1,
      });
      assert.equal(failure?.text, undefined);
    });
  }

  for (const { name, edits, title } of breakages) {
    it(`finds what was broken: ${name}`, async () => {
      const { breaches } = await searchProgram(
        await subjectIn("memory", edits),
        programOf(title),
        { stopsAtFirst: true },
      );
      assert.ok(breaches.length);
    });
  }
});

async function subjectIn(
  name: string,
  edits: readonly Edit[] = [],
): Promise<Subject> {
  const library = await loadLibrary(undefined, edits);
  const kind = await kinds[name]?.(library);
  assert.ok(kind);
  return await withSessionIn(library, kind);
}
