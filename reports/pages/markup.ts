/**
 * Purpose: the few things that every generated page needs: tables and figures.
 * Invariants: everything that is not marked as markup is escaped; a value that is not finite is a
 * dash.
 * Fails: never.
 */
import { escaped } from '../../platform/text/escaped.ts';
import { numberLabel } from '../../web/scales.js';

/** A cell: text, or markup that is escaped already. */
export type Cell = string | { readonly markup: string };

const markupOf = (cell: Cell): string => (typeof cell === 'string' ? escaped(cell) : cell.markup);

/** @param rowClasses a class for each row, '' for none */
export function table(
  head: readonly string[],
  rows: readonly (readonly Cell[])[],
  rowClasses: readonly string[] = [],
): string {
  const heading = head.map((text) => `<th scope="col">${escaped(text)}</th>`).join('');
  const body = rows.map((cells, i) => {
    const [first, ...rest] = cells;
    const name = rowClasses[i] ? ` class="${escaped(rowClasses[i] as string)}"` : '';
    const values = rest.map((cell) => `<td>${markupOf(cell)}</td>`).join('');
    return `<tr${name}><th scope="row">${markupOf(first ?? '')}</th>${values}</tr>`;
  });
  return `<div class="wide"><table><thead><tr>${heading}</tr></thead><tbody>\n${body.join('\n')}\n</tbody></table></div>`;
}

/** Three digits and more where the number has them: 1,234, 56.7, 0.891. */
export function figure(value: number): string {
  if (!Number.isFinite(value)) return '–';
  return Math.abs(value) >= 100
    ? numberLabel(Math.round(value))
    : value.toFixed(Math.abs(value) >= 10 ? 1 : 3);
}

export const percent = (share: number, digits = 1): string =>
  Number.isFinite(share) ? `${(100 * share).toFixed(digits).replace('-', '−')} %` : '–';

/** With its sign: +12.3 %, −0.4 %. */
export const signedPercent = (share: number): string =>
  share > 0 ? `+${percent(share)}` : percent(share);
