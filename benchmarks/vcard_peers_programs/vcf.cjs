// Reads a file of cards with vcf: node vcf.cjs FOLDER FILE ROUNDS, where FOLDER holds node_modules.
const { readFileSync } = require("node:fs");
const { createRequire } = require("node:module");
const { join } = require("node:path");

const [folder, file, rounds] = process.argv.slice(2);
const vCard = createRequire(join(folder, "here.js"))("vcf");
const data = readFileSync(file);
const seconds = [];
let cards = 0;
for (let round = 0; round <= Number(rounds); round++) {
  const begun = process.hrtime.bigint();
  cards = vCard.parse(data.toString("utf8")).length;
  seconds.push(Number(process.hrtime.bigint() - begun) / 1e9);
}
// The first round warms the compiler up.
console.log(JSON.stringify({ cards, seconds: seconds.slice(1) }));
