/**
 * Purpose: the backtest's leaderboard as one self-contained HTML page: who is best, where, when,
 * and how sure.
 * Invariants: inline style and pictures, no script, nothing loaded; everything that comes from data
 * is escaped; reads in light and dark, on a phone and on paper; what a picture shows can be read as
 * text too.
 * Fails: never.
 */
import type {
  GroupScores,
  Leaderboard,
  SeriesScore,
} from '../../forecasting/evaluation/leaderboard.ts';
import { escaped } from '../../platform/text/escaped.ts';
import { utcText } from '../../platform/text/utc-text.ts';
import { timeLabels } from '../../web/scales.js';
import { forecasterName, inOrder } from '../charts/forecaster-names.ts';
import {
  coverageByStep,
  errorByStep,
  errorOverTime,
  fans,
  groupTitle,
  type PageDomain,
  titleOf,
  weekOfErrors,
} from '../charts/leaderboard-charts.ts';
import { LEADERBOARD_STYLE } from './leaderboard-style.ts';
import { type Cell, figure, percent, signedPercent, table } from './markup.ts';

export interface LeaderboardReport {
  readonly leaderboard: Leaderboard;
  readonly domain: PageDomain;
  readonly snapshotVersion: string;
  readonly seed: number;
  readonly backend: string;
  /** Epoch milliseconds. */
  readonly writtenAt: number;
  /** First cutoff of each fit, epoch milliseconds. */
  readonly refits: readonly number[];
}

const ROWS = 10;

export function leaderboardPage(report: LeaderboardReport): string {
  const { leaderboard, domain, refits } = report;
  const { groups, byCutoff, subject, bestNaive } = leaderboard;
  const all = groups[0] as GroupScores;
  const labels = timeLabels(domain.timeZone);
  const cutoffs = byCutoff.timestamps;
  const fits =
    refits.length === 1
      ? 'one fit before the first'
      : `${refits.length} fits, each on what precedes its first cutoff`;
  const coverage = groups
    .map((group) => ({ group, picture: coverageByStep(group, domain) }))
    .filter(({ picture }) => picture);
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Backtest: ${escaped(domain.title)}</title>
<style>${LEADERBOARD_STYLE}</style>
</head>
<body>
<h1>Backtest: ${escaped(domain.title)}</h1>
<p>${cutoffs.length} cutoffs from ${escaped(labels.full(cutoffs[0] as number))} to ${escaped(labels.full(cutoffs[cutoffs.length - 1] as number))}
(${escaped(domain.timeZone)}), ${domain.horizon} steps of ${domain.frequencyMinutes} minutes, ${all.seriesCount} series; ${fits}.</p>
${cards(leaderboard, domain)}
<h2>Leaderboard</h2>
<p>The least error first. What learns was fitted on what precedes the cutoffs it is scored at; the oracle knows the truth of simulated data and competes
with nobody.</p>
${groups.map((group) => `<h3>${escaped(capital(groupTitle(group.name)))} (${group.seriesCount})</h3>\n${groupTable(group, leaderboard)}`).join('\n')}
<h2>Error by step</h2>
${groups.map((group) => `<h3>${escaped(capital(groupTitle(group.name)))}</h3>\n${errorByStep(group, domain)}\n${stepDetails(group)}`).join('\n')}
${
  coverage.length > 0
    ? `<h2>Coverage by step</h2>\n<p>The share of actuals inside the interval: above the dashed line it is too wide, below too narrow.
${domain.integerValued ? 'The true interval of a count, the oracle’s, holds whole numbers only and covers more than it says.' : ''}</p>\n${coverage.map(({ group, picture }) => `<h3>${escaped(capital(groupTitle(group.name)))}</h3>\n${picture}`).join('\n')}`
    : ''
}
<h2>By hour of the local week</h2>
${weekOfErrors(leaderboard, domain)}
<h2>Over time</h2>
${errorOverTime(leaderboard, domain, refits)}
<h2>Worst series</h2>
<p>The ${escaped(forecasterName(subject))} by ${escaped(domain.seriesNoun)}: those that make most of all error, and those where it does worst beside the ${escaped(forecasterName(bestNaive))}.</p>
<h3>Most of the error</h3>
${seriesTable(leaderboard.series.slice(0, ROWS), domain)}
<h3>Least gain over the ${escaped(forecasterName(bestNaive))}</h3>
${seriesTable(minGain(leaderboard.series), domain)}
<h2>Most wrong</h2>
<p>The cutoffs at which the ${escaped(forecasterName(subject))} erred most over all series, the worst first, and at each the ${escaped(domain.seriesNoun)} that erred most.</p>
${fans(leaderboard, domain)}
<footer><p>Snapshot ${escaped(report.snapshotVersion)}, seed ${report.seed}, backend ${escaped(report.backend)}; written ${utcText(report.writtenAt)}.
MAE is the mean absolute error of the median in ${escaped(domain.unit)}; WAPE is the sum of absolute errors over the sum of actuals; MASE is the error over that of
the same hour last week within the training span, averaged over series; bias is positive where forecasts are too high.</p></footer>
</body>
</html>
`;
}

function cards({ groups, subject, bestNaive }: Leaderboard, { unit }: PageDomain): string {
  const all = groups[0] as GroupScores;
  const own = all.forecasters[subject];
  const naive = all.forecasters[bestNaive];
  const oracle = all.forecasters.oracle;
  if (!own || !naive) return '';
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
  return `<div class="cards">${values.map(([value, label]) => `<div><b>${escaped(value)}</b><span>${escaped(label)}</span></div>`).join('\n')}</div>`;
}

function groupTable({ forecasters }: GroupScores, { subject, bestNaive }: Leaderboard): string {
  const maeOf = (name: string) => forecasters[name]?.mae ?? Number.NaN;
  const benchmarks = inOrder(Object.keys(forecasters)).filter((name) => name !== 'oracle');
  const names = [
    ...benchmarks.sort((a, b) => maeOf(a) - maeOf(b)),
    ...('oracle' in forecasters ? ['oracle'] : []),
  ];
  const highest = Math.max(...names.map(maeOf).filter(Number.isFinite));
  const rows = names.map((name): Cell[] => {
    const m = forecasters[name];
    if (!m) return [name];
    const bar = `<span class="meter" aria-hidden="true"><i style="width:${((100 * m.mae) / highest || 0).toFixed(1)}%"></i></span>`;
    const skill = 1 - m.mae / maeOf(bestNaive);
    return [
      forecasterName(name),
      { markup: `${escaped(figure(m.mae))}${bar}` },
      figure(m.maePerStep[0] ?? Number.NaN),
      figure(m.maePerStep.at(-1) ?? Number.NaN),
      percent(m.wape),
      figure(m.mase),
      figure(m.bias).replace('-', '−'),
      figure(m.pinball),
      percent(m.coverage),
      name === bestNaive ? '–' : coloured(skill),
    ];
  });
  return table(
    [
      'forecaster',
      'MAE',
      'step 1',
      'last step',
      'WAPE',
      'MASE',
      'bias',
      'pinball',
      'covers',
      'against best naive',
    ],
    rows,
    names.map((name) => (name === subject ? 'subject' : name === 'oracle' ? 'apart' : '')),
  );
}

function stepDetails({ forecasters }: GroupScores): string {
  const names = inOrder(Object.keys(forecasters));
  const steps = forecasters[names[0] ?? '']?.maePerStep ?? [];
  const rows = steps.map((_, k) => [
    String(k + 1),
    ...names.map((name) => figure(forecasters[name]?.maePerStep[k] ?? Number.NaN)),
  ]);
  return `<details><summary>MAE by step as a table</summary>${table(['step', ...names.map(forecasterName)], rows)}</details>`;
}

function seriesTable(series: readonly SeriesScore[], domain: PageDomain): string {
  const highest = series.reduce((most, { share }) => Math.max(most, share), 0) || 1;
  const rows = series.map(({ seriesId, mean, mae, mase, skill, share }): Cell[] => [
    titleOf(domain, seriesId),
    figure(mean),
    figure(mae),
    figure(mase),
    coloured(skill),
    {
      markup: `${escaped(percent(share))}<span class="meter" aria-hidden="true"><i style="width:${((100 * share) / highest).toFixed(1)}%"></i></span>`,
    },
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

const coloured = (skill: number): Cell => ({
  markup: `<span class="${skill > 0 ? 'better' : 'worse'}">${escaped(signedPercent(skill))}</span>`,
});

const capital = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);
