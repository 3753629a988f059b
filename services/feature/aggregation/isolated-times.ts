/**
 * Purpose: times far from those of the other rows of a part, before or after: most likely typing
 * errors or the zero of some clock. Each would stretch the part's span by years, in which an absent
 * event is a true zero.
 * Invariants: looks at the rows of each local day only, so every engine finds the same. Few rows
 * are isolated (MAX_ROWS or MAX_SHARE of each side), and farther away than GAP_TIMES the longest
 * gap among the others and than MIN_GAP_DAYS. A part of fewer than MIN_ROWS rows is left as it is,
 * and the gap in it is reported.
 * Fails: never.
 */

export interface DayRows {
  /** Days since 1970 by the local clock. */
  readonly day: number;
  readonly rows: number;
}

export interface IsolatedTimes {
  /** The days of the other rows, [first, past): what is outside is rejected. */
  readonly body: { readonly first: number; readonly past: number };
  readonly rows: number;
  /** The longest time between these rows and the others. */
  readonly gapDays: number;
  /** False where the part has too few rows to say which of them are wrong. */
  readonly isRejected: boolean;
}

const MIN_GAP_DAYS = 60;
const GAP_TIMES = 5;
const MIN_ROWS = 20;
const MAX_ROWS = 10;
const MAX_SHARE_OF_FEW = 0.05;
const MAX_SHARE = 0.001;

/** @param days in their order, each once */
export function isolatedTimes(days: readonly DayRows[]): IsolatedTimes | null {
  const total = days.reduce((sum, { rows }) => sum + rows, 0);
  if (days.length < 2) return null;
  if (total < MIN_ROWS) return longGapOf(days);
  const most = Math.max(Math.min(MAX_ROWS, total * MAX_SHARE_OF_FEW), total * MAX_SHARE);
  // The days that are beyond doubt: up to `most` rows are left out on each side.
  let first = skipped(days, most);
  let last = days.length - 1 - skipped([...days].reverse(), most);
  let longest = 0;
  for (let i = first + 1; i <= last; i++) longest = Math.max(longest, gapAt(days, i));
  const limit = Math.max(MIN_GAP_DAYS, GAP_TIMES * longest);
  while (first > 0 && gapAt(days, first) <= limit) first--;
  while (last < days.length - 1 && gapAt(days, last + 1) <= limit) last++;
  const outside = [...days.slice(0, first), ...days.slice(last + 1)];
  if (outside.length === 0) return null;
  return {
    body: { first: days[first]!.day, past: days[last]!.day + 1 },
    rows: outside.reduce((sum, { rows }) => sum + rows, 0),
    gapDays: Math.max(
      first > 0 ? gapAt(days, first) : 0,
      last < days.length - 1 ? gapAt(days, last + 1) : 0,
    ),
    isRejected: true,
  };
}

/** How many of the first days have at most `most` rows together. */
function skipped(days: readonly DayRows[], most: number): number {
  let rows = 0;
  const at = days.findIndex((day) => {
    rows += day.rows;
    return rows > most;
  });
  return Math.max(0, at);
}

/** Of few rows it is not known which are the wrong ones. */
function longGapOf(days: readonly DayRows[]): IsolatedTimes | null {
  const gaps = days.slice(1).map((_, i) => gapAt(days, i + 1));
  const gapDays = Math.max(...gaps);
  if (gapDays <= MIN_GAP_DAYS) return null;
  const at = gaps.indexOf(gapDays) + 1;
  const rowsIn = (part: readonly DayRows[]) => part.reduce((sum, { rows }) => sum + rows, 0);
  return {
    body: { first: days[0]!.day, past: days.at(-1)!.day + 1 },
    rows: Math.min(rowsIn(days.slice(0, at)), rowsIn(days.slice(at))),
    gapDays,
    isRejected: false,
  };
}

/** Days between this one and the one before it. */
const gapAt = (days: readonly DayRows[], i: number): number => days[i]!.day - days[i - 1]!.day;
