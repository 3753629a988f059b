/**
 * Purpose: the demand of the soak: it repeats each week exactly, so that every right forecast is
 * known.
 * Invariants: whole numbers; the first commit holds enough weeks for a baseline.
 */
import type { ObjectSpec, Row } from '../fixtures/storage/features.ts';

export const SERIES = ['a', 'b', 'c'] as const;
export const FIRST_HOURS = 6 * 168;

export function demandAt(series: number, hour: number): number {
  const isWeekend = hour % 168 >= 120;
  return 20 + 10 * series + (hour % 24) + (isWeekend ? 7 : 0);
}

/** Part 0 has the first weeks, each further part one hour. */
export function partOf(number: number): ObjectSpec {
  const start = number === 0 ? 0 : FIRST_HOURS + number - 1;
  const end = FIRST_HOURS + number;
  const rows = SERIES.flatMap((id, s) =>
    Array.from({ length: end - start }, (_, i): Row => [id, start + i, demandAt(s, start + i)]),
  );
  return { part: `part-${number}`, fingerprint: `${number}`, span: [start, end], rows };
}
