// Fails above the budget: what a visitor loads for the widget, all files together.
// Of the frame's scripts that is the one of their language; the longest counts.
import { readdirSync, readFileSync } from "node:fs";
import { gzipSync } from "node:zlib";

const budget = 15 * 1024;
const size = (name) => {
  const bytes = gzipSync(readFileSync(`dist/widget/${name}`), { level: 9 }).length;
  console.log(`${name.padEnd(12)} ${String(bytes).padStart(6)} bytes`);
  return bytes;
};
const frames = readdirSync("dist/widget").filter((name) => /^frame\.\w+\.js$/.test(name));
const total = size("api.js") + size("worker.js") + size("frame.css") + Math.max(...frames.map(size));
console.log(`${"together".padEnd(12)} ${String(total).padStart(6)} bytes, of ${budget}`);
if (total > budget) {
  console.error(`the widget is ${total - budget} bytes above its budget`);
  process.exit(1);
}
