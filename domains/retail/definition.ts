/**
 * Purpose: the retail domain: units sold per day of each item in each store, with its price and
 * promotions, which are known in advance; from files `date,store,item,announced,price,promotion,
 * units`.
 * Invariants: a day of a store without a row is unknown; a row without units is of a day to come.
 * No forecast sees a price or a promotion before the day on which it was announced.
 * Fails: SOURCE_NOT_FOUND, SOURCE_INVALID; at opening RAW_FILE_INVALID.
 */
import type { Domain } from '../domain.ts';
import { openSample, writeSample } from '../sources/sample.ts';
import { openTable, tableDomain } from '../sources/table.ts';
import type { Table } from '../sources/table-declaration.ts';
import { sample } from './sample.ts';

const table: Table = {
  files: /\.csv(\.gz)?$/i,
  time: 'date',
  series: ['store', 'item'],
  value: 'units',
};

export const retail: Domain = tableDomain({
  name: 'retail',
  title: 'Sales of a chain of stores',
  unit: 'units per day',
  seriesNoun: 'item',
  frequencyMinutes: 1440,
  timeZone: 'UTC', // the date in the store is the day
  seasonLengths: [7],
  horizon: 14,
  missing: 'unknown',
  nonNegative: true,
  integerValued: true,
  futureExogenous: ['price', 'promotion'],
  defaultSource: 'sample',
  quickSource: 'sample',
  defaultExogenous: 'sample',
  table,
  async openSource(spec, context) {
    const open = (folder: string) => openTable(table, folder, context);
    return spec === 'sample' ? openSample(sample, context, open) : open(spec);
  },
  async openExogenous(spec, context) {
    const folder = spec === 'sample' ? await writeSample(sample, context) : spec;
    return (await import('./plan.ts')).openPlan(folder);
  },
});
