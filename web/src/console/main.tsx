import "uplot/dist/uPlot.min.css";
import "./theme.css";
import "./parts.css";
import { render } from "preact";
import { prefs } from "./prefs";
import { refresh } from "./session";
import { Shell } from "./shell";
import { loadWords } from "./words";

const root = document.documentElement;
async function dress() {
  const { lang, theme } = prefs.get();
  await loadWords(lang);
  root.lang = lang;
  if (theme === "auto") delete root.dataset.theme;
  else root.dataset.theme = theme;
}

async function main() {
  await Promise.all([dress(), refresh()]);
  const draw = () => render(<Shell />, document.getElementById("app")!);
  prefs.watch(() => void dress().then(draw));
  draw();
}

void main();
