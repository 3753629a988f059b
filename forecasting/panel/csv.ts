/**
 * Purpose: a panel as CSV lines, unique_id,ds,y: what other forecasting tools read.
 * Invariants: one line per series and interval; UTC; an unknown value is an empty field.
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
      lines += `${name},${stamps[t]},${!Number.isNaN(value) ? value : ''}\n`;
    }
    yield lines;
  }
}

/** A text as a field of a line (RFC 4180). */
export const csvField = (text: string): string =>
  /[",\n\r]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
