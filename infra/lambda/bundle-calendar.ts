/**
 * Purpose: the public holidays and the clock changes that the domains ask for, in the Lambda bundle
 * as tables: the library that knows the holidays of all countries takes longer to load than
 * everything else together, and the platform's own clocks as long as a forecast.
 * Invariants: the tables are made by the libraries themselves; a country, state, year or `timeZone`
 * that is not in them is asked of the library, which lies beside the bundle as a file of its own
 * and is loaded then.
 * Fails: as the libraries do.
 */
import Holidays from 'date-holidays';
import type { Plugin } from 'esbuild';
import { Temporal } from 'temporal-polyfill';

const [FIRST_YEAR, LAST_YEAR] = [2000, 2060];
const DAY = 86_400_000;

/** The libraries: file → what it exports. */
const HOLIDAYS = {
  file: 'date-holidays.cjs',
  contents: "module.exports = require('date-holidays');",
};
const TEMPORAL = {
  file: 'temporal.cjs',
  contents: "module.exports = require('temporal-polyfill').Temporal;",
};
export const calendarLibraries = [HOLIDAYS, TEMPORAL];

export interface HolidayPlace {
  readonly country: string;
  readonly state?: string;
}

/**
 * Year → days since 1970 on which a public holiday begins, each followed by how many days it lasts.
 */
function table({ country, state }: HolidayPlace): Record<number, number[]> {
  const library = state === undefined ? new Holidays(country) : new Holidays(country, state);
  const years: Record<number, number[]> = {};
  for (let year = FIRST_YEAR; year <= LAST_YEAR; year++) {
    const days = library.getHolidays(year).filter(({ type }) => type === 'public');
    years[year] = days.flatMap(({ date, start, end }) => [
      Date.parse(`${date.slice(0, 10)}T00:00:00Z`) / DAY,
      Math.floor((end.getTime() - start.getTime()) / DAY),
    ]);
  }
  return years;
}

/** What stands in for the library: as much of it as forecasting/features/calendar.ts asks. */
const shim = (places: readonly HolidayPlace[]): string => `
  const tables = ${JSON.stringify(places.map((place) => ({ ...place, years: table(place) })))};
  let library;
  const whole = () => (library ??= require('./${HOLIDAYS.file}'));
  export default class Holidays {
    constructor(country, state) {
      this.place = [country, state].filter((each) => each !== undefined);
      this.years = tables.find((each) => each.country === country && each.state === state)?.years ?? {};
    }
    getCountries() {
      return new Proxy({}, { has: (_, name) => tables.some((each) => each.country === name) || name in new (whole())().getCountries() });
    }
    getStates(country) {
      const isTabled = (name) => tables.some((each) => each.country === country && each.state === name);
      return new Proxy({}, { has: (_, name) => isTabled(name) || name in (new (whole())().getStates(country) ?? {}) });
    }
    getHolidays(year) {
      const days = this.years[year];
      if (days === undefined) return new (whole())(...this.place).getHolidays(year);
      return days.flatMap((day, i) => i % 2 === 1 ? [] : [{
        type: 'public', date: new Date(day * ${DAY}).toISOString().slice(0, 10), start: new Date(0), end: new Date(days[i + 1] * ${DAY}),
      }]);
    }
  }`;

/**
 * [from, offset, from, offset, …]: since when (epoch ms) the clocks differ by how much (ms) from
 * UTC; the last `from` is the end.
 */
function clockChanges(timeZone: string): number[] {
  const changes: number[] = [];
  const end = Date.UTC(LAST_YEAR + 1, 0);
  let at = Temporal.Instant.fromEpochMilliseconds(Date.UTC(FIRST_YEAR, 0)).toZonedDateTimeISO(
    timeZone,
  );
  for (;;) {
    changes.push(at.epochMilliseconds, at.offsetNanoseconds / 1e6);
    const next = at.getTimeZoneTransition('next');
    if (next === null || next.epochMilliseconds >= end)
      return [...changes, next?.epochMilliseconds ?? end];
    at = next;
  }
}

/**
 * What stands in for Temporal: as much of it as forecasting/features/calendar.ts asks, and the rest by the
 * library.
 */
const temporalShim = (timeZones: readonly string[]): string => `
  const places = ${JSON.stringify(Object.fromEntries(timeZones.map((timeZone) => [timeZone, clockChanges(timeZone)])))};
  let library;
  const whole = () => (library ??= require('./${TEMPORAL.file}'));
  function zoned(ms, timeZone) {
    const changes = Object.hasOwn(places, timeZone) ? places[timeZone] : [];
    let i = 0;
    while (i < changes.length && !(changes[i] <= ms && ms < changes[i + 2])) i += 2;
    if (i >= changes.length - 1) return whole().Instant.fromEpochMilliseconds(ms).toZonedDateTimeISO(timeZone);
    return { offsetNanoseconds: changes[i + 1] * 1e6, getTimeZoneTransition: () => ({ epochMilliseconds: changes[i + 2] }) };
  }
  const Instant = { fromEpochMilliseconds: (ms) => ({ toZonedDateTimeISO: (timeZone) => zoned(ms, timeZone) }) };
  export const Temporal = { Instant, get PlainDate() { return whole().PlainDate; } };`;

export interface TabledPlace {
  readonly timeZone: string;
  readonly holidays: HolidayPlace | null;
}

export function tabledCalendar(places: readonly TabledPlace[]): Plugin {
  const tables: Readonly<Record<string, () => string>> = {
    'date-holidays': () => shim(places.flatMap(({ holidays }) => holidays ?? [])),
    'temporal-polyfill': () => temporalShim([...new Set(places.map(({ timeZone }) => timeZone))]),
  };
  return {
    name: 'tabled-calendar',
    setup({ onResolve, onLoad }) {
      onResolve({ filter: /^(date-holidays|temporal-polyfill)$/ }, ({ path }) => ({
        path,
        namespace: 'tabled',
      }));
      onResolve({ filter: /./, namespace: 'tabled' }, ({ path }) => ({ path, external: true }));
      onLoad({ filter: /.*/, namespace: 'tabled' }, ({ path }) => ({
        contents: tables[path]?.() ?? '',
        loader: 'js',
      }));
    },
  };
}
