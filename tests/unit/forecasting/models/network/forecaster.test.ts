/**
 * Purpose: what a forecast promises, whatever the series; and that a network on disk is the one
 * that was fitted.
 */
import { beforeAll, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { naiveForecasters } from '../../../../../forecasting/models/baselines/naive.ts';
import type { Forecaster } from '../../../../../forecasting/models/forecaster.ts';
import {
  networkForecaster,
  restoreNetwork,
  type SavedNetwork,
  saveNetwork,
} from '../../../../../forecasting/models/network/forecaster.ts';
import type { FittedNetwork } from '../../../../../forecasting/models/network/training.ts';
import type { Panel } from '../../../../../forecasting/panel/panel.ts';
import {
  changedAfter,
  HISTORY,
  lastOf,
  ONLINE_INTERVALS,
  panelDescription,
  panelOf,
  randomPanel,
} from '../../../../fixtures/random-panels.ts';
import { fitToy, startBackend } from '../../../../fixtures/toy-network.ts';

const HORIZON = 6;
const LENGTH = ONLINE_INTERVALS + 50;
const LAST = LENGTH - 1;
const Q = 3;

let fitted: FittedNetwork;
let network: Forecaster;
let forecasters: Forecaster[];
beforeAll(async () => {
  await startBackend();
  const wave = panelOf(
    ['s0', 's1'],
    LENGTH,
    (s, t) => 3 + 2 * s + Math.sin((2 * Math.PI * t) / 24) + ((t * 7919) % 13) / 13,
  );
  fitted = await fitToy(wave);
  network = networkForecaster(fitted);
  forecasters = [...naiveForecasters(168), network];
}, 60_000);

const bits = (values: Float32Array) =>
  Buffer.from(values.buffer, values.byteOffset, values.byteLength).toString('base64');
const onlySeries = (panel: Panel, s: number): Panel => ({
  ...panel,
  seriesIds: [panel.seriesIds[s] as string],
  columns: { target: panel.columns.target.slice(s * panel.length, (s + 1) * panel.length) },
});

test('reads nothing after the cutoff', () => {
  fc.assert(
    fc.property(
      panelDescription(LENGTH),
      fc.integer({ min: 200, max: LAST }),
      fc.constantFrom(Number.NaN, 0, 1e9),
      (description, cutoff, value) => {
        const panel = randomPanel(description);
        const changed = changedAfter(panel, cutoff, () => value);
        for (const { predict } of forecasters)
          expect(bits(predict(changed, cutoff, HORIZON))).toBe(
            bits(predict(panel, cutoff, HORIZON)),
          );
      },
    ),
    { numRuns: 5, seed: 1 },
  );
});

test('a long panel and the serving panel give the same bits', () => {
  fc.assert(
    fc.property(panelDescription(LENGTH), (description) => {
      const panel = randomPanel(description);
      const recent = lastOf(panel, ONLINE_INTERVALS);
      expect(bits(network.predict(recent, recent.length - 1, HORIZON))).toBe(
        bits(network.predict(panel, LAST, HORIZON)),
      );
    }),
    { numRuns: 5, seed: 2 },
  );
});

test('zeros, gaps, unknown and new series get finite, ordered, non-negative forecasts', () => {
  fc.assert(
    fc.property(panelDescription(LENGTH), fc.boolean(), (description, isUnknown) => {
      const panel = randomPanel(description);
      const named = isUnknown
        ? { ...panel, seriesIds: panel.seriesIds.map((id) => `never seen ${id}`) }
        : panel;
      const values = network.predict(named, LAST, HORIZON);
      expect(values).toHaveLength(description.series * Q * HORIZON);
      for (let s = 0; s < description.series; s++) {
        for (let k = 0; k < HORIZON; k++) {
          const [low, median, high] = [0, 1, 2].map(
            (q) => values[(s * Q + q) * HORIZON + k] as number,
          );
          expect([low, median, high].every(Number.isFinite)).toBe(true);
          expect(low).toBeGreaterThanOrEqual(0);
          expect(median).toBeGreaterThanOrEqual(low as number);
          expect(high).toBeGreaterThanOrEqual(median as number);
        }
      }
      for (const naive of naiveForecasters(168))
        expect(naive.predict(named, LAST, HORIZON).every(Number.isFinite)).toBe(true);
    }),
    { numRuns: 5, seed: 3 },
  );
});

test('forecasts a history of one week as one with earlier weeks unknown', () => {
  const panel = randomPanel({
    seed: 4,
    series: 2,
    length: LENGTH,
    scale: 3,
    gapShare: 0,
    zeroShare: 0,
    negative: false,
  });
  const week = lastOf(panel, 168);
  const blanked = {
    ...panel,
    columns: {
      target: panel.columns.target.map((y, i) => (i % LENGTH < LENGTH - 168 ? Number.NaN : y)),
    },
  };
  expect(bits(network.predict(week, 167, HORIZON))).toBe(
    bits(network.predict(blanked, LAST, HORIZON)),
  );
});

test('all-zero series are forecast close to zero', () => {
  const values = network.predict(
    panelOf(['s0'], LENGTH, () => 0),
    LAST,
    HORIZON,
  );
  for (const value of values) expect(value).toBeLessThan(0.1);
});

test('naive forecasts scale exactly with the series', () => {
  fc.assert(
    fc.property(panelDescription(LENGTH), fc.constantFrom(0.125, 2, 1024), (description, c) => {
      const panel = randomPanel(description);
      const scaled = { ...panel, columns: { target: panel.columns.target.map((y) => y * c) } };
      for (const { predict } of naiveForecasters(168)) {
        expect(predict(scaled, LAST, 200)).toEqual(predict(panel, LAST, 200).map((y) => y * c));
      }
    }),
    { numRuns: 5, seed: 5 },
  );
});

test('a shorter horizon is the start of a longer one', () => {
  const panel = randomPanel({
    seed: 6,
    series: 2,
    length: LENGTH,
    scale: 3,
    gapShare: 0.05,
    zeroShare: 0.3,
    negative: false,
  });
  const whole = network.predict(panel, LAST, HORIZON);
  const short = network.predict(panel, LAST, 2);
  for (let row = 0; row < 2 * Q; row++) {
    expect([...short.subarray(row * 2, row * 2 + 2)]).toEqual([
      ...whole.subarray(row * HORIZON, row * HORIZON + 2),
    ]);
  }
});

test('many series and single series give the same bits', () => {
  const panel = randomPanel({
    seed: 7,
    series: 300,
    length: HISTORY + 24,
    scale: 3,
    gapShare: 0.05,
    zeroShare: 0.3,
    negative: false,
  });
  const together = network.predict(panel, panel.length - 1, HORIZON);
  for (const s of [0, 1, 77, 255, 256, 299]) {
    const alone = network.predict(onlySeries(panel, s), panel.length - 1, HORIZON);
    expect(bits(alone)).toBe(bits(together.subarray(s * Q * HORIZON, (s + 1) * Q * HORIZON)));
  }
});

test('repeated predictions have the same bits', () => {
  const panel = randomPanel({
    seed: 8,
    series: 3,
    length: LENGTH,
    scale: 3,
    gapShare: 0,
    zeroShare: 0,
    negative: false,
  });
  expect(bits(network.predict(panel, LAST, HORIZON))).toBe(
    bits(network.predict(panel, LAST, HORIZON)),
  );
});

describe('saved network', () => {
  const panel = randomPanel({
    seed: 9,
    series: 2,
    length: LENGTH,
    scale: 3,
    gapShare: 0.05,
    zeroShare: 0.3,
    negative: false,
  });
  const saved = () => {
    const { model, weights } = saveNetwork(fitted);
    return { model: JSON.parse(JSON.stringify(model)) as SavedNetwork, weights };
  };

  test('gives the same bits after restoring', () => {
    const { model, weights } = saved();
    const restored = restoreNetwork(model, weights);
    expect(restored.quantiles).toEqual([0.1, 0.5, 0.9]);
    expect(restored.minimumHistory).toBe(network.minimumHistory);
    expect(bits(restored.predict(panel, LAST, HORIZON))).toBe(
      bits(network.predict(panel, LAST, HORIZON)),
    );
  });

  test('has the same bytes when saved again', () => {
    expect(saved().weights).toEqual(saved().weights);
    expect(saved().model).toEqual(saved().model);
  });

  test('reads weights in the middle of a larger buffer', () => {
    const { model, weights } = saved();
    const shifted = new Uint8Array(weights.length + 3).subarray(3);
    shifted.set(weights);
    expect(bits(restoreNetwork(model, shifted).predict(panel, LAST, HORIZON))).toBe(
      bits(network.predict(panel, LAST, HORIZON)),
    );
  });

  test.each<[string, (model: SavedNetwork) => unknown]>([
    ['null', () => null],
    ['text', () => 'network'],
    ['an empty object', () => ({})],
    ['another kind', (model) => ({ ...model, kind: 'forest' })],
    ['another format', (model) => ({ ...model, format: 1 })],
    ['another architecture', (model) => ({ ...model, spec: { ...model.spec, width: 9 } })],
    [
      'features of another size',
      (model) => ({ ...model, scaling: { ...model.scaling, stepMean: [0] } }),
    ],
  ])('refuses a model.json that is %s with a RangeError', (_title, change) => {
    const { model, weights } = saved();
    expect(() => restoreNetwork(change(model), weights)).toThrow(RangeError);
  });

  test.each<[string, (weights: Uint8Array) => Uint8Array]>([
    ['empty', () => new Uint8Array(0)],
    ['short', (weights) => weights.slice(0, -4)],
    ['cut within a number', (weights) => weights.slice(0, -1)],
    ['long', (weights) => Uint8Array.from([...weights, 0, 0, 0, 0])],
  ])('refuses weights that are %s with a RangeError', (_title, change) => {
    const { model, weights } = saved();
    expect(() => restoreNetwork(model, change(weights))).toThrow(RangeError);
  });

  // Known gaps: a TypeError that names no file, or NaN forecasts. The registry's hashes keep such
  // files out of service.
  test.each<[string, (model: SavedNetwork) => unknown]>([
    ['no architecture', ({ spec: _spec, ...model }) => model],
    ['no scaling', ({ scaling: _scaling, ...model }) => model],
    ['half a scaling', (model) => ({ ...model, scaling: { ...model.scaling, windowScale: [1] } })],
    [
      'a scaling that is no number',
      (model) => ({ ...model, scaling: { ...model.scaling, outputScale: null } }),
    ],
    ['no median', (model) => ({ ...model, spec: { ...model.spec, quantiles: [0.1, 0.4, 0.9] } })],
  ])('refuses a model.json with %s with a RangeError', (_title, change) => {
    const { model, weights } = saved();
    expect(() => restoreNetwork(change(model), weights)).toThrow(RangeError);
  });

  test('refuses weights that are not numbers with a RangeError', () => {
    const { model, weights } = saved();
    expect(() =>
      restoreNetwork(
        model,
        weights.map((byte, i) => (i < 4 ? 255 : byte)),
      ),
    ).toThrow(RangeError);
  });

  test('refuses a horizon or history that does not fit with a RangeError', () => {
    expect(() => network.predict(panel, LAST, HORIZON + 1)).toThrow(/horizon 7 is outside 1…6/);
    expect(() => network.predict(panel, LAST, 0)).toThrow(RangeError);
    expect(() => network.predict(panel, LENGTH, HORIZON)).toThrow(RangeError);
    expect(() => network.predict(lastOf(panel, 100), 99, HORIZON)).toThrow(
      /needs 168 intervals up to the cutoff, there are 100/,
    );
  });
});

test('many panels of any length and cutoff give the bits of single predictions', () => {
  fc.assert(
    fc.property(
      fc.array(
        fc.record({
          description: panelDescription(400),
          cutoff: fc.integer({ min: 200, max: 399 }),
        }),
        {
          minLength: 1,
          maxLength: 6,
        },
      ),
      fc.constantFrom(1, 90),
      (windows, times) => {
        const cut = windows.map(({ description, cutoff }) => ({
          panel: randomPanel(description),
          cutoff,
        }));
        const many = Array.from({ length: times }, () => cut).flat();
        const together = network.predictEach?.(many, HORIZON) ?? [];
        const alone = cut.map(({ panel, cutoff }) => bits(network.predict(panel, cutoff, HORIZON)));
        expect(together.map(bits)).toEqual(many.map((_, i) => alone[i % alone.length]));
      },
    ),
    { numRuns: 5, seed: 1 },
  );
});
