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

/** Grid index of the first value that is not 0; past the end where there is none. */
export function firstEvent(values: Float32Array): number {
  for (let t = 0; t < values.length; t++) {
    const value = values[t] as number;
    if (value !== 0 && !Number.isNaN(value)) return t;
  }
  return values.length;
}

/**
 * Where a series begins, as known at any cutoff: what the cutoffs share is counted once.
 * @param lookBack a birth further back than this is not looked for
 * @returns the grid index of the last birth that shows at a cutoff; 0 where there is none
 */
export function birthsOf(
  values: Float32Array,
  week: number,
  lookBack = Number.POSITIVE_INFINITY,
): (cutoff: number) => number {
  const events = eventsAfterZeros(values, week);
  if (events.length === 0) return () => 0;
  const { known, zeros } = countsOf(values);
  return (cutoff) => {
    const from = Math.max(0, cutoff + 1 - lookBack - WEEKS * week);
    for (let i = events.length - 1; i >= 0; i--) {
      const { at, first } = events[i] as EventAfterZeros;
      if (at > cutoff) continue;
      if (at < from) break;
      const before = between(zeros, Math.max(first, from), at);
      if (before < week) continue;
      // After four weeks nothing changes any more.
      const end = Math.min(cutoff, at + WEEKS * week) + 1;
      const all = between(known, at + 1, end);
      const others = all - between(zeros, at + 1, end);
      if (isUnlike(Math.min(before, WEEKS * week), all, others)) return at;
    }
    return 0;
  };
}

/** The birth as known at one cutoff, where it lies at most `lookBack` before it; else 0. */
export function recentBirth(
  values: Float32Array,
  cutoff: number,
  week: number,
  lookBack: number,
): number {
  const from = Math.max(0, cutoff + 1 - lookBack - WEEKS * week);
  const birth = birthsOf(values.subarray(from, cutoff + 1), week)(cutoff - from);
  return birth > 0 ? from + birth : 0;
}

/** A value that follows a week of zeros or more. */
interface EventAfterZeros {
  /** Grid index. */
  readonly at: number;
  /** That of the first of the zeros. */
  readonly first: number;
}

/** Ascending. */
function eventsAfterZeros(values: Float32Array, week: number): EventAfterZeros[] {
  const found: EventAfterZeros[] = [];
  let zeros = 0;
  let first = 0;
  for (let t = 0; t < values.length; t++) {
    const value = values[t] as number;
    if (value === 0) {
      if (zeros === 0) first = t;
      zeros++;
    } else if (!Number.isNaN(value)) {
      if (zeros >= week) found.push({ at: t, first });
      zeros = 0;
    }
  }
  return found;
}

/** [t]: how many values before t are known, and how many of them are 0. */
function countsOf(values: Float32Array): { known: Int32Array; zeros: Int32Array } {
  const known = new Int32Array(values.length + 1);
  const zeros = new Int32Array(values.length + 1);
  for (let t = 0; t < values.length; t++) {
    const value = values[t] as number;
    known[t + 1] = (known[t] as number) + (Number.isNaN(value) ? 0 : 1);
    zeros[t + 1] = (zeros[t] as number) + (value === 0 ? 1 : 0);
  }
  return { known, zeros };
}

/** In [first, end). */
const between = (counts: Int32Array, first: number, end: number): number =>
  (counts[end] as number) - (counts[first] as number);

/** Whether so many zeros are implausible before `known` values of which `events` are not 0. */
function isUnlike(zeros: number, known: number, events: number): boolean {
  // Two standard errors of a count below it, and one event that may be chance.
  const least = events - 2 * Math.sqrt(events) - 1;
  return least > 0 && (1 - least / known) ** zeros < CHANCE;
}
