// A share as a bar with its number beside it.
import { share } from "../format";

export const Bar = ({ of, color = "accent" }: { of: number; color?: string }) => (
  <span class="meter">
    <i aria-hidden="true"><i style={{ width: `${Math.min(1, Math.max(0, of)) * 100}%`, background: `var(--${color})` }} /></i>
    <span>{share(of)}</span>
  </span>
);
