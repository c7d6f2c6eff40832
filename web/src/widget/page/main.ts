// The script of pages. Which contract it speaks follows from its own address.
import { hcaptcha } from "./hcaptcha";
import { native } from "./native";
import { findPlace } from "./place";
import { recaptcha } from "./recaptcha";
import { turnstile } from "./turnstile";

const place = findPlace(document);
if (!place) console.error("captcha: the script does not know its own address: load it with a script element that has a src");
else {
  // Loaded twice, the first one stays: its widgets are on the page.
  const loaded = ((window as unknown as Record<string, any>).__daero_captcha ||= {});
  const key = place.contract + place.base;
  if (loaded[key]) loaded[key](place.params);
  else {
    loaded[key] = (params: URLSearchParams) => {
      console.warn(`captcha: the script of ${place.base} is on the page twice`);
      const f = (window as unknown as Record<string, any>)[params.get("onload") || ""];
      if (typeof f === "function") setTimeout(f);
    };
    ({ recaptcha, hcaptcha, turnstile, daero: native })[place.contract](place);
  }
}
