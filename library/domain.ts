/**
 * Purpose: what a caller says of the series, as the description that training and evaluation read.
 * Invariants: whether values are counts, and may be below zero, is read from the panel where it is
 * not said.
 * Fails: SETTINGS_INVALID where quantiles lack the median, a number is out of range, or a time zone
 * or its holidays are unknown.
 */
import type { Domain } from '../domains/domain.ts';
import { holidaysProblem } from '../forecasting/features/calendar.ts';
import type { Panel } from '../forecasting/panel/panel.ts';
import { HeadwayError } from '../platform/errors.ts';
import { isTimeZone, TIME_ZONE_FIX } from '../platform/text/time-zone.ts';
import type { ForecastOptions } from './options.ts';

const DAY = 1440;
const MAX_SEED = 4_294_967_295;

/** A day and a week of a grid finer than a day; a week of days; a year of weeks. */
export function seasonsFor(frequencyMinutes: number): number[] {
  if (frequencyMinutes < DAY) return [DAY / frequencyMinutes, (7 * DAY) / frequencyMinutes];
  return frequencyMinutes === DAY ? [7] : [Math.round((364 * DAY) / frequencyMinutes)];
}

export function domainOf(panel: Panel, options: ForecastOptions): Domain {
  const { horizon, timeZone = 'UTC', quantiles = [0.1, 0.5, 0.9] } = options;
  const { seasonLengths = seasonsFor(panel.frequencyMinutes) } = options;
  refuseUnsound({ ...options, timeZone, quantiles, seasonLengths });
  const known = panel.columns.target.filter((value) => !Number.isNaN(value));
  return {
    ...{ name: 'library', title: 'Library', unit: 'value', seriesNoun: 'series' },
    frequencyMinutes: panel.frequencyMinutes,
    ...{ timeZone, horizon, quantiles },
    seasonLengths,
    missing: 'unknown',
    nonNegative: options.nonNegative ?? known.every((value) => value >= 0),
    integerValued: options.integerValued ?? known.every(Number.isInteger),
    holidays: options.holidays ?? null,
    ...{ pastExogenous: [], futureExogenous: [], defaultSource: null, quickSource: null },
    seriesTitle: (seriesId) => seriesId,
    openSource: () => Promise.reject(new Error('the library opens no source')),
  };
}

const isCount = (value: number): boolean => Number.isInteger(value) && value >= 1;
const ascends = (values: readonly number[]): boolean =>
  values.every((value, i) => i === 0 || value > (values[i - 1] as number));

type Checked = ForecastOptions &
  Required<Pick<ForecastOptions, 'timeZone' | 'quantiles' | 'seasonLengths'>>;

function refuseUnsound({ timeZone, quantiles, seasonLengths, ...options }: Checked): void {
  for (const name of ['horizon', 'steps', 'testDays'] as const) {
    const value = options[name];
    if (value !== undefined && !isCount(value))
      throw refused(name, `${value} is not a count`, 'Use a whole number from 1 on.');
  }
  const { seed = 1, holidays } = options;
  if (!Number.isInteger(seed) || seed < 0 || seed > MAX_SEED)
    throw refused('seed', `${seed} is none`, `Use a whole number from 0 to ${MAX_SEED}.`);
  if (!isTimeZone(timeZone))
    throw refused('timeZone', `${JSON.stringify(timeZone)} is none`, TIME_ZONE_FIX);
  if (!quantiles.includes(0.5))
    throw refused('quantiles', 'they lack the median', 'Add 0.5: it is the point forecast.');
  if (!quantiles.every((quantile) => quantile > 0 && quantile < 1) || !ascends(quantiles))
    throw refused(
      'quantiles',
      `${quantiles.join(', ')} do not ascend between 0 and 1`,
      'Write them as [0.1, 0.5, 0.9].',
    );
  if (seasonLengths.length === 0 || !seasonLengths.every(isCount) || !ascends(seasonLengths))
    throw refused(
      'seasonLengths',
      `${seasonLengths.join(', ')} are not ascending counts of intervals`,
      'Write them shortest first, as [24, 168] for hours, where intervals do not divide a day.',
    );
  const problem = holidays ? holidaysProblem(holidays) : null;
  if (problem !== null)
    throw refused('holidays', problem, 'Use the codes of the package date-holidays.');
}

const refused = (where: string, what: string, fix: string): HeadwayError =>
  new HeadwayError('SETTINGS_INVALID', `${where}: ${what}`, { where, fix });
