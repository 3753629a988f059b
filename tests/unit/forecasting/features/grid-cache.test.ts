/**
 * Purpose: grid cache give the bits of new ones, are made once a grid, and never grow beyond their
 * bound.
 */
import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import {
  createFeatureBatch,
  createFeatureSource,
  featureSizes,
  writeFeatures,
} from '../../../../forecasting/features/features.ts';
import { gridTables, keepRecent } from '../../../../forecasting/features/grid-cache.ts';
import { runs } from '../../../fixtures/property-runs.ts';
import {
  HISTORY,
  HOUR,
  panelDescription,
  randomPanel,
  toySpec,
} from '../../../fixtures/random-panels.ts';

test('whatever is asked before, the inputs are the same bits as without grid cache', () => {
  const sizes = featureSizes(toySpec);
  const kept = gridTables();
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
        const batches = [undefined, kept].map((tables) => {
          const batch = createFeatureBatch(sizes, toySpec.horizon, 1);
          writeFeatures(createFeatureSource(panel, toySpec, cutoff, tables), 0, cutoff, batch, 0);
          return batch;
        });
        expect(batches[1]).toEqual(batches[0]);
      },
    ),
    { numRuns: runs(25), seed: 6 },
  );
});

test('made once while it is kept; what was used longest ago goes first', () => {
  const made: string[] = [];
  const get = keepRecent<string>(2);
  const ask = (key: string) => get(key, () => `${made.push(key)}`);
  for (const key of ['a', 'b', 'a', 'c', 'a', 'b']) ask(key);
  expect(made).toEqual(['a', 'b', 'c', 'b']);
  expect(() =>
    get('broken', () => {
      throw new RangeError('no');
    }),
  ).toThrow('no');
});
