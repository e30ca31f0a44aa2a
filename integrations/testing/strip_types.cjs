// TypeScript for Jest by Node itself; a project that has ts-jest, Babel or SWC
// needs none of this.
const { stripTypeScriptTypes } = require("node:module");

module.exports = {
  process: (code) => ({ code: stripTypeScriptTypes(code) }),
};
