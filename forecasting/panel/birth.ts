/**
 * Purpose: where a series begins that is zero before: a shop that opened last week had no demand of
 * zero before that, it was not there. What lies before is unknown.
 * Invariants: as seen at a cutoff, from the values up to it alone; a beginning follows a week of
 * zeros or more, which what came after it makes implausible: a series of rare events has none; no
 * more than four weeks before a beginning are read.
 * Fails: never.
 */

const WEEKS = 4;
/** Chance of the zeros, at the least rate that the values after them show, below which it began. */
const CHANCE = 1e-3;

/** A value that follows a week of zeros or more. */
export interface Beginning {
  /** Grid index. */
  readonly at: number;
  /** How many zeros, as far as they are read. */
  readonly zeros: number;
  /** Whether the four weeks after it, as far as they are there, make it a birth. */
  readonly isBirth: boolean;
}

/** Ascending. */
export function beginningsIn(values: Float32Array, week: number, from = 0): Beginning[] {
  const found: Beginning[] = [];
  let zeros = 0;
  for (let t = from; t < values.length; t++) {
    const value = values[t] as number;
    if (value === 0) zeros++;
    else if (!Number.isNaN(value)) {
      if (zeros >= week) {
        const counted = Math.min(zeros, WEEKS * week);
        found.push({
          at: t,
          zeros: counted,
          isBirth: isBirth(values, t, t + WEEKS * week, counted),
        });
      }
      zeros = 0;
    }
  }
  return found;
}

/** Grid index of the first value that is not 0; past the end where there is none. */
export function firstEvent(values: Float32Array): number {
  for (let t = 0; t < values.length; t++) {
    const value = values[t] as number;
    if (value !== 0 && !Number.isNaN(value)) return t;
  }
  return values.length;
}

/** The last of `beginnings` that shows at the cutoff; 0 where there is none. */
export function birthOf(
  values: Float32Array,
  beginnings: readonly Beginning[],
  cutoff: number,
  week: number,
): number {
  const birth = beginnings.findLast((beginning) => {
    const { at, zeros } = beginning;
    if (at > cutoff) return false;
    // After four weeks nothing changes any more.
    return cutoff >= at + WEEKS * week ? beginning.isBirth : isBirth(values, at, cutoff, zeros);
  });
  return birth?.at ?? 0;
}

/** Whether the values after `first`, up to `last`, are no part of the zeros before. */
function isBirth(values: Float32Array, first: number, last: number, zeros: number): boolean {
  let known = 0;
  let events = 0;
  for (let t = first + 1; t <= last && t < values.length; t++) {
    const value = values[t] as number;
    if (Number.isNaN(value)) continue;
    known++;
    if (value !== 0) events++;
  }
  // Two standard errors of a count below it, and one event that may be chance.
  const least = events - 2 * Math.sqrt(events) - 1;
  return least > 0 && (1 - least / known) ** zeros < CHANCE;
}

/** The birth as known at the cutoff, where it lies at most `lookBack` before it; else 0. */
export function recentBirth(
  values: Float32Array,
  cutoff: number,
  week: number,
  lookBack: number,
): number {
  const from = Math.max(0, cutoff + 1 - lookBack - WEEKS * week);
  const beginnings = beginningsIn(values.subarray(0, cutoff + 1), week, from);
  return birthOf(values, beginnings, cutoff, week);
}
