/**
 * Purpose: whether hourly commits stay cheap over years, as a command: a history of hours is
 * committed, and on the way one more hour is committed and read back by a store that was just
 * opened.
 *   npm run bench:hourly [-- --years 3] [--series 20] [--batch 24] [--folder DIR] [--json FILE]
 * Invariants: every hour is an object of its own; `batch` of them share a commit, to spare time,
 * and the log is filled up with as many entries as there would have been (each as a commit that
 * adds nothing); compaction is that of a feature run.
 * Fails: with the store's errors.
 */
import { mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Command } from 'commander';
import { fixedClock, systemClock } from '../platform/clock.ts';
import { withSqlSession } from '../platform/duckdb/session.ts';
import { sqlFilename } from '../platform/duckdb/sql.ts';
import { terminalProgress } from '../platform/telemetry/terminal-progress.ts';
import { type FeatureStore, openFeatureStore } from '../storage/features/feature-store.ts';
import type { Manifest, NewFeatureObject } from '../storage/features/manifest.ts';
import {
  parseManifest,
  serialiseManifest,
  snapshotVersionOf,
} from '../storage/features/manifest-format.ts';
import { openAppendLog } from '../storage/log/append-log.ts';
import { fileObjectStore } from '../storage/objects/file-object-store.ts';
import { objectKeys } from '../storage/objects/object-keys.ts';

const HOUR = 3_600_000;
const YEAR_HOURS = 8766;
const START = Date.UTC(2023, 0, 1);
const DOMAIN = 'bench';
const COMPACT_FROM = 48;
const SCHEMA = { frequencyMinutes: 60, missing: 'zero', unit: 'things', timeZone: 'UTC' } as const;
const ONLINE = { onlineIntervals: 28 * 168 };

interface Measured {
  readonly years: number;
  readonly logEntries: number;
  readonly filesInSnapshot: number;
  readonly manifestKb: number;
  readonly headMs: number;
  readonly commitMs: number;
  readonly compactMs: number;
  readonly readEightWeeksMs: number;
  readonly readOnlineMs: number;
}

const flags = new Command('bench:hourly')
  .option('--years <years>', 'how long the history gets', Number, 3)
  .option('--series <count>', 'series', Number, 20)
  .option(
    '--batch <hours>',
    'hours that share a commit, but for those that are measured',
    Number,
    24,
  )
  .option('--folder <folder>', 'where the store goes; a temporary folder without it')
  .option('--json <file>', 'write the figures here')
  .parse()
  .opts<{ years: number; series: number; batch: number; folder?: string; json?: string }>();

const folder = flags.folder ?? (await mkdtemp(path.join(tmpdir(), 'headway-hourly-')));
const clock = fixedClock(START);
const store = fileObjectStore(path.join(folder, 'store'));
const open = (): FeatureStore => openFeatureStore({ store, domain: DOMAIN, clock });

async function hoursFrom(first: number, count: number): Promise<NewFeatureObject[]> {
  return withSqlSession(async (session) => {
    const made: NewFeatureObject[] = [];
    for (let hour = first; hour < first + count; hour++) {
      const at = START + hour * HOUR;
      const file = path.join(folder, `${hour - first}.parquet`);
      await session.run(`COPY (SELECT 'series ' || i AS series_id,
          make_timestamp(${at * 1000}::BIGINT) AS "timestamp",
          (abs(hash(i, ${hour})) % 50)::FLOAT AS target,
          make_timestamp(${(at + HOUR) * 1000}::BIGINT) AS available_at
        FROM range(${flags.series}) AS t(i)) TO ${sqlFilename(file)} (FORMAT parquet)`);
      const account = { rowsIn: flags.series, rowsUsed: flags.series, rejected: {} };
      const times = { span: { start: at, end: at + HOUR }, availableAt: at + HOUR };
      made.push({
        path: file,
        rows: flags.series,
        feed: 'main',
        part: `hour ${hour}`,
        fingerprint: `${hour}`,
        ...times,
        ...account,
      });
    }
    return made;
  });
}

async function commit(
  features: FeatureStore,
  newObjects: readonly NewFeatureObject[],
): Promise<Manifest> {
  clock.advance(newObjects.length * HOUR);
  const staged = await features.stage(SCHEMA, newObjects);
  return features.commit({ reason: 'an hour', staged, ...ONLINE });
}

/** Fills the log up to `length`: entries that name what the head names, but no view. */
async function fillLog(length: number): Promise<void> {
  const log = openAppendLog<Manifest>(store, {
    prefix: objectKeys.featureLog(DOMAIN),
    keyOf: (number) => objectKeys.manifest(DOMAIN, number),
    parse: parseManifest,
    serialise: serialiseManifest,
  });
  let head = await log.head();
  while (head && head.number < length) {
    const { snapshotVersion: parent, online: _view, ...rest } = head;
    const draft = { ...rest, number: head.number + 1, parent, online: null };
    const next: Manifest = { ...draft, snapshotVersion: snapshotVersionOf(draft) };
    await store.createIfAbsent(objectKeys.manifest(DOMAIN, next.number), serialiseManifest(next));
    head = next;
  }
}

const rounded = (ms: number) => Math.round(ms * 10) / 10;
async function timed<T>(work: () => Promise<T>): Promise<[number, T]> {
  const start = systemClock.elapsedMs();
  const result = await work();
  return [rounded(systemClock.elapsedMs() - start), result];
}
/** The fastest of three: the machine may be busy. */
async function fastest<T>(work: () => Promise<T>): Promise<[number, T]> {
  const tries = [await timed(work), await timed(work), await timed(work)];
  return tries.reduce((best, one) => (one[0] < best[0] ? one : best));
}

let hour = 0;
async function measure(): Promise<Measured> {
  const commits: number[] = [];
  for (let i = 0; i < 3; i++) {
    const objects = await hoursFrom(hour++, 1);
    commits.push((await timed(() => commit(open(), objects)))[0]);
  }
  const [compactMs] = await timed(() => open().compact({ minObjects: 2 }));
  const [headMs, head] = await fastest(async () => (await open().head()) as Manifest);
  const from = START + (hour - 8 * 168) * HOUR;
  const [readEightWeeksMs] = await fastest(() => open().readAsOf(from > START ? { from } : {}));
  const [readOnlineMs] = await fastest(() => open().readOnline());
  const { size } = await stat(await store.localPath(objectKeys.manifest(DOMAIN, head.number)));
  const years = Math.round((hour / YEAR_HOURS) * 100) / 100;
  const filesInSnapshot = head.packs.length * 2 + head.objects.length;
  const counts = {
    years,
    logEntries: head.number,
    filesInSnapshot,
    manifestKb: rounded(size / 1000),
  };
  return {
    ...counts,
    headMs,
    commitMs: Math.min(...commits),
    compactMs,
    readEightWeeksMs,
    readOnlineMs,
  };
}

const progress = terminalProgress({ clock: systemClock });
const total = Math.round(flags.years * YEAR_HOURS);
const stops = [1 / 30, 1 / 3, 2 / 3, 1].map((share) => Math.round(share * total));
const measured: Measured[] = [];
progress.start('Committing hours', total);
for (const stop of stops) {
  while (hour < stop) {
    const count = Math.min(flags.batch, stop - hour);
    const manifest = await commit(open(), await hoursFrom(hour, count));
    hour += count;
    if (manifest.objects.length >= COMPACT_FROM) await open().compact({ minObjects: COMPACT_FROM });
    progress.update(hour, `${manifest.packs.length} packs`);
  }
  await fillLog(hour);
  measured.push(await measure());
}
progress.stop(`${hour} hours`);
if (flags.folder === undefined) await rm(folder, { recursive: true, force: true });

console.table(measured);
const [first, last] = [measured[0] as Measured, measured.at(-1) as Measured];
for (const what of [
  'headMs',
  'commitMs',
  'readEightWeeksMs',
  'readOnlineMs',
  'filesInSnapshot',
] as const) {
  console.log(
    `${what}: ${(last[what] / first[what]).toFixed(2)} × between ${first.years} and ` +
      `${last.years} years`,
  );
}
if (flags.json)
  await writeFile(
    flags.json,
    `${JSON.stringify({ ...flags, folder: undefined, json: undefined, measured }, null, 2)}\n`,
  );
