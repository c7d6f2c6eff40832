// Builds what browsers get into dist, and with --test the tests into build.
import { build } from "esbuild";
import { mkdir, readFile, readdir, rm, writeFile } from "node:fs/promises";

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

/** Builds the console: a page, and files whose names have their hash. */
async function buildConsole() {
  await rm("dist/console", { recursive: true, force: true });
  const { metafile } = await build({
    ...modern, format: "esm", splitting: true, metafile: true, outdir: "dist/console",
    entryPoints: { main: "src/console/main.tsx" }, entryNames: "[name]-[hash]", chunkNames: "[name]-[hash]",
  });
  const [script, { cssBundle }] = Object.entries(metafile.outputs).find(([, made]) => made.entryPoint === "src/console/main.tsx");
  const name = (path) => path.slice("dist/console/".length);
  const page = (await readFile("src/console/index.html", "utf8")).replace("main.tsx", name(script)).replace("main.css", name(cssBundle));
  await writeFile("dist/console/index.html", page);
  const notices = await Promise.all(["preact", "uplot"].map(async (of) => `${of}\n\n${await readFile(`node_modules/${of}/LICENSE`, "utf8")}`));
  await writeFile("dist/console/licenses.txt", notices.join("\n\n"));
}

if (process.argv.includes("--test")) {
  await rm("build/test", { recursive: true, force: true });
  const tests = (await readdir("test")).filter((name) => name.endsWith(".test.ts"));
  await build({
    ...modern, minify: false, platform: "node", format: "esm", target: "node20", outdir: "build/test", outExtension: { ".js": ".mjs" },
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
