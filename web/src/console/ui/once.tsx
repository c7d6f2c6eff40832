// Shows what is shown only once: a token, a secret, a link.
import type { ComponentChildren } from "preact";
import { t } from "../words";
import { Button, CopyButton } from "./basic";
import { Dialog } from "./dialog";

export const Once = ({ title, text, note, children, onClose }: { title: string; text: string; note: string; children?: ComponentChildren; onClose(): void }) => (
  <Dialog title={title}>
    <div class="step once">
      <p class="what">{note}</p>
      <p class="secret"><code tabIndex={0}>{text}</code> <CopyButton text={text} /></p>
      {children}
      <footer><Button kind="primary" onClick={onClose}>{t("ui.kept")}</Button></footer>
    </div>
  </Dialog>
);
