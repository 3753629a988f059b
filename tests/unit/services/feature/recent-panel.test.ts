/**
 * Purpose: what a run is judged by, of more series than fit into memory: a sample, the same of what
 * was and of what will be.
 */
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { onlyRows } from '../../../../forecasting/panel/panel.ts';
import { fixedClock } from '../../../../platform/clock.ts';
import { recentPanel } from '../../../../services/feature/recent-panel.ts';
import { openFeatureStore } from '../../../../storage/features/feature-store.ts';
import { memoryObjectStore } from '../../../fakes/memory-object-store.ts';
import {
  commitObjects,
  makeObjects,
  NOW,
  type ObjectSpec,
  type Row,
  schemaOf,
  temporaryFolder,
} from '../../../fixtures/storage/features.ts';
import { toyDomain } from '../../../fixtures/toy-store.ts';

const IDS = Array.from({ length: 60 }, (_, i) => `series ${String(i).padStart(2, '0')}`);
const domain = { ...toyDomain, name: 'toy', frequencyMinutes: 60 };

let folder: string;
let remove: () => Promise<void>;
beforeAll(async () => {
  ({ folder, remove } = await temporaryFolder());
});
afterAll(() => remove());

const hours = (from: number, to: number): ObjectSpec => ({
  part: `${from}`,
  fingerprint: `${from}-${to}`,
  span: [from, to],
  rows: IDS.flatMap((id, i) =>
    Array.from({ length: to - from }, (_, k): Row => [id, from + k, 100 * i + from + k]),
  ),
});

test.each([1, 100])(
  'a sample is of the same series, before and now (ranges of %i)',
  async (size) => {
    const store = memoryObjectStore();
    const features = openFeatureStore({ store, domain: 'toy', clock: fixedClock(NOW) });
    const head = await commitObjects(features, {
      ...{ reason: 'test', schema: schemaOf('zero'), rangeSeries: size },
      newObjects: await makeObjects(folder, [hours(0, 6)]),
    });
    // The last hour is published again, as it was, and a new one with it.
    const again = { ...hours(5, 7), availableAt: NOW + 1 };
    const staged = await features.stage(schemaOf('zero'), await makeObjects(folder, [again]));
    const whole = await recentPanel({ domain, features, head, staged });
    expect([whole.oneIn, whole.panel.seriesIds, whole.before?.seriesIds]).toEqual([1, IDS, IDS]);
    expect([...whole.fresh]).toEqual([0, 0, 0, 0, 0, 0, 1]);

    const sample = await recentPanel({ domain, features, head, staged, maxJudged: 100 });
    expect(sample.oneIn).toBe(5);
    const { seriesIds } = sample.panel;
    expect(seriesIds.length).toBeGreaterThan(3);
    expect(seriesIds.length).toBeLessThan(30);
    expect(sample.before?.seriesIds).toEqual(seriesIds);
    const rows = seriesIds.map((id) => IDS.indexOf(id));
    expect(sample.panel).toEqual(onlyRows(whole.panel, rows));
    expect([sample.fresh, sample.covered]).toEqual([whole.fresh, whole.covered]);
    await store.close();
  },
);
