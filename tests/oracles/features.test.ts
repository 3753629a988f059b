/** Purpose: the network's inputs, computed a second time: by name, from a map of timestamps, with local time from Intl. */
import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import {
  createFeatureBatch,
  createFeatureSource,
  type FeatureSource,
  featureSizes,
  writeFeatures,
} from '../../forecasting/features.ts';
import { type Panel, timestampAt } from '../../forecasting/panel.ts';
import { HISTORY, HOUR, panelDescription, randomPanel, toySpec } from '../forecasting/random-panels.ts';

const WEEK = 168 * HOUR;
const DAY = 24 * HOUR;
const LENGTH = HISTORY + 180;
const HORIZON = 24;
const sizes = featureSizes(toySpec);

/** US holidays that fall into the panels' span (February to April 2023) or just behind it. */
const HOLIDAYS = new Set(['2023-01-02', '2023-01-16', '2023-02-20', '2023-05-29']);

const local = new Intl.DateTimeFormat('en-CA', {
  timeZone: 'America/New_York',
  hourCycle: 'h23',
  weekday: 'short',
  year: 'numeric',
  month: '2-digit',
  day: '2-digit',
  hour: '2-digit',
  minute: '2-digit',
});

function localParts(timestamp: number) {
  const part = Object.fromEntries(local.formatToParts(timestamp).map(({ type, value }) => [type, value]));
  const date = `${part.year}-${part.month}-${part.day}`;
  const next = new Date(Date.parse(`${date}T00:00:00Z`) + DAY).toISOString().slice(0, 10);
  return { minute: Number(part.hour) * 60 + Number(part.minute), weekday: part.weekday, date, next };
}

/** The wall clock at `timestamp`, as if it showed UTC. */
function wallClock(timestamp: number): number {
  const { date, minute } = localParts(timestamp);
  return Date.parse(`${date}T00:00:00Z`) + minute * 60_000;
}

/** The interval whose wall clock stood `back` before that of `timestamp`: an hour off where the clocks changed between. */
const earlier = (timestamp: number, back: number): number =>
  timestamp - back + (wallClock(timestamp) - timestamp) - (wallClock(timestamp - back) - (timestamp - back));

const mean = (values: number[]): number | null => (values.length > 0 ? values.reduce((a, b) => a + b, 0) / values.length : null);
const sum = (values: number[]): number => values.reduce((a, b) => a + b, 0);

/** Everything about one window, by name, in the order in which it is written. */
function oracle(panel: Panel, series: number, cutoffIndex: number) {
  const known = new Map<number, number>();
  for (let t = 0; t <= cutoffIndex; t++) {
    const value = panel.columns.target[series * panel.length + t] as number;
    if (!Number.isNaN(value)) known.set(timestampAt(panel, t), value);
  }
  const cutoff = timestampAt(panel, cutoffIndex);
  const back = (intervals: number) => Array.from({ length: intervals }, (_, i) => cutoff - (intervals - 1 - i) * HOUR);
  const present = (times: number[]) => times.flatMap((time) => known.get(time) ?? []);
  const weekLags = (time: number, weeks = [1, 2, 3, 4]) => weeks.map((w) => earlier(time, w * WEEK));
  const weekMean = (time: number) => mean(present(weekLags(time)));

  const level = (mean(present(back(4 * 168)).map(Math.abs)) ?? 0) || 1e-3;
  const residual = (time: number) => {
    const [value, expected] = [known.get(time), weekMean(time)];
    return value === undefined || expected === null ? 0 : (value - expected) / level;
  };
  const relative = (time: number) => (known.has(time) ? (known.get(time) as number) / level : 1);
  const dayResidual = sum(back(24).map(residual)) / 24;

  const window: [string, number][] = [
    ...back(168).map((time): [string, number] => [`value at ${time}`, relative(time)]),
    ...back(48).map((time): [string, number] => [`residual at ${time}`, residual(time)]),
    ['log level', Math.log(level)],
    ['mean of the day', sum(back(24).map(relative)) / 24],
    ['mean of the week', sum(back(168).map(relative)) / 168],
    ['mean residual of the day', dayResidual],
  ];

  const steps = Array.from({ length: HORIZON }, (_, i) => {
    const k = i + 1;
    const time = cutoff + k * HOUR;
    const expected = weekMean(time);
    const base = expected === null ? 1 : expected / level;
    const offsets = weekLags(time).map((lag) => (known.has(lag) ? (known.get(lag) as number) / level - base : 0));
    const dayLag = (days: number) => {
      let back = days * DAY;
      while (time - back > cutoff) back += DAY;
      return residual(earlier(time, back));
    };
    const fromBase = (value: number | null) => (value === null ? 0 : value / level - base);
    const dayLags = [1, 2, 3, 4, 5, 6, 7].map((d) => earlier(time, d * DAY));
    const { minute, weekday, date, next } = localParts(time);
    const turn = (2 * Math.PI * minute) / 1440;
    const features: [string, number][] = [
      ...offsets.map((offset, w): [string, number] => [`${w + 1} weeks ago`, offset]),
      ['residual a day ago', dayLag(1)],
      ['residual two days ago', dayLag(2)],
      ['mean of 8 weeks', fromBase(mean(present(weekLags(time, [1, 2, 3, 4, 5, 6, 7, 8]))))],
      ['mean of 7 days', fromBase(mean(present(dayLags)))],
      ['mean of 4 weeks, an hour before', fromBase(weekMean(time - HOUR))],
      ['mean of 4 weeks, an hour after', fromBase(weekMean(time + HOUR))],
      ['base', base],
      ['spread of the weeks', Math.sqrt(sum(offsets.map((offset) => offset ** 2)) / 4)],
      ['fading last residual', residual(cutoff) / Math.sqrt(k)],
      ['mean residual of the day', dayResidual],
      ['sin of the hour', Math.sin(turn)],
      ['cos of the hour', Math.cos(turn)],
      ['sin of the half day', Math.sin(2 * turn)],
      ['cos of the half day', Math.cos(2 * turn)],
      ...['Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat', 'Sun'].map((day): [string, number] => [day, day === weekday ? 1 : 0]),
      ['holiday', HOLIDAYS.has(date) ? 1 : 0],
      ['day before a holiday', HOLIDAYS.has(next) ? 1 : 0],
      ['holidays among the weekly lags', sum(weekLags(time).map((lag) => (HOLIDAYS.has(localParts(lag).date) ? 1 : 0))) / 4],
      ['step', k / HORIZON],
      ['nearness', 1 / k],
    ];
    return { base, features };
  });
  return { level, window, steps };
}

/** What differs, by name. */
function differences(source: FeatureSource, series: number, cutoff: number): string[] {
  const batch = createFeatureBatch(sizes, HORIZON, 2);
  writeFeatures(source, series, cutoff, batch, 1);
  const expected = oracle(source.panel, series, cutoff);
  const found: string[] = [];
  const check = (name: string, actual: number, wanted: number) => {
    if (!(Math.abs(actual - wanted) <= 2e-5 * Math.max(1, Math.abs(wanted))))
      found.push(`${name}: ${actual}, expected ${wanted}`);
  };
  check('level', (batch.level[1] as number) / expected.level, 1);
  for (const [i, [name, wanted]] of expected.window.entries()) check(name, batch.window[sizes.windowSize + i] as number, wanted);
  for (const [k, { base, features }] of expected.steps.entries()) {
    check(`base of step ${k + 1}`, batch.base[HORIZON + k] as number, base);
    for (const [i, [name, wanted]] of features.entries()) {
      check(`${name}, step ${k + 1}`, batch.step[(HORIZON + k) * sizes.stepSize + i] as number, wanted);
    }
  }
  return found;
}

test('every input has its oracle', () => {
  const source = createFeatureSource(
    randomPanel({ seed: 1, series: 1, length: LENGTH, scale: 1, gapShare: 0, zeroShare: 0, negative: false }),
    toySpec,
  );
  const { window, steps } = oracle(source.panel, 0, LENGTH - 1);
  expect(window).toHaveLength(sizes.windowSize);
  expect(steps[0]?.features).toHaveLength(sizes.stepSize);
});

test('inputs equal the oracle’s, for random series, gaps and cutoffs', () => {
  fc.assert(
    fc.property(
      panelDescription(LENGTH),
      fc.integer({ min: sizes.historyIntervals - 1, max: LENGTH - 1 }),
      (description, cutoff) => {
        const source = createFeatureSource(randomPanel(description), toySpec);
        for (let series = 0; series < description.series; series++) expect(differences(source, series, cutoff)).toEqual([]);
      },
    ),
    { numRuns: 25, seed: 11 },
  );
});

test('the day before a holiday, the holiday and the weeks after it', () => {
  // Washington's Birthday, 2023-02-20, is the panels' first local day but one; Memorial Day comes 14 weeks later.
  const panel = randomPanel({ seed: 3, series: 1, length: 15 * 168, scale: 5, gapShare: 0, zeroShare: 0, negative: false });
  const source = createFeatureSource(panel, toySpec);
  for (let cutoff = 14 * 168 - 40; cutoff < panel.length; cutoff += 7) expect(differences(source, 0, cutoff)).toEqual([]);
  for (let cutoff = HISTORY - 1; cutoff < HISTORY + 48; cutoff += 7) expect(differences(source, 0, cutoff)).toEqual([]);
});

test('after the clocks have changed, a lag is still the same hour of the day', () => {
  // New York goes forward on 2023-03-12. Every value is its own local hour; so is every lag, and so is the mean of the lags.
  const panel = randomPanel({ seed: 1, series: 1, length: LENGTH, scale: 1, gapShare: 0, zeroShare: 0, negative: false });
  const hours = panel.columns.target.map((_, t) => 1 + Math.floor(localParts(timestampAt(panel, t)).minute / 60));
  const source = createFeatureSource({ ...panel, columns: { target: hours } }, toySpec);
  const batch = createFeatureBatch(sizes, HORIZON, 1);
  // Cutoffs in the first four weeks of summer time look back across the change.
  for (const days of [1, 5, 12, 20, 27]) {
    const cutoff = (Date.UTC(2023, 2, 12, 20) + days * DAY - panel.start) / HOUR;
    if (cutoff < HISTORY - 1 || cutoff >= LENGTH) continue;
    writeFeatures(source, 0, cutoff, batch, 0);
    for (let k = 0; k < HORIZON; k++) {
      const hour = 1 + Math.floor(localParts(timestampAt(panel, cutoff + 1 + k)).minute / 60);
      expect((batch.base[k] as number) * (batch.level[0] as number)).toBeCloseTo(hour, 4);
    }
  }
});
