/**
 * Purpose: how a zone's wall clock maps to UTC, as a short table of the stretches between its clock changes.
 * Invariants: stretches follow one another without gap; inside one, UTC = local − offset. All calendar knowledge is Temporal's.
 * Fails: a RangeError for a zone that Temporal does not know.
 */
import { Temporal } from 'temporal-polyfill';

export interface ZoneStretch {
  /** UTC epoch milliseconds [start, end). */
  readonly start: number;
  readonly end: number;
  /** Local minus UTC, milliseconds. */
  readonly offset: number;
}

const DAY_MS = 86_400_000;

/** The stretches that wall-clock times between `from` and `to` (milliseconds, read as if they were UTC) can fall into. */
export function zoneStretches(timeZone: string, from: number, to: number): ZoneStretch[] {
  const stretches: ZoneStretch[] = [];
  // Offsets are less than a day: two days around make sure that every stretch in question is there.
  const last = to + 2 * DAY_MS;
  let current: Temporal.ZonedDateTime | null = Temporal.Instant.fromEpochMilliseconds(from - 2 * DAY_MS).toZonedDateTimeISO(
    timeZone,
  );
  while (current && current.epochMilliseconds <= last) {
    const next: Temporal.ZonedDateTime | null = current.getTimeZoneTransition('next');
    stretches.push({
      start: current.epochMilliseconds,
      end: next ? next.epochMilliseconds : last + DAY_MS,
      offset: current.offsetNanoseconds / 1e6,
    });
    current = next;
  }
  return stretches;
}
