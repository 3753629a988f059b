/**
 * Purpose: `diffSnapshots` against two panels compared value by value, and the five kinds of
 * difference on small snapshots.
 */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { Panel } from '../../../../../forecasting/panel/panel.ts';
import { fixedClock } from '../../../../../platform/clock.ts';
import { openFeatureStore } from '../../../../../storage/features/feature-store.ts';
import { exogenousFeed } from '../../../../../storage/features/manifest.ts';
import { diffSnapshots } from '../../../../../storage/features/reading/snapshot-diff.ts';
import type {
  ChangeKind,
  SeriesChanges,
} from '../../../../../storage/features/reading/value-changes.ts';
import { memoryObjectStore } from '../../../../fakes/memory-object-store.ts';
import {
  HOUR,
  hour,
  makeObjects,
  NOW,
  type ObjectSpec,
  type Row,
  schemaOf,
  temporaryFolder,
} from '../../../../fixtures/storage/features.ts';

let folder: string;
let remove: () => Promise<void>;
beforeAll(async () => {
  ({ folder, remove } = await temporaryFolder());
});
afterAll(() => remove());

/** Commits each list of objects as a snapshot, and gives the store to look at. */
async function withSnapshots(
  missing: 'zero' | 'unknown',
  commits: readonly (readonly ObjectSpec[])[],
  look: (context: {
    store: ReturnType<typeof memoryObjectStore>;
    features: ReturnType<typeof openFeatureStore>;
    between(from: string, to: string): ReturnType<typeof collected>;
  }) => Promise<void>,
): Promise<void> {
  const store = memoryObjectStore();
  try {
    const features = openFeatureStore({ store, domain: 'toy', clock: fixedClock(NOW) });
    for (const specs of commits) {
      await features.commit({
        reason: 'test',
        schema: schemaOf(missing),
        newObjects: await makeObjects(folder, specs),
      });
    }
    const between = async (from: string, to: string) =>
      collected(
        features,
        { manifest: await features.manifest(from) },
        { manifest: await features.manifest(to) },
      );
    await look({ store, features, between });
  } finally {
    await store.close();
  }
}

async function collected(...[features, from, to]: Parameters<typeof diffSnapshots>) {
  const changes: SeriesChanges[] = [];
  const diff = await diffSnapshots(features, from, to, (of) => void changes.push(of));
  const told = changes.flatMap(({ seriesId, timestamps, kinds, before, after }) =>
    timestamps.map((time, i) => [seriesId, (time - hour(0)) / HOUR, kinds[i], before[i], after[i]]),
  );
  return { diff, told };
}

const span = (
  part: string,
  start: number,
  end: number,
  rows: readonly Row[],
  more: Partial<ObjectSpec> = {},
): ObjectSpec => ({
  ...{ part, fingerprint: `${part} ${JSON.stringify(rows)}`, span: [start, end], rows },
  ...more,
});

describe('what differs', () => {
  test('a part published again: only its hours are restated, and new hours are told apart', async () => {
    const before = [
      span('jan', 0, 3, [
        ['a', 0, 1],
        ['a', 1, 2],
        ['b', 2, 5],
      ]),
    ];
    const after = [
      span('jan', 0, 3, [
        ['a', 0, 1],
        ['a', 1, 4.5],
        ['c', 2, 1],
      ]),
      span('feb', 3, 5, [['a', 3, 7]]),
    ];
    await withSnapshots('zero', [before, after], async ({ between }) => {
      const { diff, told } = await between('1', '2');
      expect(told).toEqual([
        ['a', 1, 'changed', 2, 4.5],
        ['a', 3, 'added', Number.NaN, 7],
        ['a', 4, 'added', Number.NaN, 0],
        // An absent row means zero: b is a series no more, and is 0.
        ['b', 2, 'changed', 5, 0],
        ['b', 3, 'added', Number.NaN, 0],
        ['b', 4, 'added', Number.NaN, 0],
        ['c', 2, 'changed', 0, 1],
        ['c', 3, 'added', Number.NaN, 0],
        ['c', 4, 'added', Number.NaN, 0],
      ]);
      expect(diff.totals).toEqual({
        counts: { added: 6, changed: 3, removed: 0, becameKnown: 0, becameUnknown: 0 },
        absolute: 2.5 + 5 + 1,
      });
      expect(diff.newParts.map(({ part, publishedAgain }) => [part, publishedAgain])).toEqual([
        ['jan', true],
        ['feb', false],
      ]);
      expect(diff.goneParts).toEqual([]);
      expect(diff.series[0]).toMatchObject({
        ...{ seriesId: 'a', exogenous: false, first: hour(1), last: hour(4), absolute: 2.5 },
        largest: { timestamp: hour(1), before: 2, after: 4.5 },
      });
      // Backwards, what was added is removed.
      const back = await between('2', '1');
      expect(back.diff.totals.counts).toEqual({
        added: 0,
        changed: 3,
        removed: 6,
        becameKnown: 0,
        becameUnknown: 0,
      });
    });
  });

  test('where absent means unknown: known, unknown again, and a series that is new', async () => {
    const first = [
      span('x', 0, 4, [
        ['a', 0, 1],
        ['a', 1, 2],
      ]),
    ];
    const second = [
      span('x', 0, 4, [
        ['a', 1, 2],
        ['a', 2, 3],
        ['n', 3, 9],
      ]),
    ];
    await withSnapshots('unknown', [first, second], async ({ between }) => {
      expect((await between('1', '2')).told).toEqual([
        ['a', 0, 'becameUnknown', 1, Number.NaN],
        ['a', 2, 'becameKnown', Number.NaN, 3],
        ['n', 3, 'added', Number.NaN, 9],
      ]);
      expect((await between('2', '1')).told.map(([id, , kind]) => [id, kind])).toEqual([
        ['a', 'becameKnown'],
        ['a', 'becameUnknown'],
        ['n', 'removed'],
      ]);
    });
  });

  test('days sum up what their hours say, and columns beside the demand are told as such', async () => {
    const weather = (value: number) =>
      span('w', 0, 48, [['rain', 30, value]], { feed: exogenousFeed('weather') });
    const demand = (value: number) =>
      span('d', 0, 48, [
        ['a', 1, value],
        ['a', 30, value],
      ]);
    await withSnapshots(
      'zero',
      [
        [demand(1), weather(1)],
        [demand(3), weather(2)],
      ],
      async ({ between }) => {
        const { diff } = await between('1', '2');
        expect(diff.days).toMatchObject([
          { day: hour(0), absolute: 2, counts: { changed: 1 } },
          { day: hour(24), absolute: 3, counts: { changed: 2 } },
        ]);
        expect(diff.series.map(({ seriesId, exogenous }) => [seriesId, exogenous])).toEqual([
          ['a', false],
          ['rain', true],
        ]);
      },
    );
  });

  test('one snapshot at two times, and itself', async () => {
    const later = { availableAt: NOW + 5 };
    const commits = [[span('x', 0, 3, [['a', 0, 1]])], [span('x', 0, 3, [['a', 0, 2]], later)]];
    await withSnapshots('zero', commits, async ({ features }) => {
      const manifest = await features.manifest('2');
      const at = (knownAt: number) => collected(features, { manifest, knownAt }, { manifest });
      expect((await at(NOW)).told).toEqual([['a', 0, 'changed', 1, 2]]);
      expect((await at(NOW + 5)).diff).toMatchObject({ series: [], days: [], newParts: [] });
      await expect(at(NOW - 1)).rejects.toMatchObject({ code: 'SNAPSHOT_EMPTY' });
    });
  });

  test('a snapshot is found by number and by version; another is refused', async () => {
    await withSnapshots('zero', [[span('x', 0, 1, [['a', 0, 1]])]], async ({ features }) => {
      const head = await features.head();
      expect(await features.manifest('1')).toEqual(head);
      expect(await features.manifest(head?.snapshotVersion as string)).toEqual(head);
      for (const wrong of ['2', '0', '1-000000000000', 'head', '01', '-1', '1-']) {
        await expect(features.manifest(wrong)).rejects.toMatchObject({ code: 'OBJECT_NOT_FOUND' });
      }
    });
  });
});

const specs: fc.Arbitrary<ObjectSpec[]> = fc.array(
  fc
    .record({
      feed: fc.constantFrom('one', 'one', 'two', exogenousFeed('w')),
      start: fc.integer({ min: 0, max: 20 }),
      length: fc.integer({ min: 1, max: 12 }),
      rows: fc.uniqueArray(
        fc.tuple(fc.constantFrom('a', 'b', 'é'), fc.nat(11), fc.integer({ min: 0, max: 2 })),
        {
          maxLength: 9,
          selector: ([id, at]) => `${id} ${at}`,
        },
      ),
      print: fc.nat(),
    })
    .map(({ feed, start, length, rows, print }) => ({
      ...{
        feed,
        part: `p${start % 3}`,
        fingerprint: `${print}`,
        span: [start, start + length] as const,
      },
      rows: rows
        .filter(([, at]) => at < length)
        .map(([id, at, value]): Row => [id, start + at, value]),
    })),
  { minLength: 1, maxLength: 3 },
);

test('it tells exactly what a comparison of the two whole panels finds', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom('zero' as const, 'unknown' as const),
      specs,
      specs,
      async (missing, first, second) => {
        const base: ObjectSpec = span('base', 4, 9, [['a', 5, 1]], { feed: 'one' });
        await withSnapshots(missing, [[base, ...first], second], async ({ features, between }) => {
          const head = await features.head();
          if (head?.number === 1) return;
          const [before, after] = [
            await features.readAsOf({ snapshotVersion: '1' }),
            await features.readAsOf({ snapshotVersion: '2' }),
          ];
          const { told, diff } = await between('1', '2');
          expect(told).toEqual(plainly(before, after, missing));
          expect(Object.values(diff.totals.counts).reduce((sum, n) => sum + n, 0)).toBe(
            told.length,
          );
        });
      },
    ),
    { seed: 3, numRuns: 8 },
  );
}, 90_000);

/** The plainest comparison: every id and column, every hour. */
function plainly(before: Panel, after: Panel, missing: 'zero' | 'unknown') {
  const valueIn = (panel: Panel, id: string, isColumn: boolean, t: number): number | null => {
    const index = (hour(t) - panel.start) / HOUR;
    if (index < 0 || index >= panel.length) return null;
    if (isColumn) return panel.exogenous?.[id]?.[index] ?? null;
    const series = panel.seriesIds.indexOf(id);
    if (series >= 0) return panel.columns.target[series * panel.length + index] as number;
    if (missing === 'unknown' || panel.seriesIds.length === 0) return null;
    return Number.isNaN(panel.columns.target[index]) ? Number.NaN : 0;
  };
  const found: unknown[][] = [];
  const look = (id: string, isColumn: boolean) => {
    for (let t = 0; t < 40; t++) {
      const [was, is] = [valueIn(before, id, isColumn, t), valueIn(after, id, isColumn, t)];
      if (Object.is(was ?? Number.NaN, is ?? Number.NaN)) continue;
      let kind: ChangeKind = 'changed';
      if (was === null || Number.isNaN(was)) kind = was === null ? 'added' : 'becameKnown';
      else if (is === null || Number.isNaN(is)) kind = is === null ? 'removed' : 'becameUnknown';
      found.push([id, t, kind, was ?? Number.NaN, is ?? Number.NaN]);
    }
  };
  for (const id of ['a', 'b', 'é'])
    if ([before, after].some(({ seriesIds }) => seriesIds.includes(id))) look(id, false);
  for (const id of ['a', 'b', 'é']) look(id, true);
  return found;
}
