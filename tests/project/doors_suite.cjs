/* global test */
// A consumer's tests as CommonJS, for Jest.
const visits = require("./doors_visits.cjs");

for (const [subpath, visit] of Object.entries(visits)) {
  test(`a session by ${subpath}`, () => visit(require));
}
