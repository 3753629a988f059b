/**
 * Purpose: what the forecast of a series says, in one sentence; and why to trust it less.
 * Invariants: written from the data.
 * Fails: never.
 */
import {
  bandFor,
  type Columns,
  indexOfHighest,
  intervalNoun,
  naiveName,
  seasonOf,
} from '../../data/forecast.ts';
import { type Forecast, type SeriesInfo, usePage } from '../../data/page-context.ts';
import { capital, counted, exact, figure } from '../../parts/format.ts';
import { Finding } from '../../parts/section.tsx';

export interface SeriesFindingProps {
  readonly series: SeriesInfo;
  readonly forecast: Forecast;
  readonly columns: Columns;
}

const FLAGS: Readonly<Record<string, string>> = {
  unseen: 'The model has not learnt this series.',
  silent: 'Every known value of the last 4 weeks is zero.',
  gaps: 'More than a tenth of the last 4 weeks, or the whole last day, is unknown.',
  new: 'Its history begins less than 4 weeks ago.',
  outlier: 'A value of the last 4 weeks lies far from all around it, and is treated as unknown.',
  bounded: 'The forecast of the model was out of range, and a baseline is served instead.',
};

export function SeriesFinding({ series, forecast, columns }: SeriesFindingProps) {
  const { about, labels } = usePage();
  const { domain } = about;
  const { times, median, naive, actual } = columns;
  const peak = indexOfHighest(median);
  const band = bandFor(columns.bands);
  const noun = counted(forecast.unit);
  const high = median[peak] as number;
  const { hour, full } = labels;
  const isQuiet = high === 0;
  const before = naive[peak] as number;
  const lastWeek = actual.slice(-seasonOf(domain)).filter(Number.isFinite);
  const title = isQuiet ? (
    <>
      {series.title} is quiet: <b>a median of 0</b> at every {intervalNoun(domain)}
    </>
  ) : (
    <>
      {series.title} peaks at {hour(times[peak] as number)}:{' '}
      <b>
        {figure(high)} {noun}
      </b>
      {band && (
        <span class="soft">
          , {band.level} % between {figure(band.lower[peak] as number)} and{' '}
          {figure(band.upper[peak] as number)}
        </span>
      )}
    </>
  );
  return (
    <Finding title={title}>
      {Number.isFinite(before) && !isQuiet && (
        <>
          {capital(naiveName(domain))} it was {figure(before)} at that {intervalNoun(domain)}.{' '}
        </>
      )}
      {lastWeek.length > 0 && (
        <>
          The last {exact(lastWeek.length)} {intervalNoun(domain)}s add up to{' '}
          {figure(lastWeek.reduce((sum, value) => sum + value, 0))} {noun}.{' '}
        </>
      )}
      Made from all that was known until {full(columns.cutoff + columns.intervalMs)}.
      {forecast.flags?.map((flag) => (
        <span key={flag} class="flag">
          {' '}
          {FLAGS[flag] ?? flag}
        </span>
      ))}
    </Finding>
  );
}
