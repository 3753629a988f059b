/**
 * Purpose: the example of docs/fork.md: orders per hour in each shop of a chain, from a folder of
 * CSV files.
 * Invariants: one line is one order (`order_id,shop,placed_at`); an hour without an order is a true
 * zero.
 * Fails: SOURCE_NOT_FOUND, SOURCE_INVALID; a line that cannot be used is rejected and counted,
 * never dropped in silence.
 */
import type { Domain } from '../../domains/domain.ts';
import { tableDomain } from '../../domains/sources/table.ts';

export const shops: Domain = tableDomain({
  name: 'shops',
  title: 'Orders of our shops',
  unit: 'orders per hour',
  seriesNoun: 'shop',
  frequencyMinutes: 60,
  timeZone: 'Europe/Berlin',
  seasonLengths: [24, 168],
  horizon: 24,
  missing: 'zero',
  nonNegative: true,
  holidays: { country: 'DE' },
  expectations: { limits: { freshness: { soft: 36 }, vanished_series: { hard: 0.2 } } },
  seriesTitle: (seriesId) => `Shop ${seriesId}`,
  table: {
    files: /\.csv(\.gz)?$/i,
    time: 'placed_at', // on the clock of `timeZone`, or with Z or an offset
    series: 'shop',
    once: ['order_id'], // and no value: each row is one event, and events are counted
  },
});
