// The npm package emulate: Google's and Microsoft's servers of authorization.
// node emulate.mjs MODULES CONFIG, both given by ../emulate.py.
import { join } from "node:path";
import { pathToFileURL } from "node:url";

const [modules, given] = process.argv.slice(2);
const { createEmulator } = await import(pathToFileURL(join(modules, "node_modules", "emulate", "dist", "api.js")));
for (const { service, port, seed } of JSON.parse(given)) {
  await createEmulator({ service, port, baseUrl: `http://127.0.0.1:${port}`, seed: { [service]: seed } });
}
