/**
 * Purpose: an online view made from the one before is the one that reading everything gives, and is
 * made so where it should be.
 */
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { Panel } from '../../../forecasting/panel/panel.ts';
import { fixedClock } from '../../../platform/clock.ts';
import { withSqlSession } from '../../../platform/duckdb/session.ts';
import { FeatureFiles } from '../../../storage/features/feature-files.ts';
import { openFeatureStore } from '../../../storage/features/feature-store.ts';
import { viewObjects } from '../../../storage/features/manifest.ts';
import { NotShown, nextOnlinePanels } from '../../../storage/features/online/online-increment.ts';
import { joinPanels } from '../../../storage/features/online/online-snapshot.ts';
import { encodeOnlineView } from '../../../storage/features/online/online-view.ts';
import { readSnapshot } from '../../../storage/features/reading/snapshot-reader.ts';
import { memoryObjectStore } from '../../fakes/memory-object-store.ts';
import { runs } from '../../fixtures/property-runs.ts';
import {
  commitObjects,
  makeObjects,
  NOW,
  type ObjectSpec,
  type Row,
  schemaOf,
  temporaryFolder,
} from '../../fixtures/storage/features.ts';

/** The extended view; null where it gave up. */
async function extension(...args: Parameters<typeof nextOnlinePanels>): Promise<Panel | null> {
  try {
    const panels = await nextOnlinePanels(...args);
    return panels && (await joinPanels(panels));
  } catch (error) {
    if (error instanceof NotShown) return null;
    throw error;
  }
}

let folder: string;
let remove: () => Promise<void>;
beforeAll(async () => {
  ({ folder, remove } = await temporaryFolder());
});
afterAll(() => remove());

/**
 * How often the view of the second of two commits was made from that of the first; it must be right
 * whenever it was.
 */
async function increments(
  pairs: readonly (readonly ObjectSpec[])[][],
  missing: 'zero' | 'unknown',
  rangeSeries: number,
): Promise<boolean[]> {
  const made: boolean[] = [];
  const sizes = new Set<number>();
  await withSqlSession(async (session) => {
    for (const [first = [], second = []] of pairs) {
      const store = memoryObjectStore();
      try {
        const features = openFeatureStore({ store, domain: 'toy', clock: fixedClock(NOW) });
        const commit = async (specs: readonly ObjectSpec[]) =>
          commitObjects(features, {
            reason: 'test',
            schema: schemaOf(missing),
            newObjects: await makeObjects(folder, specs),
            onlineIntervals: 8,
            rangeSeries,
          });
        const parent = await commit(first);
        const next = await commit(
          second.map((spec, i) => ({ ...spec, part: `later ${i}`, fingerprint: `later ${i}` })),
        );
        const added = next.objects.slice(parent.objects.length);
        const query = { lastIntervals: 8, rangeSeries };
        const panel = await extension(new FeatureFiles(store), session, parent, next, added, query);
        const { panel: whole } = await readSnapshot(
          new FeatureFiles(store),
          next,
          { lastIntervals: 8 },
          session,
        );
        if (panel) expect(Buffer.compare(encodeOnlineView(panel), encodeOnlineView(whole))).toBe(0);
        // The commit itself made its view from the rows that it had just checked, without asking
        // the SQL engine again.
        const { panel: committed } = await features.readOnline();
        expect(Buffer.compare(encodeOnlineView(committed), encodeOnlineView(whole))).toBe(0);
        sizes.add(viewObjects(next.online).length);
        made.push(panel !== null);
      } finally {
        await store.close();
      }
    }
  });
  // Views of one object, and of several.
  expect(sizes.size > 1).toBe(rangeSeries === 1);
  return made;
}

const row = (id: string, at: number): Row => [id, at, at + 1];
const base: ObjectSpec = {
  span: [0, 10],
  rows: [row('a', 1), row('a', 9), row('b', 6), row('once', 9)],
};
const late = { availableAt: NOW + 1 };

test.each([
  ['zero', 100],
  ['unknown', 100],
  ['zero', 1],
  ['unknown', 1],
] as const)(
  'is used only where it is provably right (missing = %s, ranges of %i)',
  async (missing, rangeSeries) => {
    const cases: [ObjectSpec[], ObjectSpec, boolean][] = [
      [[base], { ...late, span: [10, 11], rows: [row('a', 10), row('new', 10)] }, true],
      [[base], { ...late, span: [12, 13], rows: [] }, true],
      [[base], { ...late, span: [9, 11], rows: [row('a', 9), row('once', 10)] }, true],
      // `once` had its only row where it is replaced
      [[base], { ...late, span: [9, 11], rows: [row('a', 9)] }, false],
      [[base], { ...late, span: [0, 10], rows: [row('a', 9)] }, false], // everything is replaced
      // nothing of the view before is left
      [[base], { ...late, span: [30, 31], rows: [row('a', 30)] }, false],
      // a feed more
      [[base], { ...late, feed: 'other', span: [10, 11], rows: [row('a', 10)] }, false],
      [
        [base, { ...base, feed: 'other' }],
        { ...late, span: [10, 11], rows: [row('a', 10)] },
        missing === 'zero',
      ],
      [[base], { ...late, feed: '@weather', span: [3, 12], rows: [row('heat', 9)] }, true],
    ];
    const made = await increments(
      cases.map(([first, second]) => [
        first.map((spec, i) => ({ ...spec, part: `p${i}` })),
        [second],
      ]),
      missing,
      rangeSeries,
    );
    expect(made).toEqual(cases.map(([, , expected]) => expected));
  },
);

test.each([100, 1])('equals a full view after any commits (ranges of %i)', async (rangeSeries) => {
  const rows = fc.uniqueArray(fc.tuple(fc.constantFrom('a', 'b', 'c'), fc.nat(14)), {
    maxLength: 9,
    selector: (r) => r.join(),
  });
  const spec = fc
    .record({
      feed: fc.constantFrom('main', 'main', 'other', '@weather'),
      start: fc.nat(9),
      length: fc.integer({ min: 1, max: 6 }),
      rows,
    })
    .map(({ feed, start, length, rows: all }): ObjectSpec => {
      const inside = all
        .filter(([, at]) => at >= start && at < start + length)
        .map(([id, at]) => row(id, at));
      return { feed, span: [start, start + length], rows: inside };
    });
  const pair = fc.tuple(
    fc.array(spec, { minLength: 1, maxLength: 3 }),
    fc.array(spec, { minLength: 1, maxLength: 2 }),
  );
  const pairs = fc
    .sample(pair, { numRuns: runs(13), seed: 4 })
    .map(([first, second]) => [
      [base, ...first].map((one, i) => ({ ...one, part: `p${i}` })),
      second.map((one, i) => ({ ...one, availableAt: NOW + (i % 2) })),
    ]);
  for (const missing of ['zero', 'unknown'] as const)
    expect(await increments(pairs, missing, rangeSeries)).toContain(true);
});
