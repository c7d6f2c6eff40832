// Builds what browsers get into dist, and with --test the tests into build.
import { build } from "esbuild";
import { mkdir, readFile, readdir, rename, rm, writeFile } from "node:fs/promises";

const languages = ["ko", "en"];

const common = {
  bundle: true,
  minify: true,
  charset: "utf8",
  legalComments: "none",
  logLevel: "warning",
  // Browsers of five years: older Chromes miscount a chain of ?., older Safaris
  // destructured parameters, and what works around them costs everyone.
  target: ["chrome91", "firefox78", "safari14.1"],
};

// Operators' browsers are of these years.
const modern = { ...common, target: ["chrome109", "firefox115", "safari16.4"], jsx: "automatic", jsxImportSource: "preact" };

// The console's first screen comes with the page; what the others have beside it
// comes after: their scripts, words (by how the key begins) and styles.
const laterWords = [
  "act", "captcha", "for", "log", "login", "onelane", "operators", "playbook", "queues", "reason", "rehearse", "role",
  "what.audit", "what.captcha", "what.fleet", "what.operator", "what.rehearsal", "what.relay",
];
const laterStyles = (name) => name !== "now.css";

const parts = {
  name: "parts",
  setup(b) {
    // Styles are in files of their own.
    b.onResolve({ filter: /\.css$/ }, ({ path }) => ({ path, namespace: "style" }));
    b.onLoad({ filter: /.*/, namespace: "style" }, () => ({ contents: "" }));
    // ./words/ko.json?later
    b.onResolve({ filter: /\.json\?(first|later)$/ }, ({ path, resolveDir }) => ({ path: resolveDir + path.slice(1).replace(/\?.*/, ""), suffix: path.replace(/.*\?/, "?"), namespace: "words" }));
    b.onLoad({ filter: /.*/, namespace: "words" }, async ({ path, suffix }) => {
      const all = Object.entries(JSON.parse(await readFile(path, "utf8")));
      const words = all.filter(([key]) => laterWords.some((begin) => key.startsWith(begin + ".")) === (suffix === "?later"));
      // Not as "json": of that a module has an export for each word beside all of them.
      return { contents: `export default ${JSON.stringify(Object.fromEntries(words))}`, loader: "js" };
    });
    // uPlot's constructor is used, and none of the ways of drawing that hang on it.
    b.onLoad({ filter: /uPlot\.esm\.js$/ }, async ({ path }) => {
      const source = await readFile(path, "utf8");
      const from = source.indexOf("uPlot.assign = assign;"), to = source.indexOf("export { uPlot as default }");
      if (from < 0 || to < from) throw new Error("uPlot is another: look at what hangs on its constructor");
      return { contents: source.slice(0, from) + source.slice(to), loader: "js" };
    });
  },
};

/** Builds the console: a page, and files whose names have their hash. */
async function buildConsole() {
  // Whoever serves or embeds the old one meanwhile has all of it until the new is whole.
  const out = `build/console-${process.pid}`, from = "src/console";
  const named = { ...modern, metafile: true, outdir: out, entryNames: "[name]-[hash]", chunkNames: "[name]-[hash]" };
  const name = ({ metafile }, entry) => Object.entries(metafile.outputs).find(([, made]) => made.entryPoint === entry)[0].slice(out.length + 1);
  const style = async (entry, files) => name(await build({ ...named, entryNames: `${entry}-[hash]`, stdin: { contents: files.map((file) => `@import "${file}";`).join("\n"), loader: "css", resolveDir: from } }), "<stdin>");
  const scripts = await build({ ...named, format: "esm", splitting: true, plugins: [parts], entryPoints: { main: `${from}/main.tsx` } });
  const screens = (await readdir(`${from}/screens`)).filter((file) => file.endsWith(".css")).sort();
  const at = (file) => `./screens/${file}`;
  const first = await style("first", ["./theme.css", "./parts.css", "./shell.css", ...screens.filter((file) => !laterStyles(file)).map(at)]);
  const later = await style("later", screens.filter(laterStyles).map(at));
  const page = (await readFile(`${from}/index.html`, "utf8")).replace("main.tsx", name(scripts, `${from}/main.tsx`)).replace("first.css", first).replace("later.css", later);
  // What the script imports is asked for with it, not after it.
  const { outputs } = scripts.metafile;
  const needed = (path, seen = new Set()) => {
    for (const { path: next, kind } of outputs[path].imports) if (kind === "import-statement" && !seen.has(next)) needed(next, seen.add(next));
    return seen;
  };
  const ahead = [...needed(`${out}/${name(scripts, `${from}/main.tsx`)}`)].map((path) => `<link rel="modulepreload" href="${path.slice(out.length + 1)}">\n`).join("");
  await writeFile(`${out}/index.html`, page.replace("</head>", ahead + "</head>"));
  const notices = await Promise.all(["preact", "uplot"].map(async (of) => `${of}\n\n${await readFile(`node_modules/${of}/LICENSE`, "utf8")}`));
  await writeFile(`${out}/licenses.txt`, notices.join("\n\n"));
  await mkdir("dist", { recursive: true });
  await rm("dist/console", { recursive: true, force: true });
  await rename(out, "dist/console");
}

if (process.argv.includes("--test")) {
  await rm("build/test", { recursive: true, force: true });
  const tests = (await readdir("test")).filter((name) => name.endsWith(".test.ts"));
  await build({
    ...modern, plugins: [parts], minify: false, platform: "node", format: "esm", target: "node20", outdir: "build/test", outExtension: { ".js": ".mjs" },
    entryPoints: tests.map((name) => "test/" + name),
  });
} else {
  await mkdir("dist/widget", { recursive: true });
  await build({
    ...common, format: "iife", outdir: "dist/widget",
    entryPoints: {
      api: "src/widget/page/main.ts",
      worker: "src/widget/worker.ts",
    },
  });
  for (const lang of languages) {
    await build({ ...common, format: "iife", outfile: `dist/widget/frame.${lang}.js`, define: { LANG: `"${lang}"` }, entryPoints: ["src/widget/frame/main.ts"] });
  }
  await build({ ...common, outfile: "dist/widget/frame.css", entryPoints: ["src/widget/frame/frame.css"] });
  await buildConsole();
}
