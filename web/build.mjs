// Builds what browsers get into dist, and with --test the tests into build.
import { build } from "esbuild";
import { mkdir, readdir, rm } from "node:fs/promises";

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

if (process.argv.includes("--test")) {
  await rm("build/test", { recursive: true, force: true });
  const tests = (await readdir("test")).filter((name) => name.endsWith(".test.ts"));
  await build({
    ...common, minify: false, platform: "node", format: "esm", target: "node20", outdir: "build/test", outExtension: { ".js": ".mjs" },
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
}
