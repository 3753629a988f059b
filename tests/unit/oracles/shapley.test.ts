/**
 * Purpose: Shapley values, by hand and by their definition: every order in which the players may
 * come, one after another.
 */
import { beforeAll, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { FeatureGroup } from '../../../forecasting/features/feature-spec.ts';
import { explain, shapleyValues } from '../../../forecasting/models/network/explanation.ts';
import {
  type NetworkForecaster,
  networkForecaster,
} from '../../../forecasting/models/network/forecaster.ts';
import { runs } from '../../fixtures/property-runs.ts';
import { ONLINE_INTERVALS, panelOf, randomPanel } from '../../fixtures/random-panels.ts';
import { fitToy, startBackend } from '../../fixtures/toy-network.ts';

function permutations<T>(items: readonly T[]): T[][] {
  if (items.length === 0) return [[]];
  return items.flatMap((item) =>
    permutations(items.filter((other) => other !== item)).map((rest) => [item, ...rest]),
  );
}

/** What each player adds when it comes, on average over all orders. */
function byOrders<T>(
  players: readonly T[],
  worth: (present: ReadonlySet<T>) => number,
): Map<T, number> {
  const sums = new Map(players.map((player) => [player, 0]));
  const orders = permutations(players);
  for (const order of orders) {
    const present = new Set<T>();
    for (const player of order) {
      const before = worth(new Set(present));
      present.add(player);
      sums.set(player, (sums.get(player) as number) + worth(new Set(present)) - before);
    }
  }
  return new Map([...sums].map(([player, sum]) => [player, sum / orders.length]));
}

test('matches the glove game by hand', () => {
  // Player 0 has a left glove, 1 and 2 a right one; a pair is worth 1. (Shapley's own example: 4/6,
  // 1/6, 1/6.)
  const worth = (coalition: number) => ((coalition & 1) > 0 && (coalition & 6) > 0 ? 1 : 0);
  const shares = shapleyValues(3, worth);
  for (const [i, share] of [4 / 6, 1 / 6, 1 / 6].entries())
    expect(shares[i]).toBeCloseTo(share, 14);
  expect([...shapleyValues(0, () => 3)]).toEqual([]);
  expect([...shapleyValues(1, (coalition) => 5 + 2 * coalition)]).toEqual([2]);
});

const game = fc.integer({ min: 1, max: 5 }).chain((players) =>
  fc.array(fc.double({ min: -1e3, max: 1e3, noNaN: true }), {
    minLength: 2 ** players,
    maxLength: 2 ** players,
  }),
);
const playersOf = (worths: readonly number[]) =>
  Array.from({ length: Math.log2(worths.length) }, (_, i) => i);
const maskOf = (present: ReadonlySet<number>) =>
  [...present].reduce((mask, player) => mask | (1 << player), 0);

test('equals the mean over all orders for any game', () => {
  fc.assert(
    fc.property(game, (worths) => {
      const players = playersOf(worths);
      const shares = shapleyValues(players.length, (coalition) => worths[coalition] as number);
      const expected = byOrders(players, (present) => worths[maskOf(present)] as number);
      for (const player of players)
        expect(shares[player]).toBeCloseTo(expected.get(player) as number, 8);
      const sum = shares.reduce((a, b) => a + b, 0);
      expect(sum).toBeCloseTo((worths.at(-1) as number) - (worths[0] as number), 8);
    }),
    { numRuns: runs(100), seed: 1 },
  );
});

test('is symmetric: renamed players exchange their shares', () => {
  fc.assert(
    fc.property(game, (worths) => {
      const n = Math.log2(worths.length);
      const renamed = (coalition: number) => (coalition >> 1) | ((coalition & 1) << (n - 1));
      const shares = shapleyValues(n, (coalition) => worths[coalition] as number);
      const others = shapleyValues(n, (coalition) => worths[renamed(coalition)] as number);
      for (let i = 0; i < n; i++)
        expect(others[i]).toBeCloseTo(shares[(i + n - 1) % n] as number, 8);
    }),
    { numRuns: runs(50), seed: 2 },
  );
});

describe('Shapley values of a network', () => {
  const LENGTH = ONLINE_INTERVALS;
  let network: NetworkForecaster;
  beforeAll(async () => {
    await startBackend();
    network = networkForecaster(
      await fitToy(
        panelOf(['s0'], LENGTH, (_, t) => 3 + Math.sin((2 * Math.PI * t) / 24) + (t % 7) / 7),
      ),
    );
  }, 60_000);

  test('equal the mean contribution of groups over all orders', () => {
    const panel = randomPanel({
      seed: 3,
      series: 1,
      length: LENGTH,
      scale: 3,
      gapShare: 0,
      zeroShare: 0.3,
      negative: false,
    });
    const { parts } = explain(network, panel, 0, LENGTH - 1, 6);
    for (const k of [0, 5]) {
      const expected = byOrders<FeatureGroup>(
        network.inputGroups,
        (present) => network.predictStored(panel, 0, LENGTH - 1, 6, [present]).medians[k] as number,
      );
      for (const [group, share] of expected) {
        expect(parts.find(({ name }) => name === group)?.values[k]).toBeCloseTo(share, 6);
      }
    }
  });
});
