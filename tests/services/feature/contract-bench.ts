/**
 * Purpose: a domain with twelve good weeks in a store, and runs on top of them that are broken in
 * one way each.
 * Invariants: eight series, 32 to 64 events an hour, one row an event with a number of its own; the
 * same every time. The good weeks are built once and copied for each run.
 * Fails: with the run's own error.
 */
import { cp, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Domain, RawPart, RawRows } from '../../../domains/domain.ts';
import { fixedClock } from '../../../runtime/clock.ts';
import type { Expectations } from '../../../runtime/expectations.ts';
import { silentLogger } from '../../../runtime/logger.ts';
import { silentProgress } from '../../../runtime/progress.ts';
import type { QualityReport } from '../../../services/feature/quality-report.ts';
import type { Acceptance } from '../../../services/feature/quarantine-run.ts';
import { runFeatures } from '../../../services/feature/run.ts';
import { openFeatureStore } from '../../../storage/feature-store.ts';
import { fileObjectStore } from '../../../storage/file-object-store.ts';

const WEEK_MS = 604_800_000;
/** A Monday. */
export const FIRST = Date.UTC(2026, 0, 5);
export const WEEKS = 12;
export const NEXT = FIRST + WEEKS * WEEK_MS;
export const AFTER = NEXT + WEEK_MS;

export const domain: Domain = {
  ...{
    name: 'test',
    title: 'Test',
    unit: 'events',
    seriesNoun: 'series',
    frequencyMinutes: 60,
    timeZone: 'UTC',
  },
  ...{
    seasonLengths: [24],
    horizon: 24,
    quantiles: [0.5],
    missing: 'zero',
    nonNegative: true,
    integerValued: true,
    holidays: null,
  },
  ...{ pastExogenous: [], futureExogenous: [], defaultSource: null, quickSource: null },
  expectations: { columns: [{ names: ['began'], kinds: ['time'] }] },
  seriesTitle: (seriesId) => seriesId,
  openSource: () => Promise.reject(new Error('parts are handed over')),
};

/** Loads: one value an hour and series, and an hour without a row is unknown. */
export const measured: Domain = {
  ...domain,
  name: 'measured',
  missing: 'unknown',
  integerValued: false,
};

/** Rows of `weeks` weeks from `from`: id, series, began, length, load. */
export function rowsFrom(from: number, weeks: number): string {
  const start = `make_timestamp(${from} * 1000)`;
  return `(SELECT (${from / 3_600_000} + h) * 1000 + s * 10 + k AS id, 's' || s AS series, ${start} + to_hours(h::INTEGER) + to_seconds(k * 60) AS began,
    1.5 AS length, 100.0 * (s + 1) + (h % 24) AS load
    FROM range(${weeks * 168}) a(h), range(8) b(s), range(9) c(k) WHERE k < 4 + hash(h % 168, s) % 5)`;
}

export interface PartOptions extends Partial<Omit<RawPart, 'open'>> {
  readonly rows?: Partial<RawRows>;
}

export function part(
  name: string,
  relation: string,
  span: RawPart['span'],
  { rows, ...options }: PartOptions = {},
): RawPart {
  return {
    ...{
      name,
      feed: 'one',
      fingerprint: `hash of ${name} ${relation} ${JSON.stringify(rows ?? {})}`,
      span,
    },
    open: async () => ({
      ...{
        relation,
        seriesId: 'series',
        localTime: 'began',
        value: null,
        duplicateKey: ['id'],
        rejections: [],
        ...rows,
      },
    }),
    ...options,
  };
}

/** One value an hour: the first event's. */
export const asLoads = (relation: string): string =>
  `(SELECT * FROM ${relation} WHERE id % 10 = 0)`;
export const MEASURED_ROWS = { value: 'load', duplicateKey: [] as string[] };

export const base = (of: Domain): RawPart =>
  of.missing === 'zero'
    ? part('base', rowsFrom(FIRST, WEEKS), { start: FIRST, end: NEXT })
    : part(
        'base',
        asLoads(rowsFrom(FIRST, WEEKS)),
        { start: FIRST, end: NEXT },
        { rows: MEASURED_ROWS },
      );

export interface RunOptions {
  readonly expectations?: Expectations;
  readonly now?: number;
  readonly accept?: Acceptance;
}

export async function contractBench(of: Domain) {
  const folder = await mkdtemp(join(tmpdir(), 'headway-contract-'));
  const good = join(folder, 'good');
  let copies = 0;

  /** A store of its own: empty, or with the good weeks in it. */
  async function open(filled = true) {
    const root = join(folder, `store-${copies++}`);
    if (filled) await cp(good, root, { recursive: true });
    return opened(root);
  }

  function opened(root: string) {
    const clock = fixedClock(AFTER + 3_600_000);
    const store = fileObjectStore(root);
    const features = openFeatureStore({ store, domain: of.name, clock });
    const said: string[] = [];
    const logger = Object.assign(Object.create(silentLogger) as typeof silentLogger, {
      info: (_fields: object, text: string) => void said.push(`info ${text}`),
      warn: (_fields: object, text: string) => void said.push(`warn ${text}`),
    });
    let seen: QualityReport | null = null;
    return {
      ...{ store, features, clock, said },
      /** The report of the last run, also of one that was refused. */
      report: () => seen as QualityReport | null,
      async run(parts: readonly RawPart[], { expectations, now, accept }: RunOptions = {}) {
        if (now !== undefined) clock.advance(now - clock.now());
        seen = null;
        return runFeatures({
          domain: expectations ? { ...of, expectations } : of,
          source: { description: 'a test', parts: async () => [...parts] },
          ...{
            features,
            clock,
            logger,
            progress: silentProgress,
            workFolder: join(folder, 'work'),
            accept: accept ?? null,
          },
          onReport: async (report) => {
            seen = report;
          },
        });
      },
    };
  }

  await opened(good).run([base(of)], { now: NEXT + 3_600_000 });
  return { open, remove: () => rm(folder, { recursive: true, force: true }) };
}
