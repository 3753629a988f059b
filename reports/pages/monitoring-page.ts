/**
 * Purpose: the monitoring report as one self-contained HTML page: what happened, whether the
 * forecasts were right, what was decided and why.
 * Invariants: pure: the same report gives the same bytes; what a chart shows can be read as text.
 * Fails: never.
 */
import { forecasterName } from '../../forecasting/evaluation/forecaster-names.ts';
import type { LiveScore } from '../../forecasting/evaluation/live-scores.ts';
import { timeLabels } from '../../platform/text/scales.ts';
import type {
  MonitoringReport,
  ReportedDecision,
  ReportedVerdict,
} from '../../services/monitoring/report.ts';
import type { PageDomain } from '../charts/leaderboard-charts.ts';
import { coverageByDay, lossByDay, lossByStep, skillOfWeek } from '../charts/monitoring-charts.ts';
import { figure, percent, shortCount, signedPercent, whole } from '../text/figures.ts';
import { type Html, html, type Markup } from '../text/html.ts';
import { figureOf, page, table } from './layout.ts';

export interface MonitoringPage {
  readonly report: MonitoringReport;
  readonly domain: PageDomain;
  /** "Replay" or "Monitoring". */
  readonly kind: string;
  /** How the features were read, and other things to know, one paragraph each. */
  readonly notes: readonly string[];
}

const ROWS = 8;

export function monitoringPage({ report, domain, kind, notes }: MonitoringPage): string {
  return page({
    name: `${kind}: ${domain.title}`,
    heading: finding(report),
    intro: [intro(report, domain), notes.map((note) => html`<p>${note}</p>`)],
    figures: keyFigures(report, domain),
    body: [
      html`<h2>Was it right?</h2>`,
      figureOf(
        lossByDay(report, domain),
        `Mean pinball loss of all forecasts of a day, in ${domain.unit}. Lower is better.`,
      ),
      figureOf(
        coverageByDay(report, domain),
        'Where most counts are 0, more of them lie inside than the interval claims.',
      ),
      forecasterTable(report, domain),
      html`<h2>What was decided</h2>`,
      decisions(report, domain),
      html`<h2>What was unusual</h2>`,
      verdicts(report, domain),
      knownDays(report, domain),
      html`<h2>How far ahead, and when</h2>`,
      figureOf(lossByStep(report, domain)),
      figureOf(
        skillOfWeek(report, domain),
        'Blue: less loss than the best naive baseline; amber with a minus: more.',
      ),
      html`<h2>Where</h2>`,
      seriesTable(report, domain),
    ],
  });
}

const servedOf = ({ forecasters }: MonitoringReport): LiveScore | null =>
  forecasters.find(({ role }) => role === 'serving') ?? null;

function finding(report: MonitoringReport): string {
  const served = servedOf(report);
  if (served === null) return 'Nothing was scored yet';
  if (report.bestNaive === null) return `${whole(served.pairs)} forecast values were scored`;
  const { skill } = served;
  const share = percent(Math.abs(skill));
  const most =
    share === percent(0)
      ? 'As much loss as the best naive'
      : `${share} ${skill > 0 ? 'less' : 'more'} loss than the best naive`;
  const drift = report.verdicts.length;
  const found = drift === 0 ? 'no drift' : drift === 1 ? 'one drift verdict' : `${drift} verdicts`;
  return `${most} baseline, ${found}`;
}

function intro({ from, until, checks, decisions }: MonitoringReport, domain: PageDomain): Markup {
  const labels = timeLabels(domain.timeZone);
  return html`<p>From ${labels.full(from)} to ${labels.full(until)} (${domain.timeZone}),
${domain.horizon} steps of ${domain.frequencyMinutes} minutes; ${checks}
${checks === 1 ? 'check' : 'checks'}, ${decisions.length}
${decisions.length === 1 ? 'decision' : 'decisions'}.</p>`;
}

function keyFigures(report: MonitoringReport, { unit }: PageDomain): [string, string][] {
  const served = servedOf(report);
  if (served === null) return [];
  const { pairs, pinball, mae, skill, coverage, nominal, expectedPinball } = served;
  return [
    [shortCount(pairs), 'forecast values scored'],
    [signedPercent(skill), 'skill against the best naive'],
    [percent(coverage), `inside the ${percent(nominal, 0)} interval`],
    [figure(pinball), `pinball loss; it expected ${figure(expectedPinball)}`],
    [figure(mae), `MAE, ${unit}`],
    [shortCount(report.pending), 'values not known yet'],
  ];
}

/** Of the models that forecast in shadow (twin, champion before, challenger) all together. */
const shadowName = (forecaster: string): string =>
  forecaster === 'network' ? 'other models, not served' : forecasterName(forecaster);

function forecasterTable({ forecasters }: MonitoringReport, { unit }: PageDomain): Markup {
  const rows = forecasters.map((one): Html[] => [
    one.role === 'serving' ? 'served' : shadowName(one.forecaster),
    whole(one.pairs),
    figure(one.pinball),
    signedPercent(one.skill),
    figure(one.mae),
    percent(one.wape),
    figure(one.bias),
    percent(one.coverage),
  ]);
  return table(
    ['forecaster', 'values', 'pinball', 'skill', `MAE, ${unit}`, 'WAPE', 'bias', 'covered'],
    rows,
    forecasters.map(({ role }) => (role === 'serving' ? 'strong' : '')),
  );
}

const KINDS: Readonly<Record<string, string>> = {
  retrain: 'Retrain',
  refit: 'Refit',
  challenge: 'Challenge',
  promote: 'Promote',
  reject: 'Reject',
  rollback: 'Roll back',
  keep: 'Keep',
};

function decisions({ decisions: all }: MonitoringReport, { timeZone }: PageDomain): Markup {
  if (all.length === 0) return html`<p>Nothing: what was served stayed as it was.</p>`;
  const labels = timeLabels(timeZone);
  const change = ({ before, after }: ReportedDecision): Html =>
    before === after
      ? (after ?? 'a baseline')
      : html`${before ?? 'a baseline'} → ${after ?? 'a baseline'}`;
  const rows = all.map(
    (one) => html`<tr><th scope="row">${labels.full(one.at)}</th><td class="text">
${KINDS[one.kind] ?? one.kind}</td><td class="text">${one.reason}</td><td class="text">
${change(one)}</td></tr>\n`,
  );
  return html`<div class="wide"><table><thead><tr><th scope="col">when</th>
<th scope="col" class="text">what</th><th scope="col" class="text">why</th>
<th scope="col" class="text">served</th></tr></thead><tbody>${rows}</tbody></table></div>`;
}

function verdicts({ verdicts: all }: MonitoringReport, domain: PageDomain): Markup {
  if (all.length === 0)
    return html`<p>No drift: every check found the data and the forecasts
as they should be.</p>`;
  const labels = timeLabels(domain.timeZone);
  const rows = all.map(
    (one) => html`<tr><th scope="row">${one.name}</th><td class="text">${one.message}
${seriesNames(one, domain)}</td><td>${labels.full(one.since)}</td>
<td>${labels.full(one.detectedAt)}</td>
<td>${one.endedAt === null ? 'open' : labels.full(one.endedAt)}</td></tr>\n`,
  );
  return html`<div class="wide"><table><thead><tr><th scope="col">verdict</th>
<th scope="col" class="text">what was found</th><th scope="col">since</th>
<th scope="col">found</th><th scope="col">gone</th></tr></thead>
<tbody>${rows}</tbody></table></div>`;
}

function seriesNames({ seriesIds }: ReportedVerdict, { seriesTitle }: PageDomain): string {
  if (seriesIds.length === 0) return '';
  const shown = seriesIds.slice(0, ROWS).map((id) => seriesTitle(id));
  const more = seriesIds.length - shown.length;
  return ` (${shown.join(', ')}${more > 0 ? ` and ${more} more` : ''})`;
}

function knownDays({ knownDays: all }: MonitoringReport, { timeZone }: PageDomain): Html {
  if (all.length === 0) return null;
  const labels = timeLabels(timeZone);
  const list = all.map(({ at, name }) => `${labels.day(at)} ${name}`).join('; ');
  return html`<p>Known in advance, and not drift: ${list}.</p>`;
}

function seriesTable({ series }: MonitoringReport, domain: PageDomain): Markup {
  const rows = series
    .slice(0, ROWS)
    .map(({ seriesId, served, naive, share }): Html[] => [
      domain.seriesTitle(seriesId),
      percent(share),
      figure(served?.pinball ?? null),
      signedPercent(served && naive ? 1 - served.pinball / naive.pinball : Number.NaN),
      figure(served?.mae ?? null),
      percent(served?.coverage ?? Number.NaN),
    ]);
  const head = [domain.seriesNoun, 'share of all error', 'pinball', 'skill', 'MAE', 'covered'];
  return html`<p>The ${Math.min(ROWS, series.length)} of ${series.length} that make up most of
the error.</p>${table(head, rows)}`;
}
