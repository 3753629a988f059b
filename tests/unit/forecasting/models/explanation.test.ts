/**
 * Purpose: an explanation adds up to the forecast that is served, covers only what the network
 * looks at, and sees no future.
 */
import { beforeAll, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import {
  FEATURE_GROUPS,
  type FeatureGroup,
  featureGroups,
  featureSizes,
} from '../../../../forecasting/features/feature-spec.ts';
import {
  checkSum,
  type Explanation,
  explain,
} from '../../../../forecasting/models/network/explanation.ts';
import {
  type NetworkForecaster,
  networkForecaster,
} from '../../../../forecasting/models/network/forecaster.ts';
import type { TrainedNetwork } from '../../../../forecasting/models/network/network.ts';
import { parameterShapes, sizeOf } from '../../../../forecasting/models/network/network.ts';
import { runs } from '../../../fixtures/property-runs.ts';
import {
  changedAfter,
  lastOf,
  ONLINE_INTERVALS,
  panelDescription,
  panelOf,
  randomPanel,
} from '../../../fixtures/random-panels.ts';
import { fitToy, startBackend } from '../../../fixtures/toy-network.ts';

const HORIZON = 6;
const LENGTH = ONLINE_INTERVALS + 50;
const LAST = LENGTH - 1;

let fitted: TrainedNetwork;
let network: NetworkForecaster;
let counting: NetworkForecaster;
beforeAll(async () => {
  await startBackend();
  const wave = panelOf(
    ['s0', 's1'],
    LENGTH,
    (s, t) => 3 + 2 * s + Math.sin((2 * Math.PI * t) / 24) + ((t * 7919) % 13) / 13,
  );
  fitted = await fitToy(wave);
  network = networkForecaster(fitted);
  const features = { ...fitted.spec.features, integerValued: true };
  counting = networkForecaster({ ...fitted, spec: { ...fitted.spec, features } });
}, 60_000);

const median = (
  forecaster: NetworkForecaster,
  ...question: Parameters<NetworkForecaster['predict']>
) => [...forecaster.predict(...question)].slice(HORIZON, 2 * HORIZON);
const partOf = ({ parts }: Explanation, name: string) =>
  parts.find((part) => part.name === name)?.values as number[];
const plain = randomPanel({
  seed: 4,
  series: 2,
  length: LENGTH,
  scale: 3,
  gapShare: 0.05,
  zeroShare: 0,
  negative: false,
});

test('baseline and parts sum to the served median at every step', () => {
  fc.assert(
    fc.property(
      panelDescription(LENGTH),
      fc.integer({ min: 200, max: LAST }),
      fc.boolean(),
      (description, cutoff, isCount) => {
        const panel = randomPanel(description);
        const forecaster = isCount ? counting : network;
        for (let s = 0; s < description.series; s++) {
          const { baseline, parts, forecast } = explain(forecaster, panel, s, cutoff, HORIZON);
          const served = [...forecaster.predict(panel, cutoff, HORIZON)];
          expect(forecast).toEqual(served.slice((s * 3 + 1) * HORIZON, (s * 3 + 2) * HORIZON));
          for (const [k, value] of forecast.entries()) {
            const terms = [
              baseline[k] as number,
              ...parts.map(({ values }) => values[k] as number),
            ];
            const sum = terms.reduce((a, b) => a + b, 0);
            expect(Math.abs(sum - value)).toBeLessThanOrEqual(
              1e-12 * Math.max(...terms.map(Math.abs)),
            );
          }
        }
      },
    ),
    { numRuns: runs(25), seed: 1 },
  );
});

test('names parts in the order of the sum, with the usual forecast as baseline', () => {
  const { baseline, parts } = explain(network, plain, 0, LAST, HORIZON);
  expect(parts.map(({ name }) => name)).toEqual([
    'typical',
    'recent',
    'weeks',
    'calendar',
    'series',
    'rounding',
  ]);
  const usual = networkForecaster({ ...fitted, members: [], linear: null, calibration: null });
  expect(baseline).toEqual(median(usual, plain, LAST, HORIZON));
});

test('rounding is zero without rounding, and the rounding of counts otherwise', () => {
  expect(partOf(explain(network, plain, 0, LAST, HORIZON), 'rounding')).toEqual(
    new Array(HORIZON).fill(0),
  );
  const { forecast, ...whole } = explain(counting, plain, 0, LAST, HORIZON);
  const unrounded = median(network, plain, LAST, HORIZON);
  expect(forecast.every(Number.isInteger)).toBe(true);
  for (const [k, value] of partOf({ forecast, ...whole }, 'rounding').entries())
    expect(value).toBeCloseTo(Math.round(unrounded[k] as number) - (unrounded[k] as number), 12);
});

/** The network with every weight at 0 that reads an input of the group. */
function blindTo(group: FeatureGroup): NetworkForecaster {
  const { spec } = fitted;
  const weights = (fitted.members[0] as Float32Array).slice();
  const columns = featureGroups(spec.features);
  const { windowSize } = featureSizes(spec.features);
  let at = 0;
  for (const { name, shape } of parameterShapes(spec)) {
    const [inputs, outputs] = shape as [number, number];
    for (let i = 0; i < inputs; i++) {
      const isOfWindow =
        name === 'encoder1' &&
        (columns.window[i] === group || (i >= windowSize && group === 'series'));
      if (isOfWindow || (name === 'head.step' && columns.step[i] === group))
        weights.fill(0, at + i * outputs, at + (i + 1) * outputs);
    }
    at += sizeOf(shape);
  }
  // The linear model's columns: an intercept, the step's, and of the window what follows the week.
  const { week, horizon } = spec.features;
  const groups = [null, ...columns.step, ...columns.window.slice(week)];
  const linear =
    fitted.linear?.map((x, i) => (groups[i % groups.length] === group ? 0 : x)) ?? null;
  expect(linear?.length).toBe(groups.length * horizon);
  return networkForecaster({ ...fitted, members: [weights], linear });
}

test.each(FEATURE_GROUPS.filter((group) => group !== 'exogenous'))(
  'a network without weights for %s gets no contribution from it',
  (group) => {
    const seen = explain(network, plain, 0, LAST, HORIZON);
    expect(Math.max(...partOf(seen, group).map(Math.abs))).toBeGreaterThan(1e-6);
    const blind = explain(blindTo(group), plain, 0, LAST, HORIZON);
    expect(partOf(blind, group)).toEqual(new Array(HORIZON).fill(0));
    for (const other of ['recent', 'weeks', 'calendar', 'series'].filter((name) => name !== group))
      expect(Math.max(...partOf(blind, other).map(Math.abs))).toBeGreaterThan(0);
  },
);

test('without its series group a series is forecast as an unknown one', () => {
  const stranger = { ...plain, seriesIds: ['never seen', 's1'] };
  const all = new Set(network.inputGroups);
  const without = new Set(network.inputGroups.filter((group) => group !== 'series'));
  const [one, other] = [plain, stranger].map((panel) => [
    ...network.predictStored(panel, 0, LAST, HORIZON, [without, all]).medians,
  ]) as [number[], number[]];
  expect(one.slice(0, HORIZON)).toEqual(other.slice(0, HORIZON));
  expect(one.slice(HORIZON)).not.toEqual(other.slice(HORIZON));
});

test('reads nothing after the cutoff', () => {
  fc.assert(
    fc.property(
      panelDescription(LENGTH),
      fc.integer({ min: 200, max: LAST - 1 }),
      fc.constantFrom(Number.NaN, 0, 1e9),
      (description, cutoff, value) => {
        const panel = randomPanel(description);
        const changed = changedAfter(panel, cutoff, () => value);
        expect(explain(network, changed, 0, cutoff, HORIZON)).toEqual(
          explain(network, panel, 0, cutoff, HORIZON),
        );
      },
    ),
    { numRuns: runs(10), seed: 2 },
  );
});

test('gives the same explanation for long and serving panels, one series and many', () => {
  const recent = lastOf(plain, ONLINE_INTERVALS);
  const alone = {
    ...plain,
    seriesIds: ['s1'],
    columns: { target: plain.columns.target.slice(LENGTH) },
  };
  const whole = explain(network, plain, 1, LAST, HORIZON);
  expect(explain(network, recent, 1, ONLINE_INTERVALS - 1, HORIZON)).toEqual(whole);
  expect(explain(network, alone, 0, LAST, HORIZON)).toEqual(whole);
});

test('a shorter horizon is explained as the start of a longer one', () => {
  const whole = explain(network, plain, 0, LAST, HORIZON);
  const short = explain(network, plain, 0, LAST, 2);
  for (const [i, { values }] of short.parts.entries())
    expect(values).toEqual(whole.parts[i]?.values.slice(0, 2));
});

describe('inconsistent explanations', () => {
  const lying = (change: (median: number) => number): NetworkForecaster => ({
    ...network,
    predict: (...question) => network.predict(...question).map(change),
  });
  test.each<[string, (median: number) => number]>([
    ['another forecast', (value) => value + 0.01],
    ['one further off than rounding goes', (value) => Math.round(value) + 1],
    ['no number', () => Number.NaN],
  ])('refuses %s', (_title, change) => {
    expect(() => explain(lying(change), plain, 0, LAST, HORIZON)).toThrow(/explanation|explained/);
  });

  test('refuses a coalition that is not a number', () => {
    const broken: NetworkForecaster = {
      ...network,
      predictStored: (...question) => {
        const { baseline, medians } = network.predictStored(...question);
        return {
          baseline,
          medians: medians.map((value, i) => (i === HORIZON ? Number.NaN : value)),
        };
      },
    };
    expect(() => explain(broken, plain, 0, LAST, HORIZON)).toThrow(/sums to NaN/);
  });

  test('refuses changed parts that no longer sum', () => {
    const whole = explain(network, plain, 0, LAST, HORIZON);
    expect(() => checkSum(whole)).not.toThrow();
    const [first, ...rest] = whole.parts as [Explanation['parts'][number], ...Explanation['parts']];
    const values = first.values.map((value, k) => (k === 3 ? value + 1e-6 : value));
    expect(() => checkSum({ ...whole, parts: [{ ...first, values }, ...rest] })).toThrow(
      'the explanation of step 4 sums to',
    );
  });

  test('refuses short histories and long horizons as predict does', () => {
    expect(() => explain(network, plain, 0, 100, HORIZON)).toThrow(/needs 168 intervals/);
    expect(() => explain(network, plain, 0, LAST, HORIZON + 1)).toThrow(/horizon 7/);
  });
});
