/** Purpose: how many tiles of a group are shown. */
import { expect, test } from '@jest/globals';
import { tileLimit } from '../../../web/views/now/groups.ts';

/** Zones of New York's taxis, by borough. */
const BOROUGHS = [43, 61, 1, 69, 69, 20];
const sum = (values: readonly number[]) => values.reduce((all, value) => all + value, 0);

test('shows all tiles if they fit, however uneven the groups', () => {
  const total = sum(BOROUGHS);
  expect(BOROUGHS.map((size) => tileLimit(size, total))).toEqual(BOROUGHS);
  expect(tileLimit(400, 400)).toBe(400);
});

test('shows a share by size of too many tiles, and some of each group', () => {
  const sizes = [1, 99, 900];
  const limits = sizes.map((size) => tileLimit(size, 1000));
  expect(limits).toEqual([1, 40, 360]);
});
