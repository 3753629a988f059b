/**
 * Purpose: the days that explain themselves: holidays and clock changes, by name, for reports.
 * Invariants: local days; in order of time; a pure function of the place and the span.
 * Fails: a RangeError for an unknown IANA zone, country or state.
 */
import { Temporal } from 'temporal-polyfill';
import { type CalendarPlace, holidayTitles } from '../../../forecasting/features/calendar.ts';

const DAY_MS = 86_400_000;

export interface KnownEvent {
  readonly name: 'holiday' | 'clock change';
  readonly title: string;
  /** The local day, as UTC epoch milliseconds [start, end). */
  readonly start: number;
  readonly end: number;
}

/** Holidays and clock changes whose local day meets [from, until), epoch milliseconds. */
export function knownEvents(place: CalendarPlace, from: number, until: number): KnownEvent[] {
  const { timeZone } = place;
  const zoned = (at: number) =>
    Temporal.Instant.fromEpochMilliseconds(at).toZonedDateTimeISO(timeZone);
  const dayEvent = (day: Temporal.PlainDate) => ({
    start: day.toZonedDateTime(timeZone).epochMilliseconds,
    end: day.add({ days: 1 }).toZonedDateTime(timeZone).epochMilliseconds,
  });
  const events: KnownEvent[] = [];
  if (place.holidays) {
    for (let year = zoned(from).year; year <= zoned(until).year; year++) {
      for (const [day, title] of holidayTitles(place.holidays, year)) {
        const date = Temporal.Instant.fromEpochMilliseconds(day * DAY_MS)
          .toZonedDateTimeISO('UTC')
          .toPlainDate();
        events.push({ name: 'holiday', title, ...dayEvent(date) });
      }
    }
  }
  for (let at = changeAfter(from - DAY_MS, zoned); at !== null && at < until; ) {
    const hours = (zoned(at).offsetNanoseconds - zoned(at - 1).offsetNanoseconds) / 3.6e12;
    const title = `clocks go ${hours > 0 ? 'forward' : 'back'} by ${Math.abs(hours)} h`;
    events.push({ name: 'clock change', title, ...dayEvent(zoned(at).toPlainDate()) });
    at = changeAfter(at, zoned);
  }
  return events
    .filter(({ start, end }) => end > from && start < until)
    .sort((a, b) => a.start - b.start);
}

function changeAfter(at: number, zoned: (at: number) => Temporal.ZonedDateTime): number | null {
  return zoned(at).getTimeZoneTransition('next')?.epochMilliseconds ?? null;
}
