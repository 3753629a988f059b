/**
 * Purpose: the public holidays that the domains ask for, in the Lambda bundle as a table: the library that knows those of all countries takes
 * longer to load than everything else together.
 * Invariants: the table is made by the library itself; a country, state or year that is not in it is asked of the library, which lies
 * beside the bundle as a file of its own and is loaded then.
 * Fails: as the library does.
 */
import Holidays from 'date-holidays';
import { build, type Plugin } from 'esbuild';

const [FIRST_YEAR, LAST_YEAR] = [2000, 2060];
const DAY = 86_400_000;
const WHOLE = 'date-holidays.cjs';

export interface HolidayPlace {
  readonly country: string;
  readonly state?: string;
}

/** Year → days since 1970 on which a public holiday begins, each followed by how many days it lasts. */
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

/** What stands in for the library: as much of it as forecasting/calendar.ts asks. */
const standIn = (places: readonly HolidayPlace[]): string => `
  const tables = ${JSON.stringify(places.map((place) => ({ ...place, years: table(place) })))};
  let library;
  const whole = () => (library ??= require('./${WHOLE}'));
  export default class Holidays {
    constructor(country, state) {
      this.place = [country, state].filter((each) => each !== undefined);
      this.years = tables.find((each) => each.country === country && each.state === state)?.years ?? {};
    }
    getCountries() {
      return new Proxy({}, { has: (_, name) => tables.some((each) => each.country === name) || name in whole().getCountries() });
    }
    getStates(country) {
      const isTabled = (name) => tables.some((each) => each.country === country && each.state === name);
      return new Proxy({}, { has: (_, name) => isTabled(name) || name in (whole().getStates(country) ?? {}) });
    }
    getHolidays(year) {
      const days = this.years[year];
      if (days === undefined) return new (whole())(...this.place).getHolidays(year);
      return days.flatMap((day, i) => i % 2 === 1 ? [] : [{
        type: 'public', date: new Date(day * ${DAY}).toISOString().slice(0, 10), start: new Date(0), end: new Date(days[i + 1] * ${DAY}),
      }]);
    }
  }`;

export function tabledHolidays(places: readonly HolidayPlace[]): Plugin {
  return {
    name: 'tabled-holidays',
    setup({ onResolve, onLoad }) {
      onResolve({ filter: /^date-holidays$/ }, ({ path }) => ({ path, namespace: 'tabled' }));
      onResolve({ filter: /./, namespace: 'tabled' }, () => ({ path: `./${WHOLE}`, external: true }));
      onLoad({ filter: /.*/, namespace: 'tabled' }, () => ({ contents: standIn(places), loader: 'js' }));
    },
  };
}

/** The library as one file in `folder`. */
export async function bundleHolidays(root: string, folder: string): Promise<void> {
  await build({
    absWorkingDir: root,
    stdin: { contents: "module.exports = require('date-holidays');", resolveDir: root },
    outfile: `${folder}/${WHOLE}`,
    bundle: true,
    format: 'cjs',
    platform: 'node',
    target: 'node20',
    minify: true,
    legalComments: 'external',
    logLevel: 'error',
  });
}
