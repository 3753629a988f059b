/**
 * Purpose: the backtest's leaderboard as one self-contained HTML page: who is best, where, when,
 * and how sure.
 * Invariants: what a chart shows can be read as text too.
 * Fails: never.
 */

import { forecasterName, inOrder } from '../../forecasting/evaluation/forecaster-names.ts';
import type {
  GroupScores,
  Leaderboard,
  SeriesScore,
} from '../../forecasting/evaluation/leaderboard.ts';
import { timeLabels } from '../../platform/text/scales.ts';
import { utcText } from '../../platform/text/utc-text.ts';
import {
  coverageByStep,
  errorByStep,
  errorOverTime,
  errorsOf,
  fan,
  groupTitle,
  type PageDomain,
  titleOf,
  weekOfErrors,
} from '../charts/leaderboard-charts.ts';
import { colour } from '../charts/look.ts';
import { figure, percent, signedPercent } from '../text/figures.ts';
import { type Html, html, type Markup } from '../text/html.ts';
import { figureOf, keyOf, meter, page, table } from './layout.ts';

export interface LeaderboardReport {
  readonly leaderboard: Leaderboard;
  readonly domain: PageDomain;
  readonly snapshotVersion: string;
  /** What made the forecasts: "seed 1, backend wasm". */
  readonly madeBy: string;
  /** Whether they were issued, and not made by a backtest. */
  readonly isLive?: boolean;
  /** Epoch milliseconds. */
  readonly writtenAt: number;
  /** First cutoff of each fit, epoch milliseconds. */
  readonly refits: readonly number[];
}

const ROWS = 10;

export function leaderboardPage(report: LeaderboardReport): string {
  const { leaderboard, domain } = report;
  return page({
    name: `${report.isLive ? 'Live scores' : 'Backtest'}: ${domain.title}`,
    heading: finding(leaderboard),
    intro: intro(report),
    figures: keyFigures(leaderboard, domain),
    body: [
      html`<h2>Leaderboard</h2>
<p>Lowest error first. Trained models were fitted on data before the cutoffs they are scored at; the
oracle is given the truth of simulated data and does not compete.</p>`,
      leaderboard.groups.map(
        (group) => html`<h3>${capital(groupTitle(group.name))} (${group.seriesCount})</h3>
${groupTable(group, leaderboard)}`,
      ),
      stepSections(report),
      weekSection(report),
      html`<h2>Error over time</h2>`,
      figureOf(
        errorOverTime(leaderboard, domain, report.refits),
        `MAE in ${domain.unit}, by the local time of the cutoff.`,
      ),
      seriesSection(report),
      worstSection(report),
      footer(report),
    ],
  });
}

/** "The network has 17.0 % less error than the best naive forecaster, the mean of 4 weeks". */
function finding({ groups, subject, bestNaive }: Leaderboard): string {
  const { forecasters } = groups[0] as GroupScores;
  const skill = 1 - (forecasters[subject]?.mae ?? Number.NaN) / (forecasters[bestNaive]?.mae ?? 0);
  const name = capital(forecasterName(subject));
  const best = `the best naive forecaster, ${forecasterName(bestNaive)}`;
  if (!Number.isFinite(skill)) return `${name} against ${best}`;
  return `${name}: ${percent(Math.abs(skill))} ${skill >= 0 ? 'less' : 'more'} error than ${best}`;
}

function intro({ leaderboard, domain, refits, isLive }: LeaderboardReport): Markup {
  const labels = timeLabels(domain.timeZone);
  const cutoffs = leaderboard.byCutoff.timestamps;
  const all = leaderboard.groups[0] as GroupScores;
  const fits = isLive
    ? 'forecasts as they were issued'
    : refits.length === 1
      ? 'one fit before the first'
      : `${refits.length} fits, each on data before its first cutoff`;
  const [first, last] = [cutoffs[0] as number, cutoffs[cutoffs.length - 1] as number];
  return html`<p>${cutoffs.length} cutoffs from ${labels.full(first)} to ${labels.full(last)}
(${domain.timeZone}), ${domain.horizon} steps of ${domain.frequencyMinutes} minutes,
${all.seriesCount} series; ${fits}.</p>`;
}

function keyFigures(
  { groups, subject, bestNaive }: Leaderboard,
  { unit }: PageDomain,
): [string, string][] {
  const all = groups[0] as GroupScores;
  const own = all.forecasters[subject];
  const naive = all.forecasters[bestNaive];
  const oracle = all.forecasters.oracle;
  if (!own || !naive) return [];
  const values: [string, string][] = [
    [figure(own.mae), `MAE, ${unit}`],
    [signedPercent(1 - own.mae / naive.mae), `against the ${forecasterName(bestNaive)}`],
    [percent(own.wape), 'WAPE'],
    [figure(own.maePerStep[0] ?? Number.NaN), 'MAE at step 1'],
  ];
  if (Number.isFinite(own.coverage))
    values.push([percent(own.coverage), `inside the ${percent(own.nominalCoverage, 0)} interval`]);
  if (Number.isFinite(own.pinball)) values.push([figure(own.pinball), 'pinball loss']);
  if (oracle)
    values.push([signedPercent(own.mae / oracle.mae - 1), 'regret: error above the oracle’s']);
  return values;
}

function groupTable({ forecasters }: GroupScores, { subject, bestNaive }: Leaderboard): Markup {
  const maeOf = (name: string) => forecasters[name]?.mae ?? Number.NaN;
  const benchmarks = inOrder(Object.keys(forecasters)).filter((name) => name !== 'oracle');
  const names = [
    ...benchmarks.sort((a, b) => maeOf(a) - maeOf(b)),
    ...('oracle' in forecasters ? ['oracle'] : []),
  ];
  const highest = Math.max(...names.map(maeOf).filter(Number.isFinite));
  const rows = names.map((name): Html[] => {
    const m = forecasters[name];
    if (!m) return [name];
    const skill = 1 - m.mae / maeOf(bestNaive);
    return [
      forecasterName(name),
      [figure(m.mae), meter(m.mae / highest)],
      figure(m.maePerStep[0] ?? Number.NaN),
      figure(m.maePerStep.at(-1) ?? Number.NaN),
      percent(m.wape),
      figure(m.mase),
      figure(m.bias),
      figure(m.pinball),
      percent(m.coverage),
      name === bestNaive ? '–' : signedSkill(skill),
    ];
  });
  const head = ['forecaster', 'MAE', 'step 1', 'last step', 'WAPE', 'MASE', 'bias', 'pinball'];
  return table(
    [...head, 'covers', 'against best naive'],
    rows,
    names.map((name) => (name === subject ? 'strong' : name === 'oracle' ? 'aside' : '')),
  );
}

function stepSections({ leaderboard: { groups }, domain }: LeaderboardReport): Html {
  const coverage = groups.flatMap((group) => {
    const chart = coverageByStep(group, domain);
    return chart ? [html`<h3>${capital(groupTitle(group.name))}</h3>\n${figureOf(chart)}`] : [];
  });
  const unit = `MAE in ${domain.unit}. The last value may leave the chart at the top.`;
  return [
    html`<h2>Error by step</h2>`,
    groups.map(
      (group) => html`<h3>${capital(groupTitle(group.name))}</h3>
${figureOf(errorByStep(group, domain), unit)}
${stepDetails(group)}`,
    ),
    coverage.length > 0 &&
      html`<h2>Coverage by step</h2>
<p>The share of actuals inside the interval: above the line the interval is too wide, below too
narrow. ${domain.integerValued && COUNTS}</p>
${coverage}`,
  ];
}

/** Why even the oracle's interval is too wide. */
const COUNTS =
  'The interval of the oracle holds whole numbers only and covers more than its nominal share.';

function stepDetails({ forecasters }: GroupScores): Markup {
  const names = inOrder(Object.keys(forecasters));
  const steps = forecasters[names[0] ?? '']?.maePerStep ?? [];
  const rows = steps.map((_, k) => [
    String(k + 1),
    ...names.map((name) => figure(forecasters[name]?.maePerStep[k] ?? Number.NaN)),
  ]);
  const numbers = table(['step', ...names.map(forecasterName)], rows);
  return html`<details><summary>MAE by step as a table</summary>${numbers}</details>`;
}

function weekSection({ leaderboard, domain }: LeaderboardReport): Html {
  const { error, gain, highest, largest } = weekOfErrors(leaderboard, domain);
  const name = forecasterName(leaderboard.subject);
  const best = forecasterName(leaderboard.bestNaive);
  return [
    html`<h2>By hour of the local week</h2>`,
    figureOf(
      error,
      `MAE of the ${name}: the stronger the colour, the larger; at most ${figure(highest)} ` +
        `${domain.unit}.`,
    ),
    figureOf(
      gain,
      `Against the ${best}: blue is better, amber with a minus worse, ≤ ${percent(largest, 0)}.`,
    ),
  ];
}

function seriesSection({ leaderboard, domain }: LeaderboardReport): Markup {
  const { subject, bestNaive, series } = leaderboard;
  const best = forecasterName(bestNaive);
  return html`<h2>Worst series</h2>
<p>The ${forecasterName(subject)} by ${domain.seriesNoun}: those that make up most of the error,
and those where it gains least over the ${best}.</p>
<h3>Most of the error</h3>
${seriesTable(series.slice(0, ROWS), domain)}
<h3>Least gain over the ${best}</h3>
${seriesTable(minGain(series), domain)}`;
}

function seriesTable(series: readonly SeriesScore[], domain: PageDomain): Markup {
  const highest = series.reduce((most, { share }) => Math.max(most, share), 0) || 1;
  const rows = series.map(({ seriesId, mean, mae, mase, skill, share }): Html[] => [
    titleOf(domain, seriesId),
    figure(mean),
    figure(mae),
    figure(mase),
    signedSkill(skill),
    [percent(share), meter(share / highest)],
  ]);
  return table(
    [domain.seriesNoun, 'mean', 'MAE', 'MASE', 'against best naive', 'of all error'],
    rows,
  );
}

const minGain = (series: readonly SeriesScore[]): SeriesScore[] =>
  series
    .filter(({ skill }) => Number.isFinite(skill))
    .sort((a, b) => a.skill - b.skill)
    .slice(0, ROWS);

function worstSection({ leaderboard, domain }: LeaderboardReport): Html {
  const { subject, bestNaive, worstForecasts } = leaderboard;
  const labels = timeLabels(domain.timeZone);
  const fans = worstForecasts.map((window) => {
    const when = `${labels.full(window.cutoff)}: ${errorsOf(window, domain.unit)}.`;
    return figureOf(fan(window, domain), when, html`<b>${titleOf(domain, window.seriesId)}</b>`);
  });
  return [
    html`<h2>Largest errors</h2>
<p>The cutoffs with the largest error of the ${forecasterName(subject)} over all series, the largest
first, and the ${domain.seriesNoun} with the largest error at each.</p>`,
    fans.length > 0 && [
      fanKey(domain.quantiles, forecasterName(bestNaive)),
      html`<div class="pair">${fans}</div>`,
    ],
  ];
}

function fanKey(quantiles: readonly number[], naive: string): Markup {
  const share = (quantiles.at(-1) ?? 0) - (quantiles[0] ?? 0);
  return keyOf([
    { css: `color:${colour('actual')}`, isLine: true, text: 'actual' },
    { css: `color:${colour('forecast')}`, isLine: true, text: 'median forecast' },
    { css: `color:${colour('naive')};border-top-style:dashed`, isLine: true, text: naive },
    ...(share > 0
      ? [{ css: `background:${colour('band80')}`, text: `${percent(share, 0)} interval` }]
      : []),
  ]);
}

const footer = (report: LeaderboardReport): Markup =>
  html`<footer><p>Snapshot ${report.snapshotVersion}, ${report.madeBy}; written ${utcText(report.writtenAt)}. MAE is the mean absolute error of the
median in ${report.domain.unit}; WAPE is the sum of absolute errors over the sum of actuals; MASE
is the error over that of the same hour last week within the training span, averaged over series;
bias is positive where forecasts are too high.</p></footer>`;

const signedSkill = (skill: number): Html =>
  skill < 0 ? html`<span class="worse">${signedPercent(skill)}</span>` : signedPercent(skill);

const capital = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);
