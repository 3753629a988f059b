/**
 * Purpose: prices and promotions of each item in each store, from the files that hold its sales.
 * Invariants: a value is known from its `announced` day on; both columns are of one series each.
 * Fails: SOURCE_NOT_FOUND, SOURCE_INVALID; at opening RAW_FILE_INVALID.
 */
import { csvTable, openCsvFile } from '../../platform/duckdb/csv-table.ts';
import { filesFingerprint, sourceFiles } from '../../platform/files/source-files.ts';
import type { ExogenousRows, ExogenousSource } from '../domain.ts';

const NAMES = ['date', 'store', 'item', 'announced', 'price', 'promotion'];

export async function openPlan(folder: string): Promise<ExogenousSource> {
  const isWanted = (name: string) => /\.csv(\.gz)?$/i.test(name);
  const fix = `Give a folder of CSV files with the columns ${NAMES.join(', ')}.`;
  const paths = await sourceFiles(folder, { noun: 'CSV file', isWanted, fix });
  const part = { name: 'plan', feed: 'plan', span: null, ...(await filesFingerprint(paths)) };
  return {
    description: `prices and promotions in ${folder}`,
    parts: async () => [{ ...part, open: () => readPlan(paths) }],
  };
}

async function readPlan(paths: readonly string[]): Promise<ExogenousRows> {
  const needed = Object.fromEntries(NAMES.map((name) => [name, name]));
  const files = await Promise.all(paths.map((path) => openCsvFile(path, needed)));
  return {
    relation: `(SELECT * FROM ${csvTable(files)}, (VALUES ('price'), ('promotion')) AS c(name))`,
    column: 'name',
    series: "concat_ws('-', store, item)",
    knownAt: "try_strptime(announced, '%Y-%m-%d')",
    about: "try_strptime(date, '%Y-%m-%d')",
    value: "try_cast(CASE name WHEN 'price' THEN price ELSE promotion END AS DOUBLE)",
    rejections: [{ reason: 'bad_line', when: 'hw_bad_line' }],
  };
}
