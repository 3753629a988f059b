/**
 * Purpose: cached tables give the bits of new ones, are made once a grid, and stay within their
 * bound.
 */
import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import {
  createFeatureSource,
  gridTables,
} from '../../../../forecasting/features/feature-source.ts';
import { featureSizes } from '../../../../forecasting/features/feature-spec.ts';
import { createFeatureBatch, writeFeatures } from '../../../../forecasting/features/features.ts';
import { recentCache } from '../../../../forecasting/features/recent-cache.ts';
import {
  HISTORY,
  HOUR,
  panelDescription,
  randomPanel,
  toySpec,
} from '../../../fixtures/random-panels.ts';

test('inputs have the same bits with and without cached tables', () => {
  const sizes = featureSizes(toySpec);
  const cached = gridTables();
  fc.assert(
    // Few starts, so that grids return; starts hours apart, so that they differ by zone changes and
    // holidays too.
    fc.property(
      panelDescription(HISTORY),
      fc.integer({ min: 0, max: 3 }),
      fc.integer({ min: 0, max: 2 }),
      (description, shift, back) => {
        const panel = {
          ...randomPanel({ ...description, series: 1 }),
          start: randomPanel(description).start + shift * 400 * HOUR,
        };
        const cutoff = HISTORY - 1 - back;
        const batches = [undefined, cached].map((tables) => {
          const batch = createFeatureBatch(sizes, toySpec.horizon, 1);
          writeFeatures(createFeatureSource(panel, toySpec, cutoff, tables), 0, cutoff, batch, 0);
          return batch;
        });
        expect(batches[1]).toEqual(batches[0]);
      },
    ),
    { numRuns: 5, seed: 6 },
  );
});

test('computes a cached value once and evicts the least recently used first', () => {
  const made: string[] = [];
  const get = recentCache<{ nth: number }>(2);
  const ask = (key: string) => get(key, () => ({ nth: made.push(key) }));
  for (const key of ['a', 'b', 'a', 'c', 'a', 'b']) ask(key);
  expect(made).toEqual(['a', 'b', 'c', 'b']);
  expect(() =>
    get('broken', () => {
      throw new RangeError('no');
    }),
  ).toThrow('no');
});
