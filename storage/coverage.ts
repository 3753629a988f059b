/**
 * Purpose: which object speaks for which interval: the rules of reading a snapshot, as pure functions.
 * Invariants: for one feed and one interval the object with the latest `availableAt` wins (of equals the later in the manifest),
 * wholly: an interval it covers without a row is an interval without a row. Segments of a feed are disjoint and in time order.
 * Fails: never; spans were checked with the manifest.
 */
import type { FeatureObject, TimeSpan } from './manifest.ts';

/** A stretch of time for which one object speaks. */
export interface Segment extends TimeSpan {
  readonly object: FeatureObject;
}

/** Feeds so marked hold exogenous columns, one value for all series: `series_id` is the column's name. They never hold demand. */
const EXOGENOUS = '@';

export const exogenousFeed = (name: string): string => `${EXOGENOUS}${name}`;

export const isExogenous = (feed: string): boolean => feed.startsWith(EXOGENOUS);

/** The objects that were known at `knownAt`. */
export const knownObjects = (objects: readonly FeatureObject[], knownAt: number): FeatureObject[] =>
  objects.filter((object) => object.availableAt <= knownAt);

/** The feeds there are, in code-unit order: values are always added in this order, so that sums are the same bit for bit. */
export const feedsOf = (objects: readonly FeatureObject[]): string[] => [...new Set(objects.map(({ feed }) => feed))].sort();

/** Who speaks for `feed`, when: the winners' segments in time order. */
export function winningSegments(objects: readonly FeatureObject[], feed: string): Segment[] {
  const mine = objects.map((object, order) => ({ object, order })).filter(({ object }) => object.feed === feed);
  const weakestFirst = mine.sort((a, b) => a.object.availableAt - b.object.availableAt || a.order - b.order);
  let segments: Segment[] = [];
  for (const { object } of weakestFirst) {
    const { start, end } = object.span;
    const before = segments.filter((segment) => segment.start < start).map((s) => ({ ...s, end: Math.min(s.end, start) }));
    const after = segments.filter((segment) => segment.end > end).map((s) => ({ ...s, start: Math.max(s.start, end) }));
    segments = [...before, { start, end, object }, ...after];
  }
  return segments;
}

/** The parts of `segments` inside [start, end). */
export const clipSegments = (segments: readonly Segment[], start: number, end: number): Segment[] =>
  segments
    .map((segment) => ({ ...segment, start: Math.max(segment.start, start), end: Math.min(segment.end, end) }))
    .filter((segment) => segment.start < segment.end);
