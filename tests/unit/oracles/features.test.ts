/**
 * Purpose: the network's inputs, computed a second time: by name, from a map of timestamps, with
 * local time from Intl.
 */
import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import {
  createFeatureSource,
  type FeatureSource,
} from '../../../forecasting/features/feature-source.ts';
import { featureSizes } from '../../../forecasting/features/feature-spec.ts';
import { createFeatureBatch, writeFeatures } from '../../../forecasting/features/features.ts';
import { type Panel, timestampAt } from '../../../forecasting/panel/panel.ts';
import { runs, stride } from '../../fixtures/property-runs.ts';
import { HOUR, panelDescription, randomPanel, toySpec } from '../../fixtures/random-panels.ts';

const DAY = 24 * HOUR;
const LENGTH = 1368 + 21 * 24;
const HORIZON = 24;
const sizes = featureSizes(toySpec);

/**
 * Panels whose windows lie before, on and behind New York's changes of the clocks of 2023: 12 March
 * and 5 November.
 */
const STARTS = [Date.UTC(2023, 1, 20), Date.UTC(2023, 0, 9), Date.UTC(2023, 8, 4)];

/**
 * The holidays of New York State from 2023-01-01 to 2023-12-31, as far as a public list names them.
 */
const HOLIDAYS = new Set([
  ...[
    '2023-01-01',
    '2023-01-02',
    '2023-01-16',
    '2023-02-12',
    '2023-02-15',
    '2023-02-20',
    '2023-05-29',
    '2023-06-19',
  ],
  ...[
    '2023-07-04',
    '2023-09-04',
    '2023-10-09',
    '2023-11-07',
    '2023-11-11',
    '2023-11-23',
    '2023-12-25',
  ],
]);

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

function readClock(timestamp: number) {
  const part = Object.fromEntries(
    local.formatToParts(timestamp).map(({ type, value }) => [type, value]),
  );
  const date = `${part.year}-${part.month}-${part.day}`;
  const next = new Date(Date.parse(`${date}T00:00:00Z`) + DAY).toISOString().slice(0, 10);
  const minute = Number(part.hour) * 60 + Number(part.minute);
  return {
    minute,
    weekday: part.weekday,
    date,
    next,
    shown: Date.parse(`${date}T00:00:00Z`) + minute * 60_000,
  };
}

/**
 * What the clock on the wall shows in every hour of the year, and in which hour it shows that (the
 * later, where it is two).
 */
const clocks = new Map<number, ReturnType<typeof readClock>>();
const hourOf = new Map<number, number>();
for (let time = Date.UTC(2022, 11, 1); time < Date.UTC(2024, 0, 15); time += HOUR) {
  const clock = readClock(time);
  clocks.set(time, clock);
  hourOf.set(clock.shown, time);
}
const localParts = (time: number) => clocks.get(time) as ReturnType<typeof readClock>;

/**
 * The hour in which the clock on the wall showed what it shows at `time`, `days` calendar days
 * earlier.
 */
function daysEarlier(time: number, days: number): number {
  const shown = localParts(time).shown - days * DAY;
  // The hour that spring skips stands for nothing: the next one takes its place.
  return hourOf.get(shown) ?? (hourOf.get(shown + HOUR) as number);
}

const mean = (values: number[]): number | null =>
  values.length > 0 ? values.reduce((a, b) => a + b, 0) / values.length : null;
const flat = {
  seed: 1,
  series: 1,
  length: LENGTH,
  scale: 3,
  gapShare: 0,
  zeroShare: 0,
  negative: false,
};
const sum = (values: number[]): number => values.reduce((a, b) => a + b, 0);

/** Everything about one window, by name, in the order in which it is written. */
function oracle(panel: Panel, series: number, cutoffIndex: number, windowIntervals = 168) {
  const known = new Map<number, number>();
  for (let t = 0; t <= cutoffIndex; t++) {
    const value = panel.columns.target[series * panel.length + t] as number;
    if (!Number.isNaN(value)) known.set(timestampAt(panel, t), value);
  }
  const cutoff = timestampAt(panel, cutoffIndex);
  const back = (intervals: number) =>
    Array.from({ length: intervals }, (_, i) => cutoff - (intervals - 1 - i) * HOUR);
  const present = (times: number[]) => times.flatMap((time) => known.get(time) ?? []);
  const lags = (time: number, days: number, count: number) =>
    Array.from({ length: count }, (_, i) => daysEarlier(time, (i + 1) * days));
  const weekLags = (time: number) => lags(time, 7, 4);
  const plainDays = (times: number[]) =>
    times.filter((time) => known.has(time) && !HOLIDAYS.has(localParts(time).date));
  const weekMean = (time: number) => mean(present(plainDays(weekLags(time))));
  /**
   * This hour's share of its own week, over up to 26 weeks: each value against the mean of the 7
   * days before its UTC day.
   */
  const shape = (time: number): number | null => {
    let [above, below] = [0, 0];
    for (const lag of plainDays(lags(time, 7, 26))) {
      const midnight = Math.floor(lag / DAY) * DAY;
      const ownWeek = present(Array.from({ length: 168 }, (_, i) => midnight - (i + 1) * HOUR));
      if (!known.has(lag) || ownWeek.length < 84) continue;
      above += known.get(lag) as number;
      below += mean(ownWeek) as number;
    }
    return below > 0 ? above / below : null;
  };

  const level = (mean(present(back(4 * 168)).map(Math.abs)) ?? 0) || 1e-3;
  const residual = (time: number) => {
    const [value, expected] = [known.get(time), weekMean(time)];
    return value === undefined || expected === null ? 0 : (value - expected) / level;
  };
  const relative = (time: number) => (known.has(time) ? (known.get(time) as number) / level : 1);
  const dayResidual = sum(back(24).map(residual)) / 24;

  const window: [string, number][] = [
    ...back(windowIntervals).map((time): [string, number] => [`value at ${time}`, relative(time)]),
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
    const usual = shape(time);
    const base = usual ?? (expected === null ? 1 : expected / level);
    const offsets = weekLags(time).map((lag) =>
      known.has(lag) ? (known.get(lag) as number) / level - base : 0,
    );
    const against = (value: number | null) => (value === null ? 0 : value / level - base);
    const dayLag = (days: number) => {
      let back = days;
      while (time - back * DAY > cutoff) back++;
      return residual(daysEarlier(time, back));
    };
    const { minute, weekday, date, next } = localParts(time);
    const sundays = (of: number) => {
      const since = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'].indexOf(weekday) || 7;
      return Array.from({ length: 4 }, (_, i) => daysEarlier(of, since + 7 * i));
    };
    const turn = (2 * Math.PI * minute) / 1440;
    const features: [string, number][] = [
      ...offsets.map((offset, w): [string, number] => [`${w + 1} weeks ago`, offset]),
      ['residual a day ago', dayLag(1)],
      ['residual two days ago', dayLag(2)],
      ['mean of 8 weeks', against(mean(present(plainDays(lags(time, 7, 8)))))],
      ['mean of 7 days', against(mean(present(plainDays(lags(time, 1, 7)))))],
      ['the hour before in the weeks', against(weekMean(time - HOUR))],
      ['the hour after in the weeks', against(weekMean(time + HOUR))],
      ['mean of 4 weeks', against(expected)],
      ['usual the hour before', (shape(time - HOUR) ?? base) - base],
      ['usual the hour after', (shape(time + HOUR) ?? base) - base],
      ['base', base],
      ['spread of the weeks', Math.sqrt(sum(offsets.map((offset) => offset ** 2)) / 4)],
      ['fading last residual', residual(cutoff) / Math.sqrt(k)],
      ['mean residual of the day', dayResidual],
      ['sin of the hour', Math.sin(turn)],
      ['cos of the hour', Math.cos(turn)],
      ['sin of the half day', Math.sin(2 * turn)],
      ['cos of the half day', Math.cos(2 * turn)],
      ...['Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat', 'Sun'].map((day): [string, number] => [
        day,
        day === weekday ? 1 : 0,
      ]),
      ['holiday', HOLIDAYS.has(date) ? 1 : 0],
      ['day before a holiday', HOLIDAYS.has(next) ? 1 : 0],
      [
        'the last Sundays, on a holiday',
        HOLIDAYS.has(date) ? against(mean(present(plainDays(sundays(time))))) : 0,
      ],
      [
        'holidays among the weekly lags',
        sum(weekLags(time).map((lag) => (HOLIDAYS.has(localParts(lag).date) ? 1 : 0))) / 4,
      ],
      ['step', k / HORIZON],
      ['nearness', 1 / k],
    ];
    return { base, features };
  });
  return { level, window, steps };
}

/** What differs, by name. */
function differences(source: FeatureSource, series: number, cutoff: number): string[] {
  const { sizes } = source;
  const batch = createFeatureBatch(sizes, HORIZON, 2);
  writeFeatures(source, series, cutoff, batch, 1);
  const expected = oracle(source.panel, series, cutoff, source.spec.windowIntervals);
  if (expected.window.length !== sizes.windowSize)
    return [`${sizes.windowSize} inputs, expected ${expected.window.length}`];
  const found: string[] = [];
  const check = (name: string, actual: number, wanted: number) => {
    if (!(Math.abs(actual - wanted) <= 2e-5 * Math.max(1, Math.abs(wanted))))
      found.push(`${name}: ${actual}, expected ${wanted}`);
  };
  check('level', (batch.level[1] as number) / expected.level, 1);
  for (const [i, [name, wanted]] of expected.window.entries())
    check(name, batch.window[sizes.windowSize + i] as number, wanted);
  for (const [k, { base, features }] of expected.steps.entries()) {
    check(`base of step ${k + 1}`, batch.base[HORIZON + k] as number, base);
    for (const [i, [name, wanted]] of features.entries()) {
      check(
        `${name}, step ${k + 1}`,
        batch.step[(HORIZON + k) * sizes.stepSize + i] as number,
        wanted,
      );
    }
  }
  return found;
}

test('every input has its oracle', () => {
  const source = createFeatureSource(randomPanel(flat), toySpec);
  const { window, steps } = oracle(source.panel, 0, LENGTH - 1);
  expect(window).toHaveLength(sizes.windowSize);
  expect(steps[0]?.features).toHaveLength(sizes.stepSize);
});

test('inputs equal the oracle for random series, gaps and cutoffs', () => {
  fc.assert(
    fc.property(
      panelDescription(LENGTH),
      fc.integer({ min: sizes.trainingHistory - 1, max: LENGTH - 1 }),
      fc.constantFrom(...STARTS),
      (description, cutoff, start) => {
        const source = createFeatureSource({ ...randomPanel(description), start }, toySpec);
        for (let series = 0; series < description.series; series++)
          expect(differences(source, series, cutoff)).toEqual([]);
      },
    ),
    { numRuns: runs(20), seed: 11 },
  );
});

test('another window changes only its own values', () => {
  const windows = fc.constantFrom(1, 12, 24, 30, 48, 96, 167, 168, 169, 336, sizes.trainingHistory);
  fc.assert(
    fc.property(
      panelDescription(LENGTH),
      windows,
      fc.constantFrom(sizes.trainingHistory - 1, sizes.trainingHistory + 100, LENGTH - 1),
      fc.constantFrom(...STARTS),
      (description, windowIntervals, cutoff, start) => {
        const source = createFeatureSource(
          { ...randomPanel(description), start },
          { ...toySpec, windowIntervals },
        );
        for (let series = 0; series < description.series; series++)
          expect(differences(source, series, cutoff)).toEqual([]);
      },
    ),
    { numRuns: runs(30), seed: 12 },
  );
});

test.each([
  ['spring', Date.UTC(2023, 0, 9)],
  ['autumn', Date.UTC(2023, 8, 4)],
])('inputs equal the oracle around the clock change in %s', (_season, start) => {
  const description = {
    seed: 2,
    series: 2,
    length: LENGTH,
    scale: 3,
    gapShare: 0.05,
    zeroShare: 0.1,
    negative: false,
  };
  const source = createFeatureSource({ ...randomPanel(description), start }, toySpec);
  for (let cutoff = sizes.trainingHistory - 1; cutoff < LENGTH; cutoff += stride(7))
    expect(differences(source, cutoff % 2, cutoff)).toEqual([]);
});

test.each([
  ['spring', Date.UTC(2023, 0, 9)],
  ['autumn', Date.UTC(2023, 8, 4)],
])('a series in local time deviates from no lag across the %s clock change', (_season, start) => {
  const values = Float32Array.from(
    { length: LENGTH },
    (_, t) => 1 + localParts(start + t * HOUR).minute / 60,
  );
  const panel = {
    ...randomPanel({ ...flat, length: LENGTH }),
    start,
    columns: { target: values },
  };
  const source = createFeatureSource(panel, toySpec);
  const batch = createFeatureBatch(sizes, HORIZON, 1);
  let compared = 0;
  for (let cutoff = sizes.trainingHistory - 1; cutoff < LENGTH; cutoff += stride(5)) {
    writeFeatures(source, 0, cutoff, batch, 0);
    for (let k = 1; k <= HORIZON; k++) {
      const time = start + (cutoff + k) * HOUR;
      const { minute } = localParts(time);
      // Between 1 and 3 o'clock a lag may have no counterpart.
      if (minute >= 60 && minute < 240) continue;
      // A week of 167 or 169 hours has a mean of its own: near, and an hour off would be 1.
      expect(
        Math.abs((batch.base[k - 1] as number) * (batch.level[0] as number) - 1 - minute / 60),
      ).toBeLessThan(0.1);
      for (let lag = 0; lag < 8; lag++)
        expect(Math.abs(batch.step[(k - 1) * sizes.stepSize + lag] as number)).toBeLessThan(0.01);
      compared++;
    }
  }
  expect(compared).toBeGreaterThan(300);
});

test('a series of zeros has the level 1e-3, and an unknown one has no lag', () => {
  for (const value of [0, Number.NaN]) {
    const panel = {
      ...randomPanel(flat),
      columns: { target: new Float32Array(LENGTH).fill(value) },
    };
    const source = createFeatureSource(panel, toySpec);
    expect(differences(source, 0, LENGTH - 1)).toEqual([]);
    const batch = createFeatureBatch(sizes, HORIZON, 1);
    writeFeatures(source, 0, LENGTH - 1, batch, 0);
    expect(batch.level[0]).toBe(Math.fround(1e-3));
    for (let k = 0; k < HORIZON; k++) {
      expect(batch.base[k]).toBe(value === 0 ? 0 : 1);
      for (let lag = 0; lag < 10; lag++) expect(batch.step[k * sizes.stepSize + lag]).toBe(0);
    }
  }
});

test('silent, new and partly missing series equal the oracle', () => {
  const age = (t: number) => LENGTH - 1 - t;
  const shapes = [
    (t: number) => age(t) >= 8 * 168,
    (t: number) => age(t) < 3 * 168,
    (t: number) => Math.floor(t / 168) % 2 === 0,
    (t: number) => age(t) >= 4 * 168,
  ];
  for (const isKnown of shapes) {
    const panel = randomPanel(flat);
    const target = panel.columns.target.map((value, t) => (isKnown(t) ? value : Number.NaN));
    const source = createFeatureSource({ ...panel, columns: { target } }, toySpec);
    for (const cutoff of [LENGTH - 1, LENGTH - 30, LENGTH - 100])
      expect(differences(source, 0, cutoff)).toEqual([]);
  }
});

test('the eve of a holiday, the holiday and later weeks equal the oracle', () => {
  // Washington's Birthday, 2023-02-20, is the panels' first local day but one; Memorial Day comes
  // 14 weeks later.
  const panel = randomPanel({
    seed: 3,
    series: 1,
    length: 14 * 168,
    scale: 5,
    gapShare: 0,
    zeroShare: 0,
    negative: false,
  });
  const source = createFeatureSource(panel, toySpec);
  for (let cutoff = 13 * 168 + 48; cutoff < panel.length; cutoff += stride(7))
    expect(differences(source, 0, cutoff)).toEqual([]);
  for (
    let cutoff = sizes.trainingHistory - 1;
    cutoff < sizes.trainingHistory + 48;
    cutoff += stride(7)
  )
    expect(differences(source, 0, cutoff)).toEqual([]);
});
