/**
 * Purpose: one measurement of bench/store.ts in a process of its own. Prints one line of JSON:
 * milliseconds and peak memory.
 * Invariants: modules are loaded before the clock starts, for the bare query and for the pipeline;
 * both may use two threads and 512 MB in DuckDB; the pipeline is the one of `headway features run`:
 * fingerprint, aggregation, report, commit.
 * Fails: with the error of what is measured.
 */
import { mkdtemp } from 'node:fs/promises';
import { join } from 'node:path';
import type { Domain, RawPart, Source } from '../../domains/domain.ts';
import { fixedClock, systemClock } from '../../platform/clock.ts';
import { rowsOf, withDuckDB } from '../../platform/duckdb/duckdb.ts';
import { parquetFiles, sqlFilename } from '../../platform/duckdb/sql.ts';
import { fileHash } from '../../platform/files/file-hash.ts';
import { silentProgress } from '../../platform/progress.ts';
import { silentLogger } from '../../platform/telemetry/logger.ts';
import { runFeatures } from '../../services/feature/run.ts';
import { openFeatureStore } from '../../storage/features/feature-store.ts';
import { fileObjectStore } from '../../storage/objects/file-object-store.ts';

const [part, folder = '', argument = ''] = process.argv.slice(2);
/**
 * Local midnights in UTC: 20 million events in seven months are a large city's, and make about 1.3
 * million counts.
 */
const YEAR_START = Date.UTC(2024, 0, 1, 5);
const MONTHS = { start: YEAR_START, end: Date.UTC(2024, 7, 1, 4) };
const YEAR = { start: YEAR_START, end: Date.UTC(2025, 0, 1, 5) };
const HOUR_MS = 3_600_000;
const PLACES = 263;
const KEY = ['source', 'begun', 'ended', 'place', 'target_place'];
const monthsFile = join(folder, 'months.parquet');
const yearFile = join(folder, 'year.parquet');
const hourFile = join(folder, 'hour.parquet');

const domain: Domain = {
  ...{
    name: 'bench',
    title: 'Bench',
    unit: 'events per hour',
    seriesNoun: 'place',
    frequencyMinutes: 60,
  },
  ...{
    timeZone: 'America/New_York',
    seasonLengths: [24, 168],
    horizon: 24,
    quantiles: [0.1, 0.5, 0.9],
    missing: 'zero',
  },
  ...{
    nonNegative: true,
    integerValued: true,
    holidays: null,
    pastExogenous: [],
    futureExogenous: [],
  },
  ...{
    defaultSource: null,
    quickSource: null,
    seriesTitle: (id) => id,
    openSource: () => Promise.reject(new Error('none')),
  },
};

/**
 * Events roughly in time order, as published, at whole local seconds; few places are busy and many
 * are not; one in 10,000 is duplicated and one in 300 is of no known place.
 */
const eventsSql = (events: number, first: string, seconds: number): string => `
  SELECT source, begun, begun + to_seconds(120 + (hash(i, 3) % 2400)::BIGINT) AS ended,
      place, target_place FROM (
    SELECT i, (hash(i, 4) % 2)::INTEGER AS source,
      TIMESTAMP '${first}' + to_seconds(
        least(${seconds - 1}, ((i / ${events}.0) * ${seconds} + (hash(i, 1) % 3600))::BIGINT)
      ) AS begun,
      CASE WHEN hash(i, 6) % 300 = 0 THEN ${PLACES + 1}
        ELSE least(${PLACES}, 1 + floor(-35 * ln((1 + hash(i, 2) % 1000000) / 1000000.0)))
      END::INTEGER AS place,
      (1 + hash(i, 5) % ${PLACES})::INTEGER AS target_place
    FROM (SELECT n - (n % 10000 = 9999)::INTEGER AS i FROM range(${events}) AS r(n)))`;

async function write(events: number): Promise<void> {
  await withDuckDB(
    { threads: 2, memoryLimitMb: 2048, tempFolder: join(folder, 'spill') },
    async (connection) => {
      const files = [
        [monthsFile, events, '2024-01-01', 213 * 86_400],
        [yearFile, Math.ceil(events / 4), '2024-01-01', 366 * 86_400],
        [hourFile, Math.ceil(events / 4 / 8784), '2025-01-01', 3600],
      ] as const;
      for (const [path, count, first, seconds] of files)
        await connection.run(
          `COPY (${eventsSql(count, first, seconds)}) TO ${sqlFilename(path)} (FORMAT parquet)`,
        );
    },
  );
}

const USABLE =
  `begun >= TIMESTAMP '2024-01-01' AND begun < TIMESTAMP '2024-08-01' AND place BETWEEN 1 ` +
  `AND ${PLACES}`;

/**
 * What anybody would ask DuckDB for: events by place and hour. \`isOnce\`: each event counted once.
 */
async function bare(isOnce: boolean): Promise<{ ms: number; events: number }> {
  return withDuckDB(
    { threads: 2, memoryLimitMb: 512, tempFolder: join(folder, 'spill') },
    async (connection) => {
      const started = systemClock.elapsedMs();
      const file = parquetFiles(monthsFile);
      const rows = isOnce
        ? `(SELECT DISTINCT ${KEY.join(', ')} FROM ${file} WHERE ${USABLE})`
        : `${file} WHERE ${USABLE}`;
      await connection.run(
        `CREATE TEMP TABLE counts AS SELECT place, date_trunc('hour', begun) AS hour, ` +
          `count(*) AS n FROM ${rows} GROUP BY ALL`,
      );
      const ms = systemClock.elapsedMs() - started;
      const [sum] = await rowsOf(connection, 'SELECT sum(n)::BIGINT AS events FROM counts');
      return { ms, events: Number(sum?.events) };
    },
  );
}

interface RawFile {
  readonly path: string;
  readonly span: { readonly start: number; readonly end: number };
}

const months: RawFile = { path: monthsFile, span: MONTHS };
const year: RawFile = { path: yearFile, span: YEAR };
const hour: RawFile = { path: hourFile, span: { start: YEAR.end, end: YEAR.end + HOUR_MS } };

async function partOf(path: string, span: RawPart['span'], isOnce: boolean): Promise<RawPart> {
  return {
    ...{
      name: path.split('/').at(-1) as string,
      feed: 'main',
      fingerprint: await fileHash(path),
      span,
    },
    open: async () => ({
      relation: parquetFiles(path),
      ...{ seriesId: 'place', localTime: 'begun', value: null, duplicateKey: isOnce ? KEY : [] },
      rejections: [
        {
          reason: 'outside_year',
          when: `begun < TIMESTAMP '2024-01-01' OR begun >= TIMESTAMP '2026-01-01'`,
        },
        { reason: 'unknown_place', when: `place IS NULL OR place NOT BETWEEN 1 AND ${PLACES}` },
      ],
    }),
  };
}

/**
 * One run of the feature service over `files`. The events that it used, and those that its clock
 * has no hour for.
 */
async function run(
  store: string,
  files: readonly RawFile[],
  isOnce = false,
): Promise<{ ms: number; events: number }> {
  const now = files.reduce((latest, { span }) => Math.max(latest, span.end), 0);
  const features = openFeatureStore({
    store: fileObjectStore(store),
    domain: 'bench',
    clock: fixedClock(now),
  });
  const source: Source = {
    description: 'events',
    async parts() {
      const parts: RawPart[] = [];
      for (const { path, span } of files) parts.push(await partOf(path, span, isOnce));
      return parts;
    },
  };
  const quiet = { logger: silentLogger, progress: silentProgress };
  const started = systemClock.elapsedMs();
  const { manifest, parts, changed } = await runFeatures({
    ...{
      domain,
      source,
      features,
      workFolder: join(folder, 'work'),
      clock: fixedClock(now),
      ...quiet,
    },
  });
  const ms = systemClock.elapsedMs() - started;
  if (!changed || manifest.objects.length !== parts.length)
    throw new Error('nothing was committed');
  const { rowsUsed = 0, rejected = {} } = parts.at(-1) ?? {};
  return { ms, events: rowsUsed + (rejected.nonexistent_local_time ?? 0) };
}

/** The median of many reads of an online view of eight weeks of 300 series. */
async function serving(): Promise<{ ms: number; first: number }> {
  const store = fileObjectStore(await mkdtemp(join(folder, 'serving-')));
  const features = openFeatureStore({ store, domain: 'bench', clock: fixedClock(YEAR.end) });
  const path = join(folder, 'weeks.parquet');
  const [length, end] = [1344, YEAR.start + 1344 * HOUR_MS];
  await withDuckDB({ threads: 2 }, (connection) =>
    connection.run(`COPY (
      SELECT s::VARCHAR AS series_id,
        make_timestamp((${YEAR.start} + h * ${HOUR_MS}) * 1000) AS "timestamp",
        (hash(s, h) % 40)::DOUBLE AS target,
        make_timestamp(${end} * 1000) AS available_at
      FROM range(300) AS a(s), range(${length}) AS b(h)) TO ${sqlFilename(path)} (FORMAT parquet)`),
  );
  const rows = 300 * length;
  const object = {
    path,
    rows,
    span: { start: YEAR.start, end },
    availableAt: end,
    feed: 'main',
    part: 'weeks',
    fingerprint: 'x',
  };
  const schema = {
    frequencyMinutes: 60,
    missing: 'zero' as const,
    unit: 'events per hour',
    timeZone: 'UTC',
  };
  const account = { rowsIn: rows, rowsUsed: rows, rejected: {} };
  await features.commit({
    reason: 'bench',
    staged: await features.stage(schema, [{ ...object, ...account }]),
    onlineIntervals: length,
  });
  const taken: number[] = [];
  for (let run = 0; run < 101; run++) {
    const started = systemClock.elapsedMs();
    const { panel } = await features.readOnline();
    taken.push(systemClock.elapsedMs() - started);
    if (panel.columns.target.length !== rows) throw new Error('not the whole view');
  }
  const first = taken[0] as number;
  return { ms: taken.sort((a, b) => a - b)[50] as number, first };
}

async function measured(): Promise<object> {
  if (part === 'write') return write(Number(argument)).then(() => ({}));
  if (part === 'serving') return serving();
  if (part === 'bare' || part === 'bareOnce') return bare(part === 'bareOnce');
  await import('danfojs-node');
  if (part === 'year') return run(join(folder, 'year'), [year]);
  if (part === 'hour') {
    // In a process that meets the store for the first time (`year` made it), and in one that knows
    // it.
    if (argument === 'fresh') return run(join(folder, 'year'), [year, hour]);
    const store = await mkdtemp(join(folder, 'store-'));
    await run(store, [year]);
    return run(store, [year, hour]);
  }
  return run(await mkdtemp(join(folder, 'store-')), [months], part === 'wholeOnce');
}

const figures = await measured();
console.log(JSON.stringify({ ...figures, peakMb: process.resourceUsage().maxRSS / 1024 }));
