// Reads a file of cards with ical.js: node icaljs.mjs FOLDER FILE ROUNDS, where FOLDER holds node_modules.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

const [folder, file, rounds] = process.argv.slice(2);
const resolve = createRequire(join(folder, "here.js")).resolve;
const { default: ICAL } = await import(pathToFileURL(resolve("ical.js")));
const data = readFileSync(file);
const seconds = [];
let cards = 0;
for (let round = 0; round <= Number(rounds); round++) {
  const begun = process.hrtime.bigint();
  cards = ICAL.parse(data.toString("utf8")).length;
  seconds.push(Number(process.hrtime.bigint() - begun) / 1e9);
}
// The first round warms the compiler up.
console.log(JSON.stringify({ cards, seconds: seconds.slice(1) }));
