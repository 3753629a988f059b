/**
 * Purpose: which groups' averages a network learns from, and what that changes.
 */
import { beforeAll, expect, test } from '@jest/globals';
import type { Domain } from '../../../../domains/domain.ts';
import { networkForecaster } from '../../../../forecasting/models/network/forecaster.ts';
import { fitNetwork } from '../../../../forecasting/models/network/training.ts';
import { randomStreams } from '../../../../platform/random.ts';
import { networkSpecOf } from '../../../../services/training/training-config.ts';
import { panelOf } from '../../../fixtures/random-panels.ts';
import { startBackend, toyFit } from '../../../fixtures/toy-network.ts';
import { toyConfig, toyDomain } from '../../../fixtures/toy-store.ts';

const LENGTH = 168 * 10;
const LAST = LENGTH - 1;
const panel = panelOf(['a', 'b', 'c', 'new'], LENGTH, (s, t) =>
  s === 3 ? 0 : 5 + s + 2 * Math.sin((2 * Math.PI * t) / 24),
);
const specOf = (groupsOf: Domain['groupsOf']) =>
  networkSpecOf({ ...toyDomain, ...(groupsOf && { groupsOf }) }, panel, toyConfig, LAST);
const group = (groupId: string) => ({ groupId, title: groupId });

beforeAll(async () => {
  await startBackend();
});

test('a domain without groups has none, and its series alone', () => {
  expect(specOf(undefined)).toMatchObject({ seriesIds: ['a', 'b', 'c'] });
  expect(specOf(undefined).groups).toBeUndefined();
});

test('groups of several series that have begun, and all of them', () => {
  const spec = specOf((id) => [group(id < 'c' ? 'ab' : 'rest')]);
  expect(spec.groups).toEqual([
    { id: 'group all', seriesIds: ['a', 'b', 'c'] },
    { id: 'group ab', seriesIds: ['a', 'b'] },
  ]);
  expect(spec.seriesIds).toEqual(['a', 'b', 'c', 'group all', 'group ab']);
});

test('the same series are averaged once', () => {
  const spec = specOf(() => [group('country'), group('city')]);
  expect(spec.groups).toEqual([{ id: 'group all', seriesIds: ['a', 'b', 'c'] }]);
});

test('members learn from them; the scale and the linear model are of the series alone', async () => {
  const fitted = (groupsOf: Domain['groupsOf']) =>
    fitNetwork(panel, specOf(groupsOf), LAST, { ...toyFit, steps: 3 }, randomStreams(1));
  const [plain, grouped] = [await fitted(undefined), await fitted(() => [group('city')])];
  expect(grouped.scaling).toEqual(plain.scaling);
  expect(grouped.linear).toEqual(plain.linear);
  // One row of the embedding more, and other weights behind it.
  const { embeddingSize } = grouped.spec;
  const [own, others] = [plain.members[0], grouped.members[0]] as [Float32Array, Float32Array];
  expect(others.length).toBe(own.length + embeddingSize);
  expect(others.slice(-10)).not.toEqual(own.slice(-10));
  const values = networkForecaster(grouped).predict(panel, LAST, 3);
  expect(values).toHaveLength(4 * 3 * 3);
  expect(values.every(Number.isFinite)).toBe(true);
});
