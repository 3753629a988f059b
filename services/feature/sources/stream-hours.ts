/**
 * Purpose: which hours of a stream are complete, and which segments hold their events.
 * Invariants: an hour is closed once every partition has passed its end by the allowed lateness:
 * by the time of its events or, where it has none, because it was read to its end when others had
 * already published so much. A topic that is silent altogether closes nothing: silence of the
 * producers is not an hour without events. No clock is asked.
 * Fails: never.
 */
import type { StreamEntry, StreamSegment } from '../../../storage/streams/stream-log.ts';
import { clockStretches } from '../aggregation/local-time.ts';

export const HOUR_MS = 3_600_000;

/** UTC ms before which all events are landed; null where nothing is known of a partition. */
export function completeUntil(head: StreamEntry, latenessMs: number): number | null {
  let until = Number.POSITIVE_INFINITY;
  for (const { eventTime, completeTo } of head.partitions) {
    if (eventTime === null && completeTo === null) return null;
    until = Math.min(until, Math.max(eventTime ?? -Infinity, completeTo ?? -Infinity));
  }
  return Number.isFinite(until) ? until - latenessMs : null;
}

/** The first hour that began after the topic was written to. */
export const firstHour = ({ begins }: StreamEntry): number | null =>
  begins === null ? null : Math.ceil(begins / HOUR_MS) * HOUR_MS;

/** By the start of an hour the segments that hold events of it, in the order of the log. */
export function segmentsByHour(
  entries: readonly StreamEntry[],
): ReadonlyMap<number, readonly StreamSegment[]> {
  const hours = new Map<number, StreamSegment[]>();
  for (const { segments } of entries)
    for (const segment of segments)
      for (const [hour] of segment.hours) {
        const found = hours.get(hour);
        if (found === undefined) hours.set(hour, [segment]);
        else found.push(segment);
      }
  return hours;
}

export interface Span {
  readonly start: number;
  readonly end: number;
}

/**
 * The whole hours of a span. Hours that have the same local time, when clocks are set back, are
 * one: events that state a local time do not say which of them they are of.
 */
export function hoursBetween(start: number, end: number, timeZone: string): Span[] {
  const spans: Span[] = [];
  const repeated = new Map<number, number>();
  const stretches = clockStretches(timeZone, start, end);
  for (const [index, { start: change, offset }] of stretches.entries()) {
    const back = (stretches[index - 1]?.offset ?? offset) - offset;
    if (back > 0) repeated.set(change - back, change + back);
  }
  for (let hour = start; hour + HOUR_MS <= end; ) {
    const past = repeated.get(hour) ?? hour + HOUR_MS;
    if (past > end) break;
    spans.push({ start: hour, end: past });
    hour = past;
  }
  return spans;
}
