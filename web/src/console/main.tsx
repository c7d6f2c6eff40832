import { render } from "preact";
import { kiosk, prefs } from "./prefs";
import { get } from "./api";
import { live } from "./live";
import { refresh, session } from "./session";
import { Shell } from "./shell";
import type { NowDoc } from "./types";
import { loadWords, t } from "./words";

const root = document.documentElement;
const night = matchMedia("(prefers-color-scheme: dark)");

/** Puts language and theme on. A language that cannot be loaded any more is one of a gateway that is gone. */
async function dress() {
  const { lang, theme } = prefs.get();
  root.toggleAttribute("data-dark", theme === "dark" || (theme === "auto" && night.matches));
  root.classList.toggle("kiosk", kiosk);
  try {
    await loadWords(lang);
  } catch {
    location.reload();
  }
  root.lang = lang;
}

async function main() {
  const app = document.getElementById("app")!;
  const draw = () => render(<Shell />, app);
  prefs.watch(() => void dress().then(draw));
  night.addEventListener("change", () => void dress().then(draw));
  addEventListener("beforeprint", () => root.removeAttribute("data-dark")); // paper is white
  addEventListener("afterprint", () => void dress());
  // The first values come with who is logged in, not after it.
  get<NowDoc>("now").then((doc) => live.seed(doc), () => {});
  await Promise.all([dress(), refresh()]);
  draw();
  // The page may be there before the gateway is.
  while (!session.get().known) {
    await new Promise((done) => setTimeout(done, 2_000));
    await refresh();
    draw();
  }
}

void main().catch((e: unknown) => {
  document.getElementById("app")!.textContent = `${t("shell.broken")}: ${String(e)}`;
});
