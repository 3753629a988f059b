/** Purpose: `diffSnapshots` against two whole panels that are compared value by value. */
import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { Panel } from '../../../forecasting/panel/panel.ts';
import { exogenousFeed } from '../../../storage/features/manifest.ts';
import type { ChangeKind } from '../../../storage/features/reading/value-changes.ts';
import { runs } from '../../fixtures/property-runs.ts';
import { HOUR, hour, type ObjectSpec, type Row } from '../../fixtures/storage/features.ts';
import { span, withSnapshots } from '../../fixtures/storage/snapshot-diffs.ts';

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

test('finds exactly the differences of the two whole panels', async () => {
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
          const { rows, diff } = await between('1', '2');
          expect(rows).toEqual(plainly(before, after, missing));
          expect(Object.values(diff.totals.counts).reduce((sum, n) => sum + n, 0)).toBe(
            rows.length,
          );
        });
      },
    ),
    { seed: 3, numRuns: runs(8) },
  );
});

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
