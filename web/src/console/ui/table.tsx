import type { ComponentChildren } from "preact";
import { Empty } from "./basic";
import { t } from "../words";

export interface Column<R> {
  key: string;
  label: ComponentChildren;
  /** Numbers stand on the right. */
  num?: boolean;
  /** A cell that heads its row. */
  head?: boolean;
  /** Takes what room is left. */
  wide?: boolean;
  /** Not shown in narrow windows where the rows are not cards. */
  minor?: boolean;
  render(row: R): ComponentChildren;
}

interface Props<R> {
  /** What the table is of; read out, not shown. */
  caption: string;
  columns: Column<R>[];
  rows: readonly R[];
  rowKey(row: R): string | number;
  rowClass?(row: R): string | undefined;
  empty?: ComponentChildren;
  /** Rows become cards in narrow windows, each cell with its column's label. */
  cards?: boolean;
}

/** A table with a heading for each column. */
export function Table<R>({ caption, columns, rows, rowKey, rowClass, empty, cards }: Props<R>) {
  if (!rows.length) return <>{empty ?? <Empty title={t("ui.none")} />}</>;
  const style = (c: Column<R>) => [c.num && "num", c.wide && "wide", c.minor && "minor"].filter(Boolean).join(" ") || undefined;
  return (
    <div class={`table ${cards ? "cards" : ""}`} tabIndex={0} role="group" aria-label={caption}>
      <table>
        <caption class="hidden">{caption}</caption>
        <thead>
          <tr>
            {columns.map((c) => (
              <th scope="col" key={c.key} class={style(c)}>{c.label}</th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <tr key={rowKey(row)} class={rowClass?.(row)}>
              {columns.map((c) =>
                c.head ? (
                  <th scope="row" key={c.key} class={style(c)}>{c.render(row)}</th>
                ) : (
                  <td key={c.key} class={style(c)} data-label={typeof c.label === "string" ? c.label : undefined}>{c.render(row)}</td>
                ),
              )}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
