/**
 * Purpose: how the wall clock of an IANA timeZone maps to UTC, as a short table of the stretches
 * between its clock changes, and where on the UTC grid its intervals start.
 * Invariants: stretches follow one another without gap; inside one, UTC = local − offset. All
 * calendar knowledge is Temporal's.
 * Fails: a RangeError for a timeZone that Temporal does not know.
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

const DAY_MS = 86_400_000;

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
const stretchesToday = new Map<string, readonly ClockStretch[]>();

/**
 * Where the intervals of a timeZone start, which are whole by its wall clock: UTC milliseconds
 * modulo the frequency. Half an hour for hours in Kolkata. null where the clock is ever moved by
 * other than whole intervals (docs/decisions/0017): no regular grid fits it.
 * @param stretches further ones that the data fall into
 */
export function gridPhase(
  timeZone: string,
  frequencyMs: number,
  stretches: readonly ClockStretch[] = [],
): number | null {
  const today = stretchesToday.get(timeZone) ?? clockStretches(timeZone, TODAY.from, TODAY.to);
  stretchesToday.set(timeZone, today);
  const all = [...today, ...stretches];
  const phases = new Set(
    all.map(({ offset }) => (((-offset % frequencyMs) + frequencyMs) % frequencyMs) + 0),
  );
  const [phase] = phases;
  return phases.size === 1 && phase !== undefined && phase % 60_000 === 0 ? phase : null;
}
