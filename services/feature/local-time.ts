/**
 * Purpose: how the wall clock of an IANA timeZone maps to UTC, as a short table of the stretches between its clock changes.
 * Invariants: stretches follow one another without gap; inside one, UTC = local − offset. All calendar knowledge is Temporal's.
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

/** The stretches that wall-clock times between `from` and `to` (milliseconds, read as if they were UTC) can fall into. */
export function clockStretches(timeZone: string, from: number, to: number): ClockStretch[] {
  const stretches: ClockStretch[] = [];
  // Offsets are less than a day: two days around make sure that every stretch in question is there.
  const last = to + 2 * DAY_MS;
  let current: LocalTime | null = Temporal.Instant.fromEpochMilliseconds(from - 2 * DAY_MS).toZonedDateTimeISO(timeZone);
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
