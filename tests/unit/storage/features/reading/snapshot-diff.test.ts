/** Purpose: the five kinds of difference between two snapshots, on small ones. */
import { describe, expect, test } from '@jest/globals';
import { exogenousFeed } from '../../../../../storage/features/manifest.ts';
import { hour, NOW } from '../../../../fixtures/storage/features.ts';
import { collected, span, withSnapshots } from '../../../../fixtures/storage/snapshot-diffs.ts';

describe('snapshot diff', () => {
  test('restates only the changed hours of a republished part, and adds the new ones', async () => {
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
      const { diff, rows } = await between('1', '2');
      expect(rows).toEqual([
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

  test('reports known values, values now unknown and new series where absent is unknown', async () => {
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
      expect((await between('1', '2')).rows).toEqual([
        ['a', 0, 'becameUnknown', 1, Number.NaN],
        ['a', 2, 'becameKnown', Number.NaN, 3],
        ['n', 3, 'added', Number.NaN, 9],
      ]);
      expect((await between('2', '1')).rows.map(([id, , kind]) => [id, kind])).toEqual([
        ['a', 'becameKnown'],
        ['a', 'becameUnknown'],
        ['n', 'removed'],
      ]);
    });
  });

  test('sums hours into days and marks exogenous columns', async () => {
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

  test('compares one snapshot at two times, and with itself', async () => {
    const later = { availableAt: NOW + 5 };
    const commits = [[span('x', 0, 3, [['a', 0, 1]])], [span('x', 0, 3, [['a', 0, 2]], later)]];
    await withSnapshots('zero', commits, async ({ features }) => {
      const manifest = await features.manifest('2');
      const at = (knownAt: number) => collected(features, { manifest, knownAt }, { manifest });
      expect((await at(NOW)).rows).toEqual([['a', 0, 'changed', 1, 2]]);
      expect((await at(NOW + 5)).diff).toMatchObject({ series: [], days: [], newParts: [] });
      await expect(at(NOW - 1)).rejects.toMatchObject({ code: 'SNAPSHOT_EMPTY' });
    });
  });

  test('finds a snapshot by number or version, and refuses an unknown one', async () => {
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
