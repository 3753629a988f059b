/**
 * Purpose: what a caller says of the series, as the description that training and evaluation read.
 * Invariants: whether values are counts, and may be below zero, is read from the panel where it is
 * not said.
 * Fails: SETTINGS_INVALID where quantiles lack the median or a number is out of range.
 */
import type { Domain } from '../domains/domain.ts';
import type { Panel } from '../forecasting/panel/panel.ts';
import { HeadwayError } from '../platform/errors.ts';
import type { ForecastOptions } from './options.ts';

const DAY = 1440;

/** A day and a week of a grid finer than a day; a week of days; a year of weeks. */
export function seasonsFor(frequencyMinutes: number): number[] {
  if (frequencyMinutes < DAY) return [DAY / frequencyMinutes, (7 * DAY) / frequencyMinutes];
  return frequencyMinutes === DAY ? [7] : [Math.round((364 * DAY) / frequencyMinutes)];
}

export function domainOf(panel: Panel, options: ForecastOptions): Domain {
  const { horizon, timeZone = 'UTC', quantiles = [0.1, 0.5, 0.9] } = options;
  if (!Number.isInteger(horizon) || horizon < 1)
    throw refused(
      'horizon',
      `${horizon} is no count of intervals`,
      'Use a whole number from 1 on.',
    );
  if (!quantiles.includes(0.5))
    throw refused('quantiles', 'they lack the median', 'Add 0.5: it is the point forecast.');
  const known = panel.columns.target.filter((value) => !Number.isNaN(value));
  return {
    ...{ name: 'library', title: 'Library', unit: 'value', seriesNoun: 'series' },
    frequencyMinutes: panel.frequencyMinutes,
    ...{ timeZone, horizon, quantiles },
    seasonLengths: options.seasonLengths ?? seasonsFor(panel.frequencyMinutes),
    missing: 'unknown',
    nonNegative: options.nonNegative ?? known.every((value) => value >= 0),
    integerValued: options.integerValued ?? known.every(Number.isInteger),
    holidays: options.holidays ?? null,
    ...{ pastExogenous: [], futureExogenous: [], defaultSource: null, quickSource: null },
    seriesTitle: (seriesId) => seriesId,
    openSource: () => Promise.reject(new Error('the library opens no source')),
  };
}

const refused = (where: string, what: string, fix: string): HeadwayError =>
  new HeadwayError('SETTINGS_INVALID', `${where}: ${what}`, { where, fix });
