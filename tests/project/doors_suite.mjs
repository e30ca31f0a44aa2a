/* global test */
// A consumer's tests as modules, for Jest and for Vitest: `import()` takes the
// same way as `import`, and a door that is shut fails in a test of its own.
import visits from "./doors_visits.cjs";

for (const [subpath, visit] of Object.entries(visits)) {
  test(`a session by ${subpath}`, () => visit((name) => import(name)));
}
