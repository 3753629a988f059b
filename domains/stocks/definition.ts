/**
 * Purpose: the stocks domain: closing prices on business days, from CSV files with a date and a
 * close, one a stock, as Stooq and most archives give them, or from Stooq's public API.
 * Invariants: Monday to Friday; an exchange's holiday is a day without a row, and unknown. Prices
 * are close to a random walk: where the gate refuses the model, the last value serves. No advice.
 * Fails: SOURCE_NOT_FOUND, SOURCE_INVALID, SOURCE_UNAVAILABLE.
 */
import { join } from 'node:path';
import type { Domain } from '../domain.ts';
import { type KeptFile, keepFiles, textWith } from '../sources/kept-files.ts';
import { openSample } from '../sources/sample.ts';
import { openTable, tableDomain } from '../sources/table.ts';
import type { Table } from '../sources/table-declaration.ts';

const table: Table = {
  files: /\.csv(\.gz)?$/i,
  time: 'Date',
  series: { files: /([^/]+?)\.csv/i }, // AAPL.csv
  value: 'Close',
  part: 'file',
};
const STOOQ = 'https://stooq.com/q/d/l/';

export const stocks: Domain = tableDomain({
  name: 'stocks',
  title: 'Closing prices of stocks',
  unit: 'USD',
  seriesNoun: 'stock',
  frequencyMinutes: 1440,
  closedWeekdays: [6, 7],
  timeZone: 'UTC', // the date of the exchange is the day
  seasonLengths: [7],
  horizon: 7, // five business days
  missing: 'unknown',
  nonNegative: true,
  holidays: { country: 'US' },
  staleAfterIntervals: 5, // a long weekend
  defaultSource: 'sample',
  quickSource: 'sample',
  table,
  async openSource(spec, context) {
    const open = (folder: string) => openTable(table, folder, context);
    if (spec === 'sample') return openSample((await import('./sample.ts')).sample, context, open);
    return spec.startsWith('stooq:') ? openStooq(spec, context) : open(spec);
  },
});

/** `stooq:aapl.us,msft.us`: each whole, at every run. */
export async function openStooq(
  spec: string,
  context: Parameters<Domain['openSource']>[1],
  address = STOOQ,
): ReturnType<Domain['openSource']> {
  const symbols = spec.slice('stooq:'.length).split(',');
  const urls = symbols.map(
    (symbol): KeptFile => [
      `${symbol.replace(/[^\w.-]/g, '')}.csv`,
      `${address}?i=d&s=${encodeURIComponent(symbol)}`,
      false,
    ],
  );
  const kept = join(context.rawFolder, 'stooq');
  const folder = await keepFiles(kept, urls, textWith(/^Date,.*Close/), context);
  return { ...(await openTable(table, folder, context)), description: `Stooq: ${symbols.join()}` };
}
