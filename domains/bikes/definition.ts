/**
 * Purpose: the bikes domain: rentals per day at each station of a bike share, from the quarterly
 * trip files of Pittsburgh's Healthy Ride (2015 to 2018).
 * Invariants: one line is one rental; a day without one is a true zero inside a quarter that there
 * is a file of, and unknown in any other.
 * Fails: SOURCE_NOT_FOUND, SOURCE_INVALID for a folder without such files.
 */
import { Temporal } from 'temporal-polyfill';
import type { Domain, RawPart } from '../domain.ts';
import { openSample } from '../sources/sample.ts';
import { openTable, tableDomain } from '../sources/table.ts';
import type { Table } from '../sources/table-declaration.ts';

/** Named in two styles: `healthyride-rentals-2016-q4`, from 2017 on `healthy-ride-rentals-…`. */
const QUARTER = /rentals-(\d{4})-q([1-4])\.csv(?:\.gz)?$/i;
/** The first day of the bike share: its first file is of a quarter that had begun before. */
const OPENED = '2015-05-31';

const table: Table = {
  files: QUARTER,
  time: 'Starttime',
  timeFormat: '%m/%d/%Y %H:%M',
  series: 'From station id', // blank where a bike stood at no station: rejected as missing_series
  once: ['Trip id'],
  part: 'file',
};

export const bikes: Domain = tableDomain({
  name: 'bikes',
  title: 'Bike rentals in Pittsburgh',
  unit: 'rentals per day',
  seriesNoun: 'station',
  frequencyMinutes: 1440,
  timeZone: 'UTC', // the date on the city's clock is the day
  seasonLengths: [7],
  horizon: 7,
  missing: 'zero',
  nonNegative: true,
  holidays: { country: 'US', state: 'PA' },
  // Stations come and go, and stand still in winter.
  expectations: { limits: { vanished_series: { soft: 0.3, hard: 0.9 } } },
  defaultSource: 'sample',
  quickSource: 'sample',
  seriesTitle: (seriesId) => `Station ${seriesId}`,
  table,
  async openSource(spec, context) {
    if (spec === 'sample')
      return openSample((await import('./sample.ts')).sample, context, (f) =>
        openBikes(f, context),
      );
    return openBikes(spec, context);
  },
});

/** The files of a folder, each the authority for its quarter. */
const openBikes: Domain['openSource'] = async (spec, context) => {
  const source = await openTable(table, spec, context);
  return {
    description: `bike rentals in ${spec}`,
    async parts() {
      const parts = (await source.parts()).map((part) => ofQuarter(part, context.clock.now()));
      return parts.sort((a, b) => startOf(a) - startOf(b));
    },
  };
};

const startOf = ({ span }: RawPart): number => span?.start ?? Number.POSITIVE_INFINITY;

/**
 * Without a span a quarter would begin and end with a rental. One that is not over covers the
 * days of its rows alone.
 */
function ofQuarter(part: RawPart, now: number): RawPart {
  const [, year, quarter] = QUARTER.exec(part.name) ?? [];
  const month = 3 * Number(quarter) - 2;
  const first = Temporal.PlainDate.from({ year: Number(year), month, day: 1 });
  const end = Date.parse(first.add({ months: 3 }).toString());
  if (end > now) return part;
  const start = Math.max(Date.parse(first.toString()), Date.parse(OPENED));
  return { ...part, span: { start, end } };
}
