/**
 * Purpose: how the wall clock of an IANA time zone maps to UTC: the stretches between its clock
 * changes, where on the UTC grid its intervals start, and the same as a small table for SQL.
 * Invariants: stretches follow one another without gap; inside one, UTC = local − offset. Segments
 * cover the local times asked for without gap; a repeated interval has two, numbered by `turn` in
 * the order of UTC; the middle of an interval decides. All calendar rules come from Temporal.
 * Fails: a RangeError for a time zone that Temporal does not have.
 */
import { Temporal } from 'temporal-polyfill';

export interface ClockStretch {
  /** UTC epoch milliseconds [start, end). */
  readonly start: number;
  readonly end: number;
  /** Local minus UTC, milliseconds. */
  readonly offset: number;
}

type LocalTime = ReturnType<Temporal.Instant['toZonedDateTimeISO']>;

/** Why a row of an interval that is not over is left out. */
export const UNFINISHED = 'unfinished_interval';

const DAY_MS = 86_400_000;
const WEEK_MS = 7 * DAY_MS;
/** The first Monday of the epoch: 1970-01-01 was a Thursday. */
const FIRST_MONDAY_MS = 4 * DAY_MS;

/** Where intervals start by the wall clock (ms modulo the frequency): weeks on a Monday. */
export const gridAnchor = (frequencyMs: number): number =>
  frequencyMs === WEEK_MS ? FIRST_MONDAY_MS : 0;

/**
 * The stretches that wall-clock times between `from` and `to` (milliseconds, read as if they were
 * UTC) can fall into.
 */
export function clockStretches(timeZone: string, from: number, to: number): ClockStretch[] {
  const stretches: ClockStretch[] = [];
  // Offsets are less than a day: two days around make sure that every stretch in question is there.
  const last = to + 2 * DAY_MS;
  let current: LocalTime | null = Temporal.Instant.fromEpochMilliseconds(
    from - 2 * DAY_MS,
  ).toZonedDateTimeISO(timeZone);
  while (current && current.epochMilliseconds <= last) {
    const next: LocalTime | null = current.getTimeZoneTransition('next');
    stretches.push({
      start: current.epochMilliseconds,
      end: next ? next.epochMilliseconds : last + DAY_MS,
      offset: current.offsetNanoseconds / 1e6,
    });
    current = next;
  }
  return stretches;
}

/**
 * Two years of rules as they are today: a grid must suit them, whatever time the data are of, so
 * that it still suits tomorrow's.
 */
const TODAY = { from: Date.UTC(2023, 0, 1), to: Date.UTC(2025, 0, 1) };

/**
 * Where the intervals of a time zone start, which are whole by its wall clock: UTC milliseconds
 * modulo the frequency. Half an hour for hours in Kolkata; four days for weeks in UTC, from a
 * Monday. null where the clock is ever moved by
 * other than whole intervals (docs/decisions/0017): no regular grid fits it.
 * @param stretches further ones that the data fall into
 */
export function gridPhase(
  timeZone: string,
  frequencyMs: number,
  stretches: readonly ClockStretch[] = [],
): number | null {
  const all = [...clockStretches(timeZone, TODAY.from, TODAY.to), ...stretches];
  const phases = new Set(
    all.map(({ offset }) => {
      const phase = (gridAnchor(frequencyMs) - offset) % frequencyMs;
      return ((phase + frequencyMs) % frequencyMs) + 0;
    }),
  );
  const [phase] = phases;
  return phases.size === 1 && phase !== undefined && phase % 60_000 === 0 ? phase : null;
}

/**
 * The end of the last interval that is over at `now`. While the wall clock repeats an hour, the end
 * of what came before it: rows of both passes have one local time, and count only together.
 */
export function overUntil(timeZone: string, frequencyMs: number, now: number): number {
  const phase = gridPhase(timeZone, frequencyMs) ?? 0;
  const until = Math.floor((now - phase) / frequencyMs) * frequencyMs + phase;
  const stretches = clockStretches(timeZone, until, until);
  for (const [i, { start, offset }] of stretches.entries()) {
    const back = (stretches[i - 1]?.offset ?? offset) - offset;
    if (until > start - back && until < start + back) return start - back;
  }
  return until;
}

export interface ClockSegment {
  /** Starts of local intervals [first, past): milliseconds, read as if they were UTC. */
  readonly first: number;
  readonly past: number;
  /** UTC = local − shift, milliseconds; 0 where there is none, or it is outside the span. */
  readonly shift: number;
  /** 1 or 2, of `turns`. */
  readonly turn: number;
  readonly turns: number;
  /** Why there is no UTC interval; null where there is one. */
  readonly lost:
    | 'outside_span'
    | 'nonexistent_local_time'
    | 'isolated_time'
    | typeof UNFINISHED
    | null;
}

export interface SegmentOptions {
  readonly stretches: readonly ClockStretch[];
  readonly frequencyMs: number;
  /** The time that the part covers; null: all of it. */
  readonly span: { readonly start: number; readonly end: number } | null;
  /** Intervals that start here or later are not over; Infinity where that does not matter. */
  readonly until: number;
  /** First and last start of a local interval that is asked for. */
  readonly first: number;
  readonly last: number;
}

export function clockSegments({
  stretches,
  frequencyMs,
  span,
  until,
  first,
  last,
}: SegmentOptions): ClockSegment[] {
  const half = frequencyMs / 2;
  const changes = stretches.flatMap(({ start, end, offset }) => [
    start + offset - half,
    end + offset - half,
    ...(span ? [span.start + offset, span.end + offset] : []),
    until + offset,
  ]);
  const inside = changes.filter((time) => time > first && time <= last);
  const edges = [...new Set([first, ...inside, last + 1])].sort((a, b) => a - b);
  const segments: ClockSegment[] = [];
  for (let i = 0; i + 1 < edges.length; i++) {
    const from = edges[i] as number;
    const shifts = stretches
      .filter(
        ({ start, end, offset }) => from + half - offset >= start && from + half - offset < end,
      )
      .map(({ offset }) => offset)
      .sort((a, b) => b - a); // The larger shift is the earlier time in UTC.
    const inside = shifts.filter(
      (shift) => span === null || (from - shift >= span.start && from - shift < span.end),
    );
    const kept = inside.filter((shift) => from - shift < until);
    const lost =
      kept.length > 0
        ? null
        : inside.length > 0
          ? UNFINISHED
          : shifts.length > 0
            ? 'outside_span'
            : 'nonexistent_local_time';
    // What is not over still has its interval: how many there are is reported.
    const used = lost === null ? kept : lost === UNFINISHED ? inside.slice(0, 1) : [0];
    for (const [index, shift] of used.entries()) {
      const segment = { shift, turn: index + 1, turns: Math.max(1, kept.length), lost } as const;
      const before = segments.findLast((other) => other.past === from && isSame(other, segment));
      if (before === undefined)
        segments.push({ first: from, past: edges[i + 1] as number, ...segment });
      else segments[segments.indexOf(before)] = { ...before, past: edges[i + 1] as number };
    }
  }
  return segments;
}

const isSame = (
  a: Omit<ClockSegment, 'first' | 'past'>,
  b: Omit<ClockSegment, 'first' | 'past'>,
): boolean => a.shift === b.shift && a.turn === b.turn && a.turns === b.turns && a.lost === b.lost;
