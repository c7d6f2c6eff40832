// What a role may not do is shown, switched off, with the reason in words. The
// gateway refuses it all the same.
import type { ComponentProps } from "preact";
import { useSession } from "../session";
import type { Role } from "../types";
import { t, type Key } from "../words";
import { Button } from "./basic";

export const roleName = (role: Role) => (role ? t(`role.${role}` as Key) : "–");

/** A button for those of a role; for others it does nothing and says why. */
export function Guarded({ need, children, ...rest }: ComponentProps<typeof Button> & { need: Role }) {
  const { can, role } = useSession();
  if (can(need)) return <Button {...rest}>{children}</Button>;
  const why = t("role.needed", { need: roleName(need), have: roleName(role) });
  return (
    <Button small={rest.small} aria-disabled="true" title={why} class="locked">
      {children}
      <span class="hidden"> ({why})</span>
    </Button>
  );
}

/** Says once what of a screen is switched off. */
export function RoleNote({ need }: { need: Role }) {
  const { can, role } = useSession();
  return can(need) ? null : <p class="role-note" role="note">{t("role.note", { need: roleName(need), have: roleName(role) })}</p>;
}
