// What went wrong, as each contract says it.
import type { Options } from "./place";

/** What went wrong, in hCaptcha's words. */
export const hcaptchaError = (code: string): string => {
  if (code === "network") return "network-error";
  if (/^(busy|too-many)/.test(code)) return "rate-limited";
  if (/^(no-site|wrong-host|bad-)/.test(code)) return "invalid-data";
  return /^challenge-/.test(code) ? code : "challenge-error";
};

/** What went wrong, in Turnstile's numbers. */
export const turnstileError = (code: string): string =>
  ({
    "no-site": "110100",
    "wrong-host": "110200",
    "bad-action": "110420",
    "bad-cdata": "110430",
    unsupported: "110500",
    network: "300010",
    unavailable: "300020",
  })[code] ?? "600010";

/** What cannot be in a token; "" if there is nothing of the kind. */
export function turnstileChecks(o: Options): string {
  if (o.action && !/^[A-Za-z0-9_-]{1,32}$/.test(String(o.action))) return "bad-action";
  if (o.cdata && new TextEncoder().encode(String(o.cdata)).length > 255) return "bad-cdata";
  return "";
}
