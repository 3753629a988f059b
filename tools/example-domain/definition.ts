/**
 * Purpose: the example of docs/fork.md: orders per hour in each shop of a chain, from a folder of
 * CSV files.
 * Invariants: one line is one order (`order_id,shop,placed_at`); an hour without an order is a true
 * zero.
 * Fails: SOURCE_NOT_FOUND, SOURCE_INVALID; a line that cannot be used is rejected and counted,
 * never dropped in silence.
 */
import { basename } from 'node:path';
import type { Domain, RawRows, Source, SourceContext } from '../../domains/domain.ts';
import { type CsvFile, csvHeader, csvTable, openCsvFile } from '../../platform/duckdb/csv-table.ts';
import { timeSql } from '../../platform/duckdb/time-sql.ts';
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
  openSource: openOrders,
};

const wanted = {
  noun: 'CSV file',
  isWanted: (name: string) => /\.csv(\.gz)?$/i.test(name),
  fix: 'Give a folder with CSV files that begin with order_id,shop,placed_at.',
};

/** The whole folder is one part: when a file changes or comes, all of them are read again. */
async function openOrders(folder: string, { logger }: SourceContext): Promise<Source> {
  await sourceFiles(folder, wanted);
  return {
    description: `orders in ${folder}`,
    async parts() {
      const paths = await sourceFiles(folder, { ...wanted, logger });
      return [
        {
          name: 'orders',
          feed: 'orders',
          ...(await filesFingerprint(paths)),
          span: null,
          open: () => orders(paths),
        },
      ];
    },
  };
}

/** What a line means, as SQL. No line is read here: DuckDB does that, out of core. */
async function orders(paths: readonly string[]): Promise<RawRows> {
  const columns = { order_id: 'order_id', shop: 'shop', placed_at: 'placed_at' };
  const files: CsvFile[] = [];
  // By their names in each file's own header, in whatever order.
  for (const path of paths) files.push(await openCsvFile(path, columns));
  const { localTime, instant } = timeSql('placed_at');
  return {
    relation:
      `(SELECT *, ${localTime} AS local_time, ${instant} AS instant ` + `FROM ${csvTable(files)})`,
    columns: csvHeader(files), // as the headers say: what the expectations look at
    files: { name: 'file', all: paths.map((path) => basename(path)) },
    seriesId: 'shop',
    localTime: 'local_time',
    instant: 'instant', // where placed_at ends with Z or an offset
    value: null, // each row is one event, and events are counted
    duplicateKey: ['order_id'],
    rejections: [
      { reason: 'bad_line', when: 'bad_line' },
      { reason: 'bad_time', when: 'local_time IS NULL AND instant IS NULL' },
      { reason: 'no_shop', when: "shop = ''" },
    ],
  };
}
