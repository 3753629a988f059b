/**
 * Purpose: the public holidays of the domains' places as a table for the Lambda bundle, where
 * date-holidays takes longer to load than the rest of the function.
 * Invariants: made by the library itself, for the years 2000 to 2060.
 * Fails: as the library does.
 */
import Holidays from 'date-holidays';
import type { Domain } from '../../domains/domain.ts';

export const HOLIDAY_ALIAS = { 'date-holidays': './infra/lambda/tabled-holidays.ts' };

export function holidayTable(places: readonly Domain['holidays'][]) {
  const all = new Holidays();
  const countries = all.getCountries();
  const states = Object.keys(countries).map((country) => [country, all.getStates(country)]);
  const years = Array.from({ length: 61 }, (_, i) => 2000 + i);
  const days: Record<string, Record<number, [date: string, ms: number][]>> = {};
  for (const place of places) {
    if (place === null) continue;
    const names = [place.country, place.state].filter((name) => name !== undefined);
    const library = new Holidays(...(names as [string, string]));
    const inYear = (year: number) =>
      library
        .getHolidays(year)
        .filter(({ type }) => type === 'public')
        .map(({ date, start, end }): [string, number] => [date, end.getTime() - start.getTime()]);
    days[names.join('/')] = Object.fromEntries(years.map((year) => [year, inYear(year)]));
  }
  return { countries, states: Object.fromEntries(states), days };
}
