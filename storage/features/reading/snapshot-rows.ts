/**
 * Purpose: the rows that win, out of the files of a snapshot: which series they are of, and their
 * values.
 * Invariants: only winners are read (coverage.ts), from files that were checked
 * (feature-files.ts); a file is opened only where its rows are needed: of a pack, what series it
 * holds is often known from its segment index, and of a file that was just checked its rows are
 * kept.
 * Fails: STORE_CORRUPT with the key.
 */

import { columnItems, nameRows, type SqlSession } from '../../../platform/duckdb/session.ts';
import { parquetFiles, sqlFilename } from '../../../platform/duckdb/sql.ts';
import type { ReadableFiles } from '../feature-files.ts';
import { type DataFile, isPack } from '../manifest.ts';
import { type ObjectRows, placeRows } from '../object-rows.ts';
import type { SegmentIndex } from '../segments/segment-index.ts';
import { lastRank, type WinningSpan } from './version-coverage.ts';

/** What reading the rows of a snapshot needs. */
export interface RowReader {
  readonly files: ReadableFiles;
  readonly session: SqlSession;
  readonly frequencyMinutes: number;
  /** The segment index of the packs, by the key of the pack. */
  readonly tables: ReadonlyMap<string, SegmentIndex>;
}

/** The series with a winning row in `winners`. */
export async function seriesIn(
  reader: RowReader,
  winners: readonly WinningSpan[],
): Promise<Set<string>> {
  const ids = new Set<string>();
  const unclear: WinningSpan[] = [];
  for (const file of new Set(winners.map((winner) => winner.file))) {
    const mine = winners.filter((winner) => winner.file === file);
    const rows = await cachedOf(reader, file);
    if (rows !== null) for (const id of seriesOf(rows, mine)) ids.add(id);
    else if (!isPack(file) || !provesAll(file, mine, reader.tables.get(file.key), ids))
      unclear.push(...mine);
  }
  if (unclear.length === 0) return ids;
  const rows = await reader.session.rows(
    `${await winningRows(reader, unclear)} SELECT DISTINCT series_id FROM winning`,
  );
  for (const [id] of rows) ids.add(String(id));
  return ids;
}

/**
 * The rows of a file, where they are kept since it was checked. The file in the store is held to
 * its hash all the same.
 */
async function cachedOf(
  { files, session, frequencyMinutes }: RowReader,
  file: DataFile,
): Promise<ObjectRows | null> {
  const rows = files.rows(file);
  if (rows !== null) await files.path(session, file, frequencyMinutes);
  return rows;
}

/** 1 for each interval of `rows` in `winners`. */
function intervalsOf(
  { start, step, length }: ObjectRows,
  winners: readonly WinningSpan[],
): Uint8Array {
  const wins = new Uint8Array(length);
  for (const winner of winners)
    wins.fill(
      1,
      Math.max(0, (winner.start - start) / step),
      Math.max(0, (winner.end - start) / step),
    );
  return wins;
}

function seriesOf(rows: ObjectRows, winners: readonly WinningSpan[]): string[] {
  const wins = intervalsOf(rows, winners);
  // A series without a row does not count.
  if (!wins.includes(0)) return [...rows.seriesIds];
  const found = new Uint8Array(rows.seriesIds.length);
  for (let row = 0; row < rows.values.length; row++) {
    if (wins[rows.intervals[row] as number] === 1) found[rows.series[row] as number] = 1;
  }
  return rows.seriesIds.filter((_, series) => found[series] === 1);
}

/**
 * Adds to `ids` what the table of a pack proves of it; true where nothing is left to ask its rows.
 */
function provesAll(
  pack: DataFile,
  winners: readonly WinningSpan[],
  table: SegmentIndex | undefined,
  ids: Set<string>,
): boolean {
  const lasting = winners.filter(({ rank }) => rank === lastRank(pack));
  let clear = table !== undefined && lasting.length === winners.length;
  for (const [id, first] of table?.firsts ?? []) {
    if (lasting.some(({ start, end }) => first >= start && first < end)) ids.add(id);
    else clear = false;
  }
  return clear;
}

/**
 * Calls `take` with place (position in `ids` × length + interval) and value of every winning row of
 * one of `ids`.
 */
export async function streamRows(
  reader: RowReader,
  ids: readonly string[],
  winners: readonly WinningSpan[],
  grid: { start: number; step: number; length: number },
  take: (at: number, value: number) => void,
): Promise<void> {
  const others: WinningSpan[] = [];
  for (const file of new Set(winners.map((winner) => winner.file))) {
    const mine = winners.filter((winner) => winner.file === file);
    const rows = await cachedOf(reader, file);
    if (rows === null) others.push(...mine);
    else placeRows(rows, ids, grid, take, intervalsOf(rows, mine));
  }
  if (others.length === 0) return;
  const winning = await winningRows(reader, others);
  await nameRows(reader.session, ids);
  const sql = `${winning}
    SELECT series.position::INTEGER,
      ((winning.instant - ${grid.start}::BIGINT) // ${grid.step})::INTEGER, winning.target
    FROM winning JOIN series ON winning.series_id = series.id`;
  await reader.session.stream(sql, (chunk) => {
    const positions = columnItems<Int32Array>(chunk, 0);
    const steps = columnItems<Int32Array>(chunk, 1);
    const values = columnItems<Float32Array>(chunk, 2);
    for (let row = 0; row < values.length; row++) {
      take(
        (positions[row] as number) * grid.length + (steps[row] as number),
        values[row] as number,
      );
    }
  });
}

/**
 * The rows for which `winners` speak, as a relation `winning` with series_id, instant (epoch ms)
 * and target.
 */
async function winningRows(reader: RowReader, winners: readonly WinningSpan[]): Promise<string> {
  const { files: readable, session, frequencyMinutes } = reader;
  const paths = new Map<DataFile, string>();
  for (const { file } of winners) {
    if (!paths.has(file)) paths.set(file, await readable.path(session, file, frequencyMinutes));
  }
  const first = winners.reduce(
    (least, { start }) => Math.min(least, start),
    Number.POSITIVE_INFINITY,
  );
  const until = winners.reduce((most, { end }) => Math.max(most, end), Number.NEGATIVE_INFINITY);
  const rowsOf = (files: DataFile[], valid: string) =>
    files.length === 0
      ? []
      : `SELECT filename, series_id, epoch_ms("timestamp") AS instant,
          target::FLOAT AS target, ${valid}
        FROM ${parquetFiles(
          files.map((file) => paths.get(file) ?? ''),
          'filename = true',
        )}
        WHERE "timestamp" >= make_timestamp(${first * 1000}::BIGINT)
          AND "timestamp" < make_timestamp(${until * 1000}::BIGINT)`;
  const files = [...paths.keys()];
  const versions = [
    rowsOf(
      files.filter((file) => !isPack(file)),
      '0 AS first_piece, 1 AS until_piece',
    ),
    rowsOf(files.filter(isPack), 'first_piece, until_piece'),
  ].flat();
  const spans = winners.map(
    ({ file, start, end, rank }) =>
      `(${sqlFilename(paths.get(file) ?? '')}, ${start}::BIGINT, ${end}::BIGINT, ${rank})`,
  );
  return `WITH span AS (SELECT * FROM (VALUES ${spans.join(', ')}) AS v(path, first, until, rank)),
    winner AS (
      SELECT path, rank,
        unnest(range(first, until, ${frequencyMinutes * 60_000}::BIGINT)) AS instant FROM span),
    versions AS (${versions.join(' UNION ALL ')}),
    winning AS (
      SELECT series_id, versions.instant AS instant, target
      FROM versions JOIN winner
        ON versions.filename = winner.path AND versions.instant = winner.instant
      WHERE first_piece <= rank AND rank < until_piece)`;
}
