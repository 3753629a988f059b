/**
 * Purpose: trips from a folder of TLC Parquet files, or from one such file.
 * Invariants: a file's name says its feed (green, yellow) and its local month, and it is the only
 * authority for that month; its content alone makes the fingerprint.
 * Fails: SOURCE_NOT_FOUND where the folder is missing, SOURCE_INVALID where it holds no trip file
 * or something else under the name of one.
 */
import { basename } from 'node:path';
import { rowsOf, withDuckDB } from '../../platform/duckdb/duckdb.ts';
import { parquetFiles } from '../../platform/duckdb/sql.ts';
import { HeadwayError } from '../../platform/errors.ts';
import { fileFingerprint, sourceFiles } from '../../platform/files/source-files.ts';
import type { Logger } from '../../platform/telemetry/logger.ts';
import type { RawPart, Source, SourceContext } from '../domain.ts';
import { type Month, parseMonth, spanOfMonth } from './local-month.ts';
import { readTrips } from './trip-files.ts';

const EXPECTED = 'green_tripdata_YYYY-MM.parquet or yellow_tripdata_YYYY-MM.parquet';

interface TripFile {
  readonly path: string;
  readonly feed: string;
  readonly month: Month;
}

export async function openFolder(
  spec: string,
  { logger }: Pick<SourceContext, 'logger'>,
): Promise<Source> {
  await list(spec);
  return {
    description: `TLC trip files in ${spec}`,
    parts: async () => partsOf(await list(spec, logger)),
  };
}

/** The parts that a set of trip files makes: shared with the source that downloads them. */
export async function partsOf(files: readonly TripFile[]): Promise<RawPart[]> {
  const parts: RawPart[] = [];
  for (const { path, feed, month } of files) {
    const span = spanOfMonth(month);
    const open = async () => {
      await refuseEmpty(path);
      return readTrips(path, span);
    };
    parts.push({ name: basename(path), feed, ...(await fileFingerprint(path)), span, open });
  }
  return parts.sort(
    (a, b) => (a.feed < b.feed ? -1 : Number(a.feed > b.feed)) || a.span!.start - b.span!.start,
  );
}

/** What a file's name says, or null if it is not a trip file. */
export function tripFile(path: string): TripFile | null {
  const match = /^(green|yellow)_tripdata_(\d{4}-\d{2})\.parquet$/i.exec(basename(path));
  const month = match && parseMonth(match[2]);
  return match && month ? { path, feed: match[1].toLowerCase(), month } : null;
}

async function list(spec: string, logger?: Logger): Promise<TripFile[]> {
  const paths = await sourceFiles(spec, {
    noun: 'trip file',
    isWanted: (name) => tripFile(name) !== null,
    fix: `Give a folder with files named ${EXPECTED}, "tlc:green:2023-01..2023-06", or "city".`,
    ...(logger && { logger }),
  });
  const months = new Map<string, string>();
  return paths.map((path) => {
    const file = tripFile(path) as TripFile;
    const month = `${file.feed} ${file.month.year}-${file.month.month}`;
    const other = months.get(month);
    months.set(month, basename(path));
    if (other === undefined) return file;
    throw new HeadwayError('SOURCE_INVALID', `${other} and ${basename(path)} are the same month`, {
      where: spec,
      fix: 'Keep one of them.',
    });
  });
}

/** A month without a single trip is not believed: it would read as a month of true zeros. */
async function refuseEmpty(path: string): Promise<void> {
  const count = await withDuckDB({ threads: 1 }, (connection) =>
    rowsOf(connection, `SELECT count(*) AS rows FROM ${parquetFiles(path)}`),
  ).catch(() => null); // readTrips says better than this what is wrong with an unreadable file
  if (count === null || Number(count[0].rows) > 0) return;
  throw new HeadwayError('RAW_FILE_INVALID', `${basename(path)} holds no trips`, {
    where: path,
    fix: 'Download it again.',
  });
}
