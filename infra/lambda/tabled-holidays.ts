/**
 * Purpose: replaces date-holidays in the Lambda bundle, where the library takes longer to load than
 * the rest of the function; as far as forecasting/features/calendar.ts uses it.
 * Invariants: gives what the library gives, for the places of the domains and the years of the API.
 * Fails: a RangeError for another year.
 */

const DAY = 86_400_000;

/** Country → state, or '' → year → local days since 1970. Defined by the build. */
declare const HOLIDAYS: Record<string, Record<string, Record<number, readonly number[]>>>;

export default class Holidays {
  readonly getCountries = () => HOLIDAYS;
  readonly getStates = (country: string) => HOLIDAYS[country];
  readonly getHolidays: (year: number) => object[];
  constructor(country = '', state = '') {
    this.getHolidays = (year) => {
      const days = HOLIDAYS[country]?.[state]?.[year];
      if (!days) throw new RangeError(`the holidays of ${year} are not in the Lambda bundle`);
      const [start, end] = [new Date(0), new Date(0)];
      return days.map((day) => ({ type: 'public', date: isoDate(day), start, end }));
    };
  }
}

const isoDate = (day: number): string => new Date(day * DAY).toISOString();
