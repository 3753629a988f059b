/**
 * Purpose: the domain of docs/fork.md by 5, 15 and 30 minutes, by hours that start at half past, by
 * days, business days and weeks: raw lines, features, a corrected month, a model, a forecast, as a
 * forker would try them; horizons from one interval to beyond the longest season.
 */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { Temporal } from 'temporal-polyfill';
import type { Domain } from '../../../domains/domain.ts';
import { restoreNetwork } from '../../../forecasting/models/network/forecaster.ts';
import { targetOf, timestampAt } from '../../../forecasting/panel/panel.ts';
import { fixedClock } from '../../../platform/clock.ts';
import { silentProgress } from '../../../platform/progress.ts';
import { silentLogger } from '../../../platform/telemetry/logger.ts';
import { startTensorBackend } from '../../../platform/tensorflow/tensor-backend.ts';
import { runFeatures } from '../../../services/feature/run.ts';
import { issueForecasts } from '../../../services/inference/batch/issue-forecasts.ts';
import { reproduce } from '../../../services/training/reproduce.ts';
import { train } from '../../../services/training/train.ts';
import { defaultConfigOf } from '../../../services/training/training-config.ts';
import { openFeatureStore } from '../../../storage/features/feature-store.ts';
import { diffSnapshots } from '../../../storage/features/reading/snapshot-diff.ts';
import { openModelRegistry } from '../../../storage/models/model-registry.ts';
import { fileObjectStore } from '../../../storage/objects/file-object-store.ts';
import { shops } from '../../../tools/example-domain/definition.ts';
import { someOf } from '../../fixtures/property-runs.ts';

const MINUTE = 60_000;
const DAY = 1440 * MINUTE;

interface Case {
  readonly domain: Domain;
  /** Whose wall clock the orders are in. */
  readonly wall: string;
  readonly first: string;
  readonly days: number;
  readonly testDays?: number;
}

const CASES: readonly (readonly [string, Case])[] = [
  [
    'five minutes in New York, over the end of its summer time, and the next interval alone',
    {
      domain: {
        ...shops,
        frequencyMinutes: 5,
        timeZone: 'America/New_York',
        seasonLengths: [288, 2016],
        horizon: 1,
      },
      ...{ wall: 'America/New_York', first: '2023-10-23', days: 24, testDays: 7 },
    },
  ],
  [
    'half hours in Berlin, over the start of its summer time',
    {
      domain: { ...shops, frequencyMinutes: 30, seasonLengths: [48, 336], horizon: 16 },
      ...{ wall: 'Europe/Berlin', first: '2024-03-11', days: 45, testDays: 7 },
    },
  ],
  [
    'hours in Berlin, over the start of its summer time, further ahead than a week',
    {
      domain: { ...shops, horizon: 200 },
      ...{ wall: 'Europe/Berlin', first: '2024-02-26', days: 60, testDays: 14 },
    },
  ],
  [
    'business days in New York, over a change of its clocks',
    {
      domain: {
        ...shops,
        frequencyMinutes: 1440,
        timeZone: 'UTC',
        seasonLengths: [7, 28],
        closedWeekdays: [6, 7],
        missing: 'unknown',
        horizon: 14,
      },
      ...{ wall: 'America/New_York', first: '2023-02-06', days: 300 },
    },
  ],
  [
    'quarters of an hour on Lord Howe Island, over its half hour of summer time',
    {
      domain: {
        ...shops,
        frequencyMinutes: 15,
        timeZone: 'Australia/Lord_Howe',
        seasonLengths: [96, 672],
        horizon: 8,
      },
      ...{ wall: 'Australia/Lord_Howe', first: '2023-08-07', days: 70, testDays: 7 },
    },
  ],
  [
    'hours of Adelaide, which start at half past',
    {
      domain: { ...shops, timeZone: 'Australia/Adelaide', horizon: 6 },
      ...{ wall: 'Australia/Adelaide', first: '2023-08-28', days: 75, testDays: 10 },
    },
  ],
  [
    'weeks from Monday in New York, over both changes of its clocks, further ahead than a year',
    {
      domain: {
        ...shops,
        frequencyMinutes: 10_080,
        timeZone: 'UTC',
        seasonLengths: [52],
        horizon: 54,
      },
      ...{ wall: 'America/New_York', first: '2020-01-06', days: 4 * 364, testDays: 7 * 70 },
    },
  ],
  [
    'days of the calendar in New York, over both changes of its clocks, a leap day and the turn of the year',
    {
      domain: {
        ...shops,
        frequencyMinutes: 1440,
        timeZone: 'UTC',
        seasonLengths: [7, 28],
        horizon: 14,
      },
      ...{ wall: 'America/New_York', first: '2023-02-06', days: 420 },
    },
  ],
];

beforeAll(async () => {
  await startTensorBackend(silentLogger, 'wasm', 'training');
});

describe.each(someOf(CASES))('%s', (_title, { domain, wall, first, days, testDays }) => {
  const midnight = Temporal.PlainDate.from(first).toZonedDateTime(wall);
  const start = midnight.epochMilliseconds;
  const end = midnight.add({ days }).epochMilliseconds;
  const isDated = domain.frequencyMinutes >= 1440;
  const isUnknown = domain.missing === 'unknown';
  let folder: string;
  let now = end + DAY;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'headway-frequency-'));
    await mkdir(join(folder, 'orders'));
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  const open = () => {
    const clock = fixedClock(now);
    const store = fileObjectStore(join(folder, 'store'));
    const context = { rawFolder: folder, clock, logger: silentLogger, progress: silentProgress };
    const features = openFeatureStore({ store, domain: domain.name, clock });
    const registry = openModelRegistry({ store, domain: domain.name, clock });
    const runAgain = async () =>
      runFeatures({
        ...{ ...context, domain, features, workFolder: join(folder, 'work') },
        source: await domain.openSource(join(folder, 'orders'), context),
      });
    return { ...context, features, registry, runAgain };
  };

  /** Two orders at noon, one every three hours: instants, written by the wall clock. */
  function* instants(): Generator<number> {
    for (let at = start; at < end; at += Math.min(60, 2 * domain.frequencyMinutes) * MINUTE) {
      const { hour, minute } = Temporal.Instant.fromEpochMilliseconds(at).toZonedDateTimeISO(wall);
      if (hour === 12 && minute === 0) yield at;
      if (hour % 3 === 0) yield at + 7 * MINUTE;
    }
  }
  const localOf = (at: number) =>
    Temporal.Instant.fromEpochMilliseconds(at).toZonedDateTimeISO(wall).toPlainDateTime();
  /** Where an order belongs: its interval in UTC, or its date. */
  const intervalOf = (at: number): number => {
    const local = localOf(at);
    const date = local.toPlainDate();
    const back = domain.frequencyMinutes === 1440 ? 0 : date.dayOfWeek - 1;
    if (isDated) return Date.parse(`${date.subtract({ days: back })}T00:00Z`);
    return at - ((local.hour * 60 + local.minute) % domain.frequencyMinutes) * MINUTE;
  };
  const isOpen = (at: number) => !domain.closedWeekdays?.includes(localOf(at).dayOfWeek);
  const all = [...instants()].filter(isOpen);
  /** The one that comes late. */
  const late = Math.floor(all.length / 2);
  const write = async (isLate: boolean) => {
    const lines = all.map((at, id) => `${id},1,${localOf(at).toString().replace('T', ' ')}`);
    if (isLate) lines.splice(late, 1);
    await writeFile(
      join(folder, 'orders', 'orders.csv'),
      `order_id,shop,placed_at\n${lines.join('\n')}\n`,
    );
    return lines.length;
  };

  test('counts every order in its interval, and a late order restates only that interval', async () => {
    const { runAgain, features } = open();
    const count = await write(true);
    const { parts } = await runAgain();
    expect(parts.map((part) => part.rejected)).toEqual([{}]);
    expect(parts).toMatchObject([{ rowsIn: count, rowsUsed: count }]);
    now += DAY;
    await write(false);
    await open().runAgain();
    const panel = await features.readAsOf();
    expect(panel.frequencyMinutes).toBe(domain.frequencyMinutes);
    const values = targetOf(panel, 0);
    expect(values.reduce((sum, value) => sum + (value || 0), 0)).toBe(count + 1);
    // Sundays of a change apart (doubled orders are shared), each interval holds what happened in
    // it.
    const expected = new Map<number, number>();
    for (const at of all) expected.set(intervalOf(at), (expected.get(intervalOf(at)) ?? 0) + 1);
    const wrong = [...values.keys()].filter(
      (t) => !Object.is(values[t], expected.get(timestampAt(panel, t)) ?? (isUnknown ? NaN : 0)),
    );
    // Of each changed hour no more than the intervals it has.
    expect(wrong.length).toBeLessThanOrEqual(
      isDated ? 0 : Math.max(4, 120 / domain.frequencyMinutes),
    );

    const [before, after] = [await features.manifest('1'), await features.manifest('2')];
    const diff = await diffSnapshots(features, { manifest: before }, { manifest: after });
    const restated = intervalOf(all[late] as number);
    expect(diff.series).toMatchObject([
      { first: restated, last: restated, absolute: 1, counts: { added: 0, changed: 1 } },
    ]);
    expect(diff.newParts).toMatchObject([{ part: 'rows', publishedAgain: true }]);
  });

  test('trains with default settings, forecasts, and serving equals training', async () => {
    const { features, registry, clock, logger, progress } = open();
    const defaults = defaultConfigOf(domain);
    const fit = { ...defaults.fit, steps: 2, batchSize: 16, members: 1 };
    const config = { ...defaults, fit, testDays: testDays ?? defaults.testDays };
    const { card } = await train({
      ...{ domain, features, registry, clock, logger, progress, config },
      seed: 7,
      backend: 'wasm',
      drawVerdict: () => '<svg/>',
    });
    expect(
      (card.metrics as { all: { network: { count: number } } }).all.network.count,
    ).toBeGreaterThan(4 * domain.horizon);
    await registry.promote({
      modelVersion: card.modelVersion,
      reason: 'for the test',
      evidence: null,
    });
    const { entry } = await issueForecasts({
      ...{ domain, features, registry, restoreForecaster: restoreNetwork, issuedAt: clock.now() },
    });
    expect(entry).toMatchObject({
      seriesIds: ['1'],
      horizon: domain.horizon,
      frequencyMinutes: domain.frequencyMinutes,
    });
    expect(entry.values.every((value) => Number.isFinite(value) && value >= 0)).toBe(true);

    const { model, weights } = await registry.load(card.modelVersion);
    const panel = await features.readAsOf();
    const whole = restoreNetwork(model, weights).predict(panel, panel.length - 1, domain.horizon);
    expect(Array.from(entry.values)).toEqual(Array.from(whole));
    const again = await reproduce({
      ...{ features, registry, modelVersion: card.modelVersion, panelOnly: true, progress },
      startBackend: async () => null,
    });
    expect(again.trainingSet.equal).toBe(true);
  });
});
