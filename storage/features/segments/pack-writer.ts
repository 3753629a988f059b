/**
 * Purpose: merge files of one feed (objects and packs) into the Parquet file and the segment index
 * of one pack, and take segments out of one again.
 * Invariants: for every segment and every interval it covers, the rows valid at its rank are the
 * rows it had. A row that several segments in turn say alike is stored once. Nothing depends on how
 * the segments were spread over files.
 * Fails: STORE_CORRUPT for a file that is not what its manifest says; the SQL engine's own errors.
 */

import type { SqlSession } from '../../../platform/duckdb/session.ts';
import { parquetFiles, sqlFilename } from '../../../platform/duckdb/sql.ts';
import type { FeatureFiles } from '../feature-files.ts';
import { type DataFile, isPack, type Segment } from '../manifest.ts';
import type { SegmentIndex } from './segment-index.ts';

export interface WrittenPack {
  readonly rows: number;
  readonly table: Pick<SegmentIndex, 'segments' | 'firsts'>;
}

interface PlacedSegment {
  readonly segment: Segment;
  readonly input: number;
  readonly local: number;
}

/**
 * Writes the rows of `files` (of one feed, in the order of their commits) as those of a pack to
 * `target`, a path.
 */
export async function writePack(
  readable: FeatureFiles,
  session: SqlSession,
  files: readonly DataFile[],
  frequencyMinutes: number,
  target: string,
): Promise<WrittenPack> {
  const placed = await segmentsInOrder(readable, files);
  const paths: string[] = [];
  for (const file of files) paths.push(await readable.path(session, file, frequencyMinutes));

  const values = placed.map(
    ({ segment, input, local }, rank) =>
      `(${input}, ${local}, ${rank}, ${segment.span.start}::BIGINT, ${segment.span.end}::BIGINT)`,
  );
  await session.run(`CREATE OR REPLACE TEMP TABLE segment AS
    SELECT * FROM (VALUES ${values.join(', ')}) AS p(input, local, rank, start, past)`);
  await session.run(blocksSql(frequencyMinutes * 60_000));
  await session.run(
    `CREATE OR REPLACE TEMP TABLE version AS ${versionsSql(files, paths, placed.length)}`,
  );
  await session.run(
    `COPY (${mergedSql}) TO ${sqlFilename(target)} (FORMAT parquet, COMPRESSION zstd)`,
  );

  for (const table of ['segment', 'block', 'version']) await session.run(`DROP TABLE ${table}`);
  const segments = placed.map(({ segment }) => segment);
  return writtenPack(session, target, segments);
}

/**
 * Writes to `target` what the pack at `source` holds of `segments`, its first ones: what the others
 * say ends with them.
 */
export async function writeFirstSegments(
  session: SqlSession,
  source: string,
  segments: readonly Segment[],
  target: string,
): Promise<WrittenPack> {
  const count = segments.length;
  await session.run(`COPY (
    SELECT series_id, "timestamp", target, available_at, first_piece,
      least(until_piece, ${count})::INTEGER AS until_piece
    FROM ${parquetFiles(source)} WHERE first_piece < ${count}
    ORDER BY "timestamp", series_id, first_piece
  ) TO ${sqlFilename(target)} (FORMAT parquet, COMPRESSION zstd)`);
  return writtenPack(session, target, segments);
}

/**
 * Writes to `target` the rows of one segment as an object of its own, none known later than
 * `availableAt`. @param rank of the segment in a pack; null where the file is an object
 */
export async function writeSegment(
  session: SqlSession,
  source: string,
  { span, availableAt }: Pick<Segment, 'span' | 'availableAt'>,
  rank: number | null,
  target: string,
): Promise<void> {
  const valid =
    rank === null
      ? ''
      : `WHERE first_piece <= ${rank} AND until_piece > ${rank}
          AND epoch_ms("timestamp") >= ${span.start} AND epoch_ms("timestamp") < ${span.end}`;
  await session.run(`COPY (
    SELECT series_id, "timestamp", target,
      least(available_at, make_timestamp(${availableAt}::BIGINT * 1000)) AS available_at
    FROM ${parquetFiles(source)} ${valid} ORDER BY "timestamp", series_id
  ) TO ${sqlFilename(target)} (FORMAT parquet, COMPRESSION zstd)`);
}

async function writtenPack(
  session: SqlSession,
  target: string,
  segments: readonly Segment[],
): Promise<WrittenPack> {
  const written = parquetFiles(target);
  const [[rows] = []] = await session.rows(`SELECT count(*) FROM ${written}`);
  const firsts = await session.rows(`SELECT series_id, epoch_ms(min("timestamp")) FROM ${written}
    WHERE until_piece = ${segments.length} GROUP BY series_id ORDER BY series_id`);
  const series = firsts.map(([id, first]): [string, number] => [String(id), Number(first)]);
  return { rows: Number(rows), table: { segments, firsts: new Map(series) } };
}

/** All segments, the weakest first: their places are their ranks. */
async function segmentsInOrder(
  readable: FeatureFiles,
  files: readonly DataFile[],
): Promise<PlacedSegment[]> {
  const placed: PlacedSegment[] = [];
  for (const [input, file] of files.entries()) {
    const segments = isPack(file) ? (await readable.index(file)).segments : [asSegment(file)];
    for (const [local, segment] of segments.entries()) placed.push({ segment, input, local });
  }
  return placed.sort(
    (a, b) =>
      a.segment.availableAt - b.segment.availableAt || a.input - b.input || a.local - b.local,
  );
}

function asSegment({
  key: _key,
  sha256: _hash,
  bytes: _bytes,
  ...segment
}: Exclude<DataFile, { segments: unknown }>): Segment {
  return segment;
}

/**
 * `block`: for each interval the runs of segments that cover it and come, rank after rank, from the
 * same input: from which of its own ranks to which, the new rank of the first, and the new rank of
 * the first segment after the run.
 */
const blocksSql = (step: number): string => `CREATE OR REPLACE TEMP TABLE block AS
  WITH cover AS (
    SELECT input, local, rank, unnest(range(start, past, ${step}::BIGINT)) AS instant
    FROM segment),
  run AS (SELECT *, row_number() OVER (PARTITION BY instant ORDER BY rank)
      - row_number() OVER (PARTITION BY instant, input ORDER BY rank) AS run FROM cover)
  SELECT instant, input, min(local) AS low, max(local) AS high, min(rank) AS rank,
    lead(min(rank)) OVER (PARTITION BY instant ORDER BY min(rank)) AS next_rank
  FROM run GROUP BY instant, input, run`;

/** Every row of every input, cut at the blocks, with the new ranks at which it is valid. */
function versionsSql(
  files: readonly DataFile[],
  paths: readonly string[],
  segments: number,
): string {
  const inputs = files.map((file, input) => {
    const ranks = isPack(file) ? 'first_piece, until_piece' : '0 AS first_piece, 1 AS until_piece';
    return `SELECT ${input} AS input, series_id, epoch_ms("timestamp") AS instant,
        target::FLOAT AS target, available_at, ${ranks}
      FROM ${parquetFiles(paths[input] as string)}`;
  });
  // A row begins and ends at segments that cover its interval, so inside a block their new ranks
  // are the row's.
  return `WITH old AS (${inputs.join(' UNION ALL ')})
    SELECT series_id, old.instant AS instant, target, available_at,
      CASE WHEN first_piece <= low THEN block.rank ELSE began.rank END AS first,
      CASE WHEN until_piece > high THEN coalesce(next_rank, ${segments})
        ELSE ended.rank END AS until
    FROM old JOIN block ON old.input = block.input AND old.instant = block.instant
      AND first_piece <= high AND until_piece > low
    LEFT JOIN segment AS began ON began.input = old.input AND began.local = first_piece
    LEFT JOIN segment AS ended ON ended.input = old.input AND ended.local = until_piece`;
}

/**
 * Versions that follow on one another and say the same become one row. 0 and −0 are not the same:
 * their sums differ in their bits.
 */
const mergedSql = `
  WITH twice AS (SELECT series_id, instant FROM version GROUP BY ALL HAVING count(*) > 1),
  single AS (SELECT * FROM version ANTI JOIN twice USING (series_id, instant)),
  compared AS (
    SELECT *, CASE WHEN lag(until) OVER turn = first AND lag(target) OVER turn = target
      AND signbit(lag(target) OVER turn) = signbit(target) THEN 0 ELSE 1 END AS fresh
    FROM version SEMI JOIN twice USING (series_id, instant)
    WINDOW turn AS (PARTITION BY series_id, instant ORDER BY first)),
  numbered AS (
    SELECT *, sum(fresh) OVER (PARTITION BY series_id, instant ORDER BY first) AS run
    FROM compared),
  merged AS (
    SELECT series_id, instant, arg_min(target, first) AS target,
      min(available_at) AS available_at, min(first) AS first, max(until) AS until
    FROM numbered GROUP BY series_id, instant, run
    UNION ALL SELECT series_id, instant, target, available_at, first, until FROM single)
  SELECT series_id, make_timestamp(instant * 1000) AS "timestamp", target, available_at,
    first::INTEGER AS first_piece, until::INTEGER AS until_piece
  FROM merged ORDER BY instant, series_id, first`;
