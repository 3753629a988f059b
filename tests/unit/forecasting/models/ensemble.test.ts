/**
 * Purpose: an ensemble forecasts what its members do on average, and is on disk what it was in
 * memory.
 */
import { beforeAll, describe, expect, test } from '@jest/globals';
import {
  networkForecaster,
  restoreNetwork,
  restoreTrained,
  saveNetwork,
} from '../../../../forecasting/models/network/forecaster.ts';
import type { FittedNetwork } from '../../../../forecasting/models/network/training.ts';
import { panelOf } from '../../../fixtures/random-panels.ts';
import { fitToy, startBackend } from '../../../fixtures/toy-network.ts';

const HORIZON = 6;
const LENGTH = 168 * 10;
const MEMBERS = 3;
const panel = panelOf(
  ['a', 'b'],
  LENGTH,
  (s, t) => 3 + 2 * s + Math.sin((2 * Math.PI * t) / 24) + ((t * 7919) % 13) / 13,
);

const bits = (values: Float32Array) =>
  Buffer.from(values.buffer, values.byteOffset, values.byteLength).toString('base64');
let fitted: FittedNetwork;
beforeAll(async () => {
  await startBackend();
  fitted = await fitToy(panel, { members: MEMBERS, steps: 12 });
});

test('every member has its own seeds, whatever members are fitted next to it', async () => {
  expect(new Set(fitted.members.map(bits)).size).toBe(MEMBERS);
  const [alone] = (await fitToy(panel, { members: 1, steps: 12 })).members as [Float32Array];
  expect(bits(alone)).toBe(bits(fitted.members[0] as Float32Array));
});

test('before calibration the median is the mean of the medians of the members', () => {
  const raw = { ...fitted, linear: null, calibration: null };
  const mediansOf = (members: readonly Float32Array[]) => {
    const values = networkForecaster({ ...raw, members }).predict(panel, LENGTH - 1, HORIZON);
    return Array.from(
      { length: 2 * HORIZON },
      (_, i) => values[(Math.floor(i / HORIZON) * 3 + 1) * HORIZON + (i % HORIZON)],
    );
  };
  const each = fitted.members.map((weights) => mediansOf([weights]));
  for (const [i, value] of mediansOf(fitted.members).entries()) {
    const ofMembers = each.map((medians) => medians[i] as number);
    expect(Math.max(...ofMembers)).toBeGreaterThan(Math.min(...ofMembers));
    expect(value).toBeCloseTo(ofMembers.reduce((sum, x) => sum + x, 0) / MEMBERS, 4);
  }
});

describe('saved ensemble', () => {
  const onDisk = () => {
    const { model, weights } = saveNetwork(fitted);
    return { model: JSON.parse(JSON.stringify(model)), weights };
  };

  test('restores members, linear model and every forecast bit for bit', () => {
    const { model, weights } = onDisk();
    const restored = restoreTrained(model, weights);
    expect(restored.members.map(bits)).toEqual(fitted.members.map(bits));
    expect(fitted.linear).not.toBeNull();
    expect(bits(restored.linear as Float32Array)).toBe(bits(fitted.linear as Float32Array));
    expect(restored.calibration).toEqual(fitted.calibration);
    for (const cutoff of [LENGTH - 1, LENGTH - 30])
      expect(bits(restoreNetwork(model, weights).predict(panel, cutoff, HORIZON))).toBe(
        bits(networkForecaster(fitted).predict(panel, cutoff, HORIZON)),
      );
    const saved = saveNetwork(restored);
    expect(Buffer.from(saved.weights).equals(Buffer.from(weights))).toBe(true);
    expect(JSON.parse(JSON.stringify(saved.model))).toEqual(model);
  });

  test('refuses weights of a wrong size or that are not numbers', () => {
    const { model, weights } = onDisk();
    const memberBytes = (fitted.members[0] as Float32Array).byteLength;
    const linearBytes = (fitted.linear as Float32Array).byteLength;
    for (const less of [1, 4, memberBytes, linearBytes, weights.length])
      expect(() => restoreTrained(model, weights.subarray(0, weights.length - less))).toThrow(
        /weights\.bin has \d+ bytes/,
      );
    expect(() => restoreTrained(model, Buffer.concat([weights, weights.subarray(0, 4)]))).toThrow(
      RangeError,
    );
    expect(() => restoreTrained({ ...model, linear: false }, weights)).toThrow(RangeError);
    expect(() => restoreTrained({ ...model, members: MEMBERS + 1 }, weights)).toThrow(RangeError);
    expect(() => restoreTrained({ ...model, members: 0 }, weights)).toThrow('no members');
    const broken = weights.slice();
    broken.fill(0xff, 4, 8);
    expect(() => restoreTrained(model, broken)).toThrow('not numbers');
  });
});
