/**
 * Purpose: the pictures of the leaderboard: error by step, coverage by step, error over time, the
 * local week, fans.
 * Invariants: pure; every picture has its title, its description and its key.
 * Fails: never.
 */
import type {
  GroupScores,
  Leaderboard,
  WrongForecast,
} from '../../forecasting/evaluation/leaderboard.ts';
import { escaped } from '../../platform/text/escaped.ts';
import { localDays, timeLabels } from '../../web/scales.js';
import { figure, percent, signedPercent } from '../pages/markup.ts';
import { forecasterName, inOrder } from './forecaster-names.ts';
import { type Line, lineLegend, lineSvg } from './line-chart.ts';
import { weekSvg } from './week-chart.ts';

/** What the page must know of a domain. */
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

const TONES: Readonly<Record<string, { readonly tone: string; readonly dashed?: boolean }>> = {
  last_value: { tone: 'last' },
  seasonal_naive: { tone: 'week', dashed: true },
  mean_4_weeks: { tone: 'naive' },
  exponential_smoothing: { tone: 'smooth' },
  ridge: { tone: 'ridge' },
  champion: { tone: 'champion' },
  network: { tone: 'network' },
  oracle: { tone: 'oracle', dashed: true },
};

const lineOf = (name: string, values: ArrayLike<number>): Line => ({
  name: forecasterName(name),
  values,
  ...(TONES[name] ?? { tone: 'champion', dashed: true }),
});

const figureOf = (svg: string, key: string, caption = ''): string =>
  `<figure>${key}${svg}${caption ? `<figcaption>${escaped(caption)}</figcaption>` : ''}</figure>`;

export function errorByStep(
  { name, forecasters }: GroupScores,
  { unit, horizon }: PageDomain,
): string {
  const lines = inOrder(Object.keys(forecasters)).map((forecaster) => ({
    ...lineOf(forecaster, forecasters[forecaster]?.maePerStep ?? []),
    // From one step on, the last value is no forecast of a season: it would press the others flat.
    mayLeave: forecaster === 'last_value',
  }));
  const svg = lineSvg({
    id: `steps-${idOf(name)}`,
    title: `Mean absolute error by step, ${groupTitle(name)}`,
    description: `${lines.map((line) => `${line.name}: step 1 ${figure(line.values[0] ?? Number.NaN)}, last step ${figure(line.values[line.values.length - 1] ?? Number.NaN)}`).join('; ')}; in ${unit}.`,
    x: stepsOf(horizon),
    xTicks: stepTicks(horizon),
    xLabel: 'step',
    format: figure,
    placeOf: (i) => `step ${i + 1}`,
    lines,
  });
  return figureOf(
    svg,
    lineLegend(lines),
    `MAE in ${unit}. The last value may leave the picture at the top.`,
  );
}

/** '' where no forecaster gives intervals. */
export function coverageByStep(
  { name, forecasters }: GroupScores,
  { horizon }: PageDomain,
): string {
  const names = inOrder(Object.keys(forecasters)).filter(
    (one) => (forecasters[one]?.coveragePerStep.length ?? 0) > 0,
  );
  const nominal = forecasters[names[0] ?? '']?.nominalCoverage;
  if (nominal === undefined) return '';
  const lines = names.map((one) => lineOf(one, forecasters[one]?.coveragePerStep ?? []));
  const svg = lineSvg({
    id: `coverage-${idOf(name)}`,
    title: `Coverage of the ${percent(nominal, 0)} interval by step, ${groupTitle(name)}`,
    description: names
      .map(
        (one) =>
          `${forecasterName(one)} covers ${percent(forecasters[one]?.coverage ?? Number.NaN)} overall`,
      )
      .join('; '),
    height: 240,
    x: stepsOf(horizon),
    xTicks: stepTicks(horizon),
    xLabel: 'step',
    format: percent,
    tickFormat: (value) => percent(value, 0),
    placeOf: (i) => `step ${i + 1}`,
    lines,
    rule: nominal,
    holds: [nominal - 0.1, Math.min(1, nominal + 0.1)],
  });
  return figureOf(
    svg,
    lineLegend([
      ...lines,
      { name: `as it should be: ${percent(nominal, 0)}`, tone: 'rule', dashed: true },
    ]),
  );
}

export function errorOverTime(
  { byCutoff, subject, bestNaive }: Leaderboard,
  { timeZone, unit }: PageDomain,
  refits: readonly number[],
): string {
  const { timestamps, mae } = byCutoff;
  const lines = [bestNaive, ...('oracle' in mae ? ['oracle'] : []), subject].map((name) =>
    lineOf(name, mae[name] ?? []),
  );
  const labels = timeLabels(timeZone);
  const every = Math.max(1, Math.ceil(timestamps.length / 8));
  const svg = lineSvg({
    id: 'cutoffs',
    title: 'Mean absolute error by cutoff',
    description: `One value a cutoff, over all series and steps, in ${unit}.`,
    height: 240,
    x: timestamps,
    xTicks: timestamps
      .filter((_, i) => i % every === 0)
      .map((at) => ({ at, label: labels.day(at) })),
    format: figure,
    placeOf: (i) => labels.full(timestamps[i] as number),
    lines,
    marks: refits.slice(1).map((at) => ({ at, label: 'refit' })),
  });
  return figureOf(svg, lineLegend(lines), `MAE in ${unit}, by the local time of the cutoff.`);
}

export function weekOfErrors(
  { byHourOfWeek, subject, bestNaive }: Leaderboard,
  { unit, timeZone }: PageDomain,
): string {
  const own = byHourOfWeek[subject]?.mae ?? [];
  const naive = byHourOfWeek[bestNaive]?.mae ?? [];
  const gain = own.map((mae, place) => 1 - mae / (naive[place] as number));
  const highest = Math.max(...own.filter(Number.isFinite));
  const about = `By weekday and hour of the target, ${timeZone}.`;
  const first = weekSvg({
    id: 'week-error',
    title: `MAE of the ${forecasterName(subject)} by hour of the local week`,
    description: `${about} Highest ${figure(highest)} ${unit}.`,
    values: own,
    format: (value) => `${figure(value)} ${unit}`,
  });
  const second = weekSvg({
    id: 'week-gain',
    title: `What the ${forecasterName(subject)} gains over the ${forecasterName(bestNaive)} by hour of the local week`,
    description: `${about} Positive where its error is less.`,
    values: gain,
    format: signedPercent,
    isSigned: true,
  });
  return [
    figureOf(
      first,
      '',
      `MAE of the ${forecasterName(subject)}: the stronger, the more; at most ${figure(highest)} ${unit}.`,
    ),
    figureOf(
      second,
      '',
      `Against the ${forecasterName(bestNaive)}: green is better, orange with a bar is worse, the strongest is ${percent(Math.max(...gain.filter(Number.isFinite).map(Math.abs)), 0)}.`,
    ),
  ].join('\n');
}

export function fans({ worstForecasts, bestNaive }: Leaderboard, domain: PageDomain): string {
  if (worstForecasts.length === 0) return '';
  const key = lineLegend(
    [
      { name: 'actual', tone: 'actual' },
      { name: 'median forecast', tone: 'network' },
      { name: forecasterName(bestNaive), tone: 'naive', dashed: true },
    ],
    intervalName(domain.quantiles),
  );
  return `${key}<div class="fans">${worstForecasts.map((window, i) => fan(window, domain, i)).join('\n')}</div>`;
}

function fan(window: WrongForecast, domain: PageDomain, index: number): string {
  const { past, actual, quantiles, naive, cutoff } = window;
  const interval = domain.frequencyMinutes * 60_000;
  const x = Array.from(
    { length: past.length + actual.length },
    (_, i) => cutoff + (i + 1 - past.length) * interval,
  );
  const after = (values: readonly number[]) => [...past.map(() => Number.NaN), ...values];
  const levels = Object.keys(quantiles).sort((a, b) => Number(a) - Number(b));
  const column = (level: string | undefined) => after(quantiles[level ?? ''] ?? []);
  const labels = timeLabels(domain.timeZone);
  const name = titleOf(domain, window.seriesId);
  const svg = lineSvg({
    id: `fan-${index}`,
    title: `${name}, ${labels.full(cutoff)}`,
    description: `MAE ${figure(window.mae)} here, ${figure(window.cutoffMae)} over all series; in ${domain.unit}.`,
    heading: name.length > 56 ? `${name.slice(0, 55)}…` : name,
    width: 460,
    height: 230,
    x,
    xTicks: localDays(x, domain.timeZone).map((at) => ({ at, label: labels.day(at) })),
    format: figure,
    lines: [
      { name: 'naive', tone: 'naive', dashed: true, values: after(naive), dots: false },
      { name: 'actual', tone: 'actual', values: [...past, ...actual], dots: false },
      { name: 'median forecast', tone: 'network', values: column('0.5'), dots: false },
    ],
    ...(levels.length > 1
      ? {
          band: {
            tone: 'network',
            lower: column(levels[0]),
            upper: column(levels[levels.length - 1]),
          },
        }
      : {}),
    marks: [{ at: cutoff + interval / 2, label: 'cutoff' }],
  });
  return figureOf(
    svg,
    '',
    `${labels.full(cutoff)}: MAE ${figure(window.mae)} ${domain.unit} here, ${figure(window.cutoffMae)} over all series.`,
  );
}

export const titleOf = (domain: PageDomain, seriesId: string): string => {
  const title = domain.seriesTitle(seriesId);
  return title.includes(seriesId) ? title : `${title} (${seriesId})`;
};

export const groupTitle = (name: string): string =>
  name === 'all' ? 'all series' : `series with ${name.replace('>=', ' of at least ')}`;

function intervalName(quantiles: readonly number[]): string {
  return quantiles.length > 1
    ? `${percent((quantiles.at(-1) as number) - (quantiles[0] as number), 0)} interval`
    : '';
}

const idOf = (name: string): string => name.replace(/[^a-z0-9]+/gi, '-');
const stepsOf = (horizon: number): number[] => Array.from({ length: horizon }, (_, k) => k + 1);
function stepTicks(horizon: number): { at: number; label: string }[] {
  const every = Math.max(1, Math.round(horizon / 8));
  return stepsOf(horizon)
    .filter((step) => step === 1 || step % every === 0)
    .map((step) => ({ at: step, label: String(step) }));
}
