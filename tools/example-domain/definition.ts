/**
 * Purpose: the example of docs/fork.md: orders per hour in each shop of a chain, from a folder of
 * CSV files.
 * Invariants: one line is one order (`order_id,shop,placed_at`); an hour without an order is a true
 * zero.
 * Fails: SOURCE_NOT_FOUND, SOURCE_INVALID; a line that cannot be used is rejected and counted,
 * never dropped in silence.
 */
import type { Domain, RawRows, Source } from '../../domains/domain.ts';
import { csvFiles } from '../../platform/duckdb/sql.ts';
import { HeadwayError } from '../../platform/errors.ts';
import { filesFingerprint, sourceFiles } from '../../platform/files/source-files.ts';

export const shops: Domain = {
  name: 'shops',
  title: 'Orders of our shops',
  unit: 'orders per hour',
  seriesNoun: 'shop',
  frequencyMinutes: 60,
  timeZone: 'Europe/Berlin',
  seasonLengths: [24, 168],
  horizon: 24,
  quantiles: [0.1, 0.5, 0.9],
  missing: 'zero',
  nonNegative: true,
  integerValued: true,
  holidays: { country: 'DE' },
  pastExogenous: [],
  futureExogenous: [],
  expectations: {
    columns: ['order_id', 'shop', 'placed_at'].map((name) => ({ names: [name], kinds: ['text'] })),
    limits: { freshness: { soft: 36 }, vanished_series: { hard: 0.2 } },
  },
  defaultSource: null,
  quickSource: null,
  seriesTitle: (seriesId) => `Shop ${seriesId}`,
  openSource: (folder) => openOrders(folder),
};

/** The whole folder is one part: when a file changes or comes, all of them are read again. */
async function openOrders(folder: string): Promise<Source> {
  await orderFiles(folder);
  return {
    description: `orders in ${folder}`,
    async parts() {
      const files = await orderFiles(folder);
      return [
        {
          name: 'orders',
          feed: 'orders',
          ...(await filesFingerprint(files)),
          span: null,
          open: async () => orders(files),
        },
      ];
    },
  };
}

const csv = (files: readonly string[], how: string): string =>
  csvFiles(files, 'header = true', "delim = ','", `quote = '"'`, how);

/** What a line means, as SQL. No line is read here: DuckDB does that, out of core. */
const orders = (files: readonly string[]): RawRows => ({
  relation: csv(
    files,
    "auto_detect = false, columns = {'order_id': 'VARCHAR', 'shop': 'VARCHAR', 'placed_at': " +
      "'VARCHAR'}",
  ),
  // as the headers say: what the expectations look at
  columns: csv(files, 'all_varchar = true, union_by_name = true'),
  seriesId: 'trim(shop)',
  localTime: 'try_cast(placed_at AS TIMESTAMP)',
  value: null, // each row is one event, and events are counted
  duplicateKey: ['order_id'],
  rejections: [
    { reason: 'bad_time', when: 'try_cast(placed_at AS TIMESTAMP) IS NULL' },
    { reason: 'no_shop', when: "coalesce(trim(shop), '') = ''" },
  ],
});

async function orderFiles(folder: string): Promise<string[]> {
  const fix = 'Give a folder with CSV files that begin with order_id,shop,placed_at.';
  const { files } = await sourceFiles(folder, (name) => name.endsWith('.csv'), fix);
  if (files.length > 0) return files;
  throw new HeadwayError('SOURCE_INVALID', 'no CSV file here', { where: folder, fix });
}
