/**
 * Purpose: replaces date-holidays in the Lambda bundle (infra/lambda/bundle.ts), as far as
 * forecasting/features/calendar.ts uses it.
 * Invariants: gives what the library gives; a place or year outside the table loads the library.
 * Fails: as the library does.
 */
import { createRequire } from 'node:module';
import type Library from 'date-holidays';
import type { holidayTable } from './holiday-table.ts';

/** Defined by the build. */
declare const HOLIDAYS: ReturnType<typeof holidayTable>;

export default class Holidays {
  readonly #place: [string, string];
  constructor(...place: [string, string]) {
    this.#place = place;
  }
  getCountries() {
    return HOLIDAYS.countries;
  }
  getStates(country: string) {
    return HOLIDAYS.states[country];
  }
  getHolidays(year: number) {
    const days = HOLIDAYS.days[this.#place.join('/')]?.[year];
    const start = new Date(0);
    if (days) return days.map(([date, ms]) => ({ type: 'public', date, start, end: new Date(ms) }));
    const library: typeof Library = createRequire(import.meta.url)('./date-holidays.cjs');
    return new library(...this.#place).getHolidays(year);
  }
}
