/**
 * Purpose: what the ledger costs and how fast it is read: a million rows a day, appended hour by
 * hour, compacted, and one series' month queried. `--days 30` (default 31), `--all` for a year.
 * Invariants: rows are those of 217 series, 24 steps, 8 forecasters and 24 hours; numbers are
 * drawn, which compress worse than forecasts do. Nothing is left behind.
 * Fails: with the store's errors.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { systemClock } from '../platform/clock.ts';
import { seededRandom } from '../platform/random.ts';
import { type LedgerIssue, openLedger } from '../storage/ledger/ledger.ts';
import { fileObjectStore } from '../storage/objects/file-object-store.ts';

const SERIES = Array.from({ length: 217 }, (_, i) => `series-${String(i).padStart(4, '0')}`);
const HORIZON = 24;
const QUANTILES = [0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95];
const SHADOWS = 7;
const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const START = Date.UTC(2025, 0, 1);
const QUERIES = 15;

const DAYS_A_MONTH = 365 / 12;

function option(name: string, usual: number): number {
  const argument = process.argv.indexOf(name);
  return argument > 0 ? Number(process.argv[argument + 1]) : usual;
}
const days = process.argv.includes('--all') ? 365 : option('--days', 31);
const monthsBefore = option('--before', 0);
const random = seededRandom(7);

/** What serves has seven quantiles, as have half of the shadows; baselines have their median. */
function issuesOf(issuedAt: number, seriesIds: readonly string[] = SERIES): LedgerIssue[] {
  return Array.from({ length: 1 + SHADOWS }, (_, f) => {
    const quantiles = f < 4 ? QUANTILES : [0.5];
    const about = { role: f === 0 ? 'serving' : 'shadow', origin: 'batch' } as const;
    return {
      ...about,
      ...{ issuedAt, cutoff: issuedAt - HOUR, snapshotVersion: `${issuedAt / HOUR}-abcdefabcdef` },
      forecaster: f < 4 ? 'network' : `baseline_${f}`,
      modelVersion: f < 4 ? `20250101T00000${f}Z-abcdefabcdef` : null,
      ...{ fallback: null, mean: null, quantiles, horizon: HORIZON, frequencyMinutes: 60 },
      seriesIds,
      values: Float32Array.from(
        { length: seriesIds.length * quantiles.length * HORIZON },
        () => 100 * random(),
      ),
    };
  });
}

const median = (all: readonly number[]): number =>
  [...all].sort((a, b) => a - b)[all.length >> 1] as number;

async function timed(work: () => Promise<unknown>): Promise<number> {
  const began = systemClock.elapsedMs();
  await work();
  return systemClock.elapsedMs() - began;
}

const folder = await mkdtemp(path.join(tmpdir(), 'headway-bench-ledger-'));
try {
  const store = fileObjectStore(folder);
  let now = START;
  const open = () => openLedger({ store, domain: 'bench', clock: { now: () => now } });
  const ledger = open();
  const appends: number[] = [];
  const compactions: number[] = [];
  for (let day = 0; day < days; day++) {
    for (let hour = 0; hour < 24; hour++) {
      now = START + day * DAY + hour * HOUR;
      const issues = issuesOf(now);
      appends.push(await timed(() => ledger.append(issues)));
    }
    now = START + (day + 1) * DAY + 3 * HOUR;
    compactions.push(await timed(() => ledger.compact({ now })));
  }
  const parts = await ledger.parts();
  const rows = parts.reduce((sum, part) => sum + part.rows, 0);
  const bytes = parts.reduce((sum, part) => sum + part.bytes, 0);
  for (let day = 1; day <= monthsBefore * DAYS_A_MONTH; day++)
    await ledger.append(issuesOf(START - day * DAY, SERIES.slice(0, 1)));
  const last = START + (days - 1) * DAY;
  const month = { from: last - 30 * DAY, until: last + DAY };
  const ofSeries = (i: number) => ({ ...month, seriesIds: [SERIES[(i * 31) % 217] as string] });
  const sql = 'SELECT forecaster, step, avg(q50) FROM ledger GROUP BY 1, 2';
  const query = (one: typeof ledger, i: number) =>
    timed(() => one.query({ sql, range: ofSeries(i), maxRows: 1000 }));
  const first = [];
  const warm = [];
  for (let i = 0; i < QUERIES; i++) {
    // A reader that has checked no file yet, and one that has.
    const reader = open();
    first.push(await query(reader, i));
    warm.push(await query(reader, i));
  }
  const reads = [];
  for (let i = 0; i < QUERIES; i++) reads.push(await timed(() => ledger.read(ofSeries(i))));
  const ms = (value: number) => `${Math.round(value)} ms`;
  process.stdout.write(
    [
      `days ${days}, rows ${rows}, live parts ${parts.length}, ` +
        `and ${(await ledger.parts()).length - parts.length} of the months before`,
      `store ${(bytes / 1e6).toFixed(0)} MB, ${(bytes / rows).toFixed(1)} bytes a row`,
      `append of an hour (${Math.round(rows / days / 24)} rows): median ${ms(median(appends))}`,
      `daily compaction: median ${ms(median(compactions))}, ` +
        `with a month's ${ms(Math.max(...compactions))}`,
      `one series' month by SQL: median ${ms(median(warm))}, ` +
        `hashes checked first ${ms(median(first))}`,
      `one series' month as issues: median ${ms(median(reads))}`,
      '',
    ].join('\n'),
  );
} finally {
  await rm(folder, { recursive: true, force: true });
}
