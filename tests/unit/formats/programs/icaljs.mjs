// Reads cards with ical.js and writes them in the other form: node icaljs.mjs MODULES FROM < FILE.
// FROM is jcard, and vCard is written, or vcf, and an array of jCards is written.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

const [modules, from] = process.argv.slice(2);
const require = createRequire(join(modules, "package.json"));
const { default: ICAL } = await import(pathToFileURL(require.resolve("ical.js")));
const text = readFileSync(0, "utf8");
if (from === "jcard") {
  for (const card of JSON.parse(text)) process.stdout.write(`${new ICAL.Component(card)}\r\n`);
} else {
  const cards = ICAL.parse(text);
  process.stdout.write(JSON.stringify(cards[0] === "vcard" ? [cards] : cards));
}
