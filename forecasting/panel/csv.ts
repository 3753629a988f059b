/**
 * Purpose: a panel as CSV lines, unique_id,ds,y: what other forecasting tools read.
 * Invariants: one line per series and interval; UTC; an unknown value is an empty field; a value is
 * the shortest decimal of the stored float.
 * Fails: never.
 */
import { type Panel, targetOf, timestampAt } from './panel.ts';

/** Chunks of text, one a series, after the header. */
export function* panelCsv(panel: Panel): Generator<string> {
  yield 'unique_id,ds,y\n';
  const stamps = Array.from({ length: panel.length }, (_, t) =>
    new Date(timestampAt(panel, t)).toISOString().slice(0, 19).replace('T', ' '),
  );
  for (const [series, id] of panel.seriesIds.entries()) {
    const name = csvField(id);
    const values = targetOf(panel, series);
    let lines = '';
    for (let t = 0; t < panel.length; t++) {
      const value = values[t] as number;
      lines += `${name},${stamps[t]},${Number.isNaN(value) ? '' : floatText(value)}\n`;
    }
    yield lines;
  }
}

/**
 * The shortest decimal that is read back as the same 32-bit value: 7.7, where its exact value is
 * 7.699999809265137. Whole numbers are exact as they are.
 */
export function floatText(value: number): string {
  if (Number.isSafeInteger(value) || !Number.isFinite(value)) return String(value);
  for (let digits = 1; digits < 9; digits++) {
    const short = Number(value.toPrecision(digits));
    if (Math.fround(short) === value) return String(short);
  }
  return String(Number(value.toPrecision(9)));
}

/** A text as a field of a line (RFC 4180). */
export const csvField = (text: string): string =>
  /[",\n\r]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
