import { clock } from "./format";
import { live } from "./live";

/** The gateway's sentences have times like 15:04:05 UTC: said in the zone in force. */
export function localTimes(text: string, near: number = live.gatewayTime()): string {
  return text.replace(/\b(\d\d):(\d\d):(\d\d) UTC/g, (_, h: string, m: string, s: string) => {
    const at = new Date(near);
    at.setUTCHours(Number(h), Number(m), Number(s), 0);
    return clock(at);
  });
}
