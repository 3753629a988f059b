/** Purpose: which parts of a feed may share an interval; the integration test runs them. */
import { expect, test } from '@jest/globals';
import type { RawPart } from '../../../../../domains/domain.ts';
import type { AggregatedPart } from '../../../../../services/feature/aggregation/aggregate.ts';
import { refuseOverlap } from '../../../../../services/feature/sources/part-overlap.ts';
import type { Segment } from '../../../../../storage/features/manifest.ts';

const HOUR = 3_600_000;
const spanOf = (from: number, to: number) => ({ start: from * HOUR, end: to * HOUR });

/** A part that this run has read; its span is stated by the source or follows from its rows. */
function read(name: string, from: number, to: number, isStated = false, feed = 'main') {
  const span = spanOf(from, to);
  const part = { name, feed, span: isStated ? span : null } as RawPart;
  return { part, span } as AggregatedPart;
}
const stored = (part: string, from: number, to: number) =>
  ({ part, feed: 'main', span: spanOf(from, to) }) as Segment;

const check = (fresh: AggregatedPart[], committed: Segment[] = [], present: string[] = []) =>
  refuseOverlap({
    ...{ fresh, committed },
    present: [
      ...fresh.map(({ part }) => part),
      ...present.map((name) => ({ name, feed: 'main' }) as RawPart),
    ],
  });

test.each<[string, ...Parameters<typeof check>]>([
  ['two parts of one run', [read('a', 0, 5), read('b', 3, 7)]],
  ['stated spans', [read('a', 0, 5, true), read('b', 3, 7, true)]],
  ['a committed part of the source', [read('b', 3, 7, true)], [stored('a', 0, 5)], ['a']],
  ['a part that is gone, without a stated span', [read('b', 3, 7)], [stored('a', 0, 5)]],
])('refuses an overlap of %s, with both names and the time', (_what, ...parts) => {
  expect(() => check(...parts)).toThrow(
    'the parts "a" and "b" of the feed "main" both cover 1970-01-01T03:00:00.000Z to 1970-01-01T05:00:00.000Z',
  );
});

test.each<[string, ...Parameters<typeof check>]>([
  ['parts that meet', [read('a', 0, 3), read('b', 3, 7)]],
  ['parts of two feeds', [read('a', 0, 5), read('b', 3, 7, false, 'other')]],
  ['a new version of a part', [read('a', 0, 5)], [stored('a', 0, 5)], ['a']],
  ['a part that is gone, within a stated span', [read('b', 3, 7, true)], [stored('a', 0, 5)]],
])('finds no overlap in %s', (_what, ...parts) => {
  expect(() => check(...parts)).not.toThrow();
});
