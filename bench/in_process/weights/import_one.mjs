// Prints how long it takes to import the modules that the arguments name.

import process from "node:process";

const names = process.argv.slice(2);
const begun = performance.now();
for (const name of names) await import(name);
console.log(performance.now() - begun);
