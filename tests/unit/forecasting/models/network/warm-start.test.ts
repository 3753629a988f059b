/**
 * Purpose: a fit that goes on from an earlier network keeps what that had learnt, finds its series
 * by id, and refuses what does not fit.
 */
import { beforeAll, describe, expect, test } from '@jest/globals';
import { networkForecaster } from '../../../../../forecasting/models/network/forecaster.ts';
import type { TrainedNetwork } from '../../../../../forecasting/models/network/network.ts';
import {
  type NetworkSpec,
  parameterCount,
} from '../../../../../forecasting/models/network/network.ts';
import {
  type FittedNetwork,
  fitNetwork,
} from '../../../../../forecasting/models/network/training.ts';
import {
  type WarmStart,
  warmStartFrom,
} from '../../../../../forecasting/models/network/warm-start.ts';
import { randomStreams, seededRandom } from '../../../../../platform/random.ts';
import { panelOf } from '../../../../fixtures/random-panels.ts';
import { fitToy, startBackend, toyFit, toyNetwork } from '../../../../fixtures/toy-network.ts';

const LENGTH = 168 * 10;
const HORIZON = 6;
const LAST = 168 * 10 - 100;
const random = seededRandom(2);
const wave = panelOf(
  ['a', 'b'],
  LENGTH,
  (s, t) =>
    10 +
    4 * s +
    2 * Math.sin((2 * Math.PI * t) / 24) +
    3 * Math.sin((2 * Math.PI * t) / (168 * 1.43)) +
    0.2 * random(),
);
const bits = (values: Float32Array) =>
  Buffer.from(values.buffer, values.byteOffset, values.byteLength).toString('base64');

let champion: FittedNetwork;
beforeAll(async () => {
  await startBackend();
  champion = await fitToy(wave, {
    steps: 80,
    batchSize: 64,
    lastTarget: LAST - 24,
    dropout: 0,
    members: 1,
  });
});

/** Weights that differ by series and member. */
function randomNetwork(spec: NetworkSpec): TrainedNetwork {
  const draw = seededRandom(4);
  const members = [1, 2].map(() =>
    Float32Array.from({ length: parameterCount(spec) }, () => draw() - 0.5),
  );
  return { spec, scaling: champion.scaling, members, linear: null, calibration: null };
}

describe('warmStartFrom', () => {
  const ids = ['d', 'c', 'a', 'e'];
  const panel = panelOf(ids, LENGTH, (s, t) => 5 + s + Math.sin((2 * Math.PI * t) / 24));

  test('finds series by id in any order; new ones start like unknown ones', () => {
    const old = randomNetwork(toyNetwork(['a', 'b', 'c']));
    const before = old.members.map(bits);
    const spec = toyNetwork(ids);
    const start = warmStartFrom(old, spec) as WarmStart;
    expect(start.scaling).toBe(old.scaling);
    expect(start.members.map((weights) => weights.length)).toEqual([
      parameterCount(spec),
      parameterCount(spec),
    ]);
    const forecast = (network: TrainedNetwork, of = panel) =>
      bits(networkForecaster(network).predict(of, LENGTH - 1, HORIZON));
    const moved = { ...old, ...start, spec };
    expect(forecast(moved)).toBe(forecast(old));
    // The test can distinguish series: under another's id a series has another forecast.
    const swapped = { ...panel, seriesIds: ['d', 'a', 'c', 'e'] };
    expect(forecast(moved, swapped)).toBe(forecast(old, swapped));
    expect(forecast(moved, swapped)).not.toBe(forecast(moved));
    expect(old.members.map(bits)).toEqual(before);
  });

  test('refuses incompatible networks with the reason', () => {
    const own = toyNetwork(['a']);
    const old = randomNetwork(own);
    const features = (changes: Partial<NetworkSpec['features']>) => ({
      ...own,
      features: { ...own.features, ...changes },
    });
    const column = (name: string) => ({ past: [{ name, mean: 1, deviation: 2 }], future: [] });
    const others: [NetworkSpec, string][] = [
      [
        { ...own, quantiles: [0.2, 0.5, 0.8] },
        'its quantiles are 0.1, 0.5, 0.9, not 0.2, 0.5, 0.8',
      ],
      [{ ...own, width: 16 }, 'its width is 8, not 16'],
      [{ ...own, embeddingSize: 3 }, 'its embeddingSize is 2, not 3'],
      [features({ horizon: 5 }), 'its inputs are others: horizon is 6, not 5'],
      [features({ windowIntervals: 48 }), 'its inputs are others: windowIntervals is 168, not 48'],
      [features({ integerValued: true }), 'integerValued is false, not true'],
      [
        features({ place: { timeZone: 'UTC', holidays: null } }),
        'the time zone is America/New_York, not UTC',
      ],
      [
        features({ place: { ...own.features.place, holidays: null } }),
        'the holiday calendar is US NY, not none',
      ],
      [features({ exogenous: column('rain') }), 'the columns known afterwards is none, not rain'],
    ];
    for (const [spec, reason] of others) expect(warmStartFrom(old, spec)).toContain(reason);
    // A window of a week is the default one.
    expect(typeof warmStartFrom(old, features({ windowIntervals: 168 }))).toBe('object');
    // What standardises a column moves from day to day.
    const rainy = features({ exogenous: column('rain') });
    const later = features({
      exogenous: { past: [{ name: 'rain', mean: 1.5, deviation: 2.5 }], future: [] },
    });
    expect(typeof warmStartFrom(randomNetwork(rainy), later)).toBe('object');
  });
});

describe('a fit of few steps', () => {
  const few = { ...toyFit, steps: 10, batchSize: 32, dropout: 0, peakRate: 1e-3 };
  const spec = toyNetwork(['a', 'b']);
  const learn = (warmStart: WarmStart | null, seed = 1, members = 1) =>
    fitNetwork(wave, spec, LAST, { ...few, members }, randomStreams(seed), () => {}, { warmStart });
  /** Of the network alone: no linear model helps it out, no calibration distrusts it. */
  function error(fitted: TrainedNetwork): number {
    const { predict } = networkForecaster({ ...fitted, linear: null, calibration: null });
    let sum = 0;
    for (let cutoff = LAST; cutoff < LENGTH - HORIZON; cutoff += 7) {
      const values = predict(wave, cutoff, HORIZON);
      for (let s = 0; s < 2; s++)
        for (let k = 0; k < HORIZON; k++)
          sum += Math.abs(
            (wave.columns.target[s * LENGTH + cutoff + 1 + k] as number) -
              (values[(s * 3 + 1) * HORIZON + k] as number),
          );
    }
    return sum;
  }

  test('is better with a warm start, and reproducible by its seed', async () => {
    const start = warmStartFrom(champion, spec) as WarmStart;
    const [cold, warm, again, other] = [
      await learn(null),
      await learn(start),
      await learn(start),
      await learn(start, 2),
    ];
    expect(error(warm)).toBeLessThan(0.7 * error(cold));
    expect(warm.members.map(bits)).toEqual(again.members.map(bits));
    expect(warm.members.map(bits)).not.toEqual(other.members.map(bits));
    // It has learnt something of its own, and the champion is what it was.
    expect(warm.members.map(bits)).not.toEqual(champion.members.map(bits));
    expect(warm.scaling).toBe(champion.scaling);
  });

  test('starts all members from a champion of fewer, each with its own draws', async () => {
    const { members } = await learn(warmStartFrom(champion, spec) as WarmStart, 1, 2);
    expect(new Set(members.map(bits)).size).toBe(2);
  });
});
