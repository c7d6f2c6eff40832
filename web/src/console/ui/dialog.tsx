import { useEffect, useId, useRef } from "preact/hooks";
import type { ComponentChildren } from "preact";
import { t } from "../words";

/**
 * A dialog over the page: the focus stays in it, Escape closes it, and goes back
 * to where it was. Draw it only while it is open.
 */
export function Dialog({ title, onClose, children, wide, stuck }: { title: ComponentChildren; onClose?(): void; children: ComponentChildren; wide?: boolean; stuck?: boolean }) {
  const ref = useRef<HTMLDialogElement>(null);
  const heading = useId();
  useEffect(() => {
    const d = ref.current!;
    const was = document.activeElement;
    d.showModal();
    return () => {
      d.close();
      if (was instanceof HTMLElement && was.isConnected) was.focus();
    };
  }, []);
  return (
    <dialog
      ref={ref} class={wide ? "wide" : undefined} aria-labelledby={heading}
      onCancel={(e) => {
        e.preventDefault();
        if (!stuck) onClose?.();
      }}
      // A click beside it closes it, but not one that began inside.
      onMouseDown={(e) => {
        if (e.target === ref.current && !stuck) onClose?.();
      }}
    >
      <div class="sheet">
        <header>
          <h2 id={heading}>{title}</h2>
          {onClose && !stuck && (
            <button type="button" class="close" aria-label={t("ui.close")} onClick={onClose}>×</button>
          )}
        </header>
        {children}
      </div>
    </dialog>
  );
}
