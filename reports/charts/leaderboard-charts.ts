/**
 * Purpose: the charts of the leaderboard: error by step, coverage by step, error over time, the
 * local week, fans.
 * Invariants: pure; the network is the bold blue line, naive benchmarks are amber, others grey.
 * Fails: never.
 */

import { forecasterName, inOrder } from '../../forecasting/evaluation/forecaster-names.ts';
import type {
  GroupScores,
  Leaderboard,
  WrongForecast,
} from '../../forecasting/evaluation/leaderboard.ts';
import { timeLabels } from '../../platform/text/scales.ts';
import { figure, percent, signedPercent } from '../text/figures.ts';
import { forecastPanel } from './forecast-chart.ts';
import { type Line, lineChart } from './line-chart.ts';
import type { Chart } from './svg.ts';
import { weekChart } from './week-chart.ts';

/** What the page needs of a domain. */
export interface PageDomain {
  readonly name: string;
  readonly title: string;
  readonly unit: string;
  readonly seriesNoun: string;
  readonly timeZone: string;
  readonly frequencyMinutes: number;
  readonly horizon: number;
  readonly quantiles: readonly number[];
  readonly integerValued: boolean;
  seriesTitle(seriesId: string): string;
}

const STYLES: Readonly<Record<string, Omit<Line, 'name' | 'values'>>> = {
  last_value: { colour: 'naive', dash: '1 3' },
  seasonal_naive: { colour: 'naive', dash: '4 3' },
  mean_4_weeks: { colour: 'naive', dash: '9 3' },
  mean_4_years: { colour: 'naive', dash: '9 3' },
  mean_4_seasons: { colour: 'naive', dash: '9 3' },
  exponential_smoothing: { colour: 'muted' },
  ridge: { colour: 'muted', dash: '6 3 1 3' },
  champion: { colour: 'forecast', dash: '2 3' },
  network: { colour: 'forecast', isBold: true },
  oracle: { colour: 'actual', dash: '1 4' },
};

const lineOf = (name: string, values: ArrayLike<number>): Line => ({
  name: name === 'oracle' ? 'oracle' : forecasterName(name),
  values,
  ...(STYLES[name] ?? { colour: 'muted', dash: '3 2' }),
});

const stepsOf = (horizon: number): number[] => Array.from({ length: horizon }, (_, k) => k + 1);
const stepAxis = (horizon: number) => ({
  x: stepsOf(horizon),
  xLabel: horizon === 1 ? 'step' : 'steps ahead',
  xTicks: stepsOf(horizon)
    .filter((step) => step === 1 || step % Math.max(1, Math.round(horizon / 8)) === 0)
    .map((at) => ({ at, label: String(at) })),
  placeOf: (i: number) => `step ${i + 1}`,
});

export function errorByStep(
  { name, forecasters }: GroupScores,
  { horizon, unit }: PageDomain,
): Chart {
  const lines = inOrder(Object.keys(forecasters)).map((forecaster) => ({
    ...lineOf(forecaster, forecasters[forecaster]?.maePerStep ?? []),
    // Beyond the first steps the last value ignores the season: it would press the others flat.
    mayLeave: forecaster === 'last_value',
  }));
  const ends = ({ name: of, values }: Line) =>
    `${of}: step 1 ${figure(values[0] ?? null)}, last step ${figure(values[horizon - 1] ?? null)}`;
  return lineChart({
    title: `Mean absolute error by step, ${groupTitle(name)}`,
    description: `${lines.map(ends).join('; ')}; in ${unit}.`,
    ...stepAxis(horizon),
    format: figure,
    lines,
  });
}

/** null where no forecaster gives intervals. */
export function coverageByStep(
  { name, forecasters }: GroupScores,
  { horizon }: PageDomain,
): Chart | null {
  const names = inOrder(Object.keys(forecasters)).filter(
    (one) => (forecasters[one]?.coveragePerStep.length ?? 0) > 0,
  );
  const nominal = forecasters[names[0] ?? '']?.nominalCoverage;
  if (nominal === undefined) return null;
  const covers = (one: string) =>
    `${forecasterName(one)} covers ${percent(forecasters[one]?.coverage ?? Number.NaN)} overall`;
  return lineChart({
    title: `Coverage of the ${percent(nominal, 0)} interval by step, ${groupTitle(name)}`,
    description: names.map(covers).join('; '),
    height: 240,
    ...stepAxis(horizon),
    format: percent,
    tickFormat: (value) => percent(value, 0),
    lines: names.map((one) => lineOf(one, forecasters[one]?.coveragePerStep ?? [])),
    rule: { at: nominal, label: `nominal ${percent(nominal, 0)}` },
    holds: [nominal - 0.1, Math.min(1, nominal + 0.1)],
  });
}

export function errorOverTime(
  { byCutoff, subject, bestNaive }: Leaderboard,
  { timeZone, unit }: PageDomain,
  refits: readonly number[],
): Chart {
  const { timestamps, mae } = byCutoff;
  const labels = timeLabels(timeZone);
  const every = Math.max(1, Math.ceil(timestamps.length / 8));
  return lineChart({
    title: 'Mean absolute error by cutoff',
    description: `One value per cutoff, over all series and steps, in ${unit}.`,
    height: 240,
    x: timestamps,
    xTicks: timestamps
      .filter((_, i) => i % every === 0)
      .map((at) => ({ at, label: labels.day(at) })),
    format: figure,
    placeOf: (i) => labels.full(timestamps[i] as number),
    lines: [bestNaive, ...('oracle' in mae ? ['oracle'] : []), subject].map((name) =>
      lineOf(name, mae[name] ?? []),
    ),
    marks: refits.slice(1).map((at) => ({ at, label: 'refit' })),
  });
}

/** The error by hour of the week, and the gain over the best naive forecaster. */
export function weekOfErrors(
  { byHourOfWeek, subject, bestNaive }: Leaderboard,
  { unit, timeZone }: PageDomain,
): { error: Chart; highest: number; gain: Chart; largest: number } {
  const own = byHourOfWeek[subject]?.mae ?? [];
  const naive = byHourOfWeek[bestNaive]?.mae ?? [];
  const gains = own.map((mae, place) => 1 - mae / (naive[place] as number));
  const highest = Math.max(...own.filter(Number.isFinite));
  const about = `By weekday and hour of the target, ${timeZone}.`;
  return {
    highest,
    largest: Math.max(...gains.filter(Number.isFinite).map(Math.abs)),
    error: weekChart({
      title: `MAE of the ${forecasterName(subject)} by hour of the local week`,
      description: `${about} Highest ${figure(highest)} ${unit}.`,
      values: own,
      format: (value) => `${figure(value)} ${unit}`,
    }),
    gain: weekChart({
      title: `Gain over the ${forecasterName(bestNaive)} by hour of the local week`,
      description: `${about} Positive where its error is less.`,
      values: gains,
      format: signedPercent,
      isSigned: true,
    }),
  };
}

/** "MAE 12.3 trips per hour here, 4.56 over all series". */
export const errorsOf = ({ mae, cutoffMae }: WrongForecast, unit: string): string =>
  `MAE ${figure(mae)} ${unit} here, ${figure(cutoffMae)} over all series`;

export function fan(window: WrongForecast, domain: PageDomain): Chart {
  const { past, actual, quantiles, naive, cutoff } = window;
  const interval = domain.frequencyMinutes * 60_000;
  const at = (i: number) => cutoff + (i + 1) * interval;
  const levels = Object.keys(quantiles).sort((a, b) => Number(a) - Number(b));
  const column = (level: string | undefined) => quantiles[level ?? ''] ?? [];
  const title = `${titleOf(domain, window.seriesId)}, ${timeLabels(domain.timeZone).full(cutoff)}`;
  const panel = forecastPanel(
    {
      ...{ title, unit: domain.unit, timeZone: domain.timeZone, cutoff },
      actuals: [...past, ...actual].map((value, i) => ({ timestamp: at(i - past.length), value })),
      naive: naive.map((value, i) => ({ timestamp: at(i), value })),
      forecast: {
        timestamps: actual.map((_, i) => at(i)),
        median: column('0.5'),
        lower: column(levels[0]),
        upper: column(levels[levels.length - 1]),
      },
    },
    { width: 464, height: 240, isLabelled: false },
  );
  return {
    title,
    description: `${errorsOf(window, domain.unit)}.`,
    panels: [panel],
  };
}

export const titleOf = (domain: PageDomain, seriesId: string): string => {
  const title = domain.seriesTitle(seriesId);
  return title.includes(seriesId) ? title : `${title} (${seriesId})`;
};

export const groupTitle = (name: string): string =>
  name === 'all' ? 'all series' : `series with ${name.replace('>=', ' of at least ')}`;
