/**
 * Purpose: the data-quality report as one self-contained HTML page.
 * Invariants: pure.
 * Fails: never.
 */
import { utcText } from '../../platform/text/utc-text.ts';
import {
  EXPECTATIONS,
  type Outcome,
  shareText,
  type Unit,
  type Verdict,
} from '../../services/feature/contract/verdict.ts';
import {
  type Account,
  hasHours,
  type QualityReport,
} from '../../services/feature/quality-report.ts';
import type { QualityTables } from '../charts/data/quality-tables.ts';
import { colour, partColour } from '../charts/look.ts';
import { barChart, heatChart, rejectionChart, volumeChart } from '../charts/quality-charts.ts';
import { WEEKDAYS, weekChart } from '../charts/week-chart.ts';
import { figure, shortCount, whole } from '../text/figures.ts';
import { type Html, html, type Markup } from '../text/html.ts';
import { figureOf, keyOf, page, table } from './layout.ts';

const MAX_FILES = 500;
const MAX_OPEN_FILES = 40;

export function qualityPage(report: QualityReport, tables: QualityTables): string {
  const { gaps, run } = report;
  return page({
    name: `Data quality: ${report.title}`,
    heading: finding(report),
    intro: html`<p>${utcText(report.span.start)} to ${utcText(report.span.end)}.
Written ${utcText(report.generatedAt)}.</p>`,
    figures: [
      [contractText(report), 'data contract'],
      [freshnessText(report), 'age of the newest interval'],
      [shortCount(run.rowsIn), 'rows in'],
      [shortCount(run.rowsUsed), 'rows used'],
      [shortCount(run.rowsIn - run.rowsUsed), 'rows rejected'],
      [shortCount(report.seriesCount), report.oneIn ? `series, one in ${report.oneIn}` : 'series'],
      [figure(report.mean), `mean, ${report.unit}`],
      [shortCount(gaps.intervals), 'unknown intervals'],
      [shortCount(report.sparse.count), 'sparse series'],
      [shortCount(report.dead.count), 'dead series'],
    ],
    body: [
      html`<h2>Expectations</h2>\n${contractTable(report)}`,
      volumeSection(report, tables),
      rowSection(report),
      heatSection(report, tables),
      html`<h2>New and vanished series</h2>
${named('new', report.newSeries)}
${named('vanished', report.vanishedSeries)}`,
      profileSection(report),
      seriesSection(report),
      fileSection(report),
    ],
  });
}

function finding({ run, verdicts }: QualityReport): string {
  const broken = verdicts.filter(({ outcome }) => outcome === 'fail').length;
  const share = run.rowsIn > 0 ? shareText(run.rowsUsed / run.rowsIn) : 'none';
  const used = `${share} of ${whole(run.rowsIn)} rows used`;
  if (broken === 0) return `The data contract holds; ${used}`;
  return `The data contract is broken by ${broken} expectation${broken === 1 ? '' : 's'}; ${used}`;
}

function volumeSection({ unit }: QualityReport, tables: QualityTables): Markup {
  const { volume, countsEvents } = tables;
  return html`<h2>Volume against the past weeks</h2>
${figureOf(
  volumeChart(tables),
  html`Mean ${countsEvents ? unit : 'values'} of all series per interval, by
${daysText(volume.daysEach)}. Dark bars are new with this run; the line is the expectation from the
same hours of the four weeks before; red is missing.`,
)}`;
}

function rowSection({ run, total, parts }: QualityReport): Markup {
  const rejected = rejectionChart(parts);
  const key = rejected?.reasons.map((text, i) => ({ css: `background:${partColour(i)}`, text }));
  return html`<h2>Rows by reason</h2>
<p>Every row is either used or rejected for one reason.</p>
${reasonTable(run, total)}
${figureOf(rejected?.chart ?? null, 'By file, the last 60, and reason.', key && keyOf(key))}`;
}

function heatSection({ seriesNoun }: QualityReport, tables: QualityTables): Markup {
  const { rows, more, daysEach } = tables.heat;
  const rest = more > 0 ? `; ${whole(more)} with less volume are not shown` : '';
  const shade = (opacity: number) => `background:${colour('forecast')};opacity:${opacity}`;
  return html`<h2>Every ${seriesNoun}, by day</h2>
<details open><summary>${whole(rows.length)} series, the busiest first${rest}.
One column is ${daysText(daysEach)}.</summary>
${keyOf([
  { css: shade(0.2), text: 'low' },
  { css: shade(0.6), text: 'half' },
  { css: shade(1), text: 'near its own highest' },
  { css: `color:${colour('line')}`, isLine: true, text: 'zero' },
  { css: `color:${colour('trouble')}`, isLine: true, text: 'missing' },
])}
${figureOf(heatChart(tables, seriesNoun))}</details>`;
}

function profileSection(report: QualityReport): Markup {
  const { unit, seriesNoun, timeZone } = report;
  const hours = report.byHour.map((_, hour) => String(hour));
  const about = `Mean ${unit} per ${seriesNoun}, by hour of the day (${timeZone}).`;
  const cells = report.byWeekdayAndHour.flat();
  const highest = figure(Math.max(0, ...cells.map((value) => value ?? 0)));
  const week = weekChart({
    title: 'Mean by weekday and hour',
    description: `The stronger the colour, the larger, up to ${highest} ${unit}.`,
    values: cells,
    format: (value) => `${figure(value)} ${unit}`,
  });
  const weekdays = figureOf(barChart('Mean by weekday', report.byWeekday, WEEKDAYS), 'By weekday.');
  if (!hasHours(report)) return html`<h2>By weekday</h2>${weekdays}`;
  return html`<h2>By local hour and weekday</h2>
${figureOf(barChart('Mean by hour', report.byHour, hours), about)}
${weekdays}
${figureOf(week, `By weekday and hour: the stronger the colour, the larger, up to ${highest}.`)}`;
}

function seriesSection({ seriesNoun, busiest, gaps, sparse, dead }: QualityReport): Markup {
  const longest = gaps.longest.map((gap) => [
    gap.seriesId,
    utcText(gap.start),
    whole(gap.intervals),
  ]);
  return html`<h2>Busiest series</h2>
${table(
  [seriesNoun, 'mean', 'maximum', 'known intervals'],
  busiest.map((row) => [row.seriesId, figure(row.mean), figure(row.maximum), whole(row.known)]),
)}
<h2>Gaps</h2>
<p>${whole(gaps.intervals)} unknown intervals in ${whole(gaps.count)} gaps of
${whole(gaps.series)} series.</p>
${longest.length > 0 && table([seriesNoun, 'from', 'intervals'], longest)}
<h2>Sparse and dead series</h2>
${listing('sparse', 'a mean below 0.1 per interval', sparse)}
${listing('dead', 'nothing in the last 28 days', dead)}`;
}

function fileSection({ parts }: QualityReport): Markup {
  const rest = parts.length > MAX_FILES ? `, the last ${MAX_FILES} of them` : '';
  const rows = parts
    .slice(-MAX_FILES)
    .map((part) => [
      part.name,
      part.feed,
      ...[part.rowsIn, part.rowsUsed, part.rowsIn - part.rowsUsed].map(whole),
      part.skipped ? 'as before' : 'new',
    ]);
  return html`<h2>Files of this run</h2>
<details${parts.length <= MAX_OPEN_FILES && ' open'}>
<summary>${whole(parts.length)} files${rest}</summary>
${table(['file', 'feed', 'rows in', 'rows used', 'rejected', ''], rows)}
</details>`;
}

const daysText = (days: number): string => (days === 1 ? 'a day' : `${days} days`);

const OUTCOMES: Record<Outcome, string> = {
  pass: 'pass',
  warn: 'warning',
  fail: 'BROKEN',
  accepted: 'accepted by hand',
  unjudged: 'not judged',
};

const CLASSES: Record<Outcome, string> = {
  pass: '',
  warn: 'warn',
  fail: 'trouble',
  accepted: 'warn',
  unjudged: 'quiet',
};

const FIGURES: Record<Unit, (value: number) => string> = {
  count: (value) => whole(value),
  share: shareText,
  factor: (value) => `${value.toFixed(2)} ×`,
  hours: (value) =>
    value < 72 ? `${value.toFixed(1)} h` : `${whole(Math.round(value / 24))} days`,
};

function contractText({ verdicts }: QualityReport): string {
  const count = (outcome: Outcome) =>
    verdicts.filter((verdict) => verdict.outcome === outcome).length;
  const said = [
    [count('fail'), 'broken'],
    [count('accepted'), 'accepted'],
    [count('warn'), count('warn') === 1 ? 'warning' : 'warnings'],
  ].filter(([number]) => number !== 0);
  return said.length === 0 ? 'kept' : said.map(([number, text]) => `${number} ${text}`).join(', ');
}

function freshnessText({ verdicts }: QualityReport): string {
  const hours = verdicts.find(({ name }) => name === 'freshness')?.value ?? null;
  if (hours === null) return '–';
  return FIGURES.hours(hours);
}

/** Every expectation: what was measured, where it warns and refuses, and what it was about. */
function contractTable({ verdicts }: QualityReport): Markup {
  const limit = ({ unit }: Verdict, value: number | null) =>
    value === null ? '–' : FIGURES[unit](value);
  const rows = verdicts.map((verdict) => {
    const { name, outcome, value, soft, hard, detail, examples } = verdict;
    const more =
      examples.length > 0 &&
      html`<details><summary>${examples.length} more</summary>
${examples.map((text) => html`${text}<br>`)}</details>`;
    const numbers = [value, soft, hard].map((one) => html`<td>${limit(verdict, one)}</td>`);
    return html`<tr><th scope="row">${EXPECTATIONS[name].title}</th>
<td><span class="${CLASSES[outcome]}">${OUTCOMES[outcome]}</span></td>${numbers}
<td class="text">${detail}${more}</td></tr>\n`;
  });
  const head = ['expectation', 'verdict', 'measured', 'warns above', 'refuses above'];
  const titles = head.map((text) => html`<th scope="col">${text}</th>`);
  return html`<div class="wide"><table class="contract">
<thead><tr>${titles}<th scope="col" class="text">about</th></tr></thead><tbody>
${rows}</tbody></table></div>`;
}

const named = (kind: string, ids: readonly string[]): Markup =>
  ids.length === 0
    ? html`<p>No ${kind} series.</p>`
    : html`<p class="ids">${whole(ids.length)} ${kind}: ${ids.join(', ')}</p>`;

function reasonTable(run: Account, total: Account): Markup {
  const reasons = [
    ...new Set([...Object.keys(run.rejected), ...Object.keys(total.rejected)]),
  ].sort();
  const row = (label: string, of: (account: Account) => number): Html[] => {
    const share = run.rowsIn > 0 ? `${((100 * of(run)) / run.rowsIn).toFixed(3)} %` : '';
    return [label, whole(of(run)), share, whole(of(total))];
  };
  return table(
    ['', 'this run', 'share', 'the snapshot'],
    [
      row('rows in', (account) => account.rowsIn),
      row('used', (account) => account.rowsUsed),
      ...reasons.map((reason) =>
        row(`rejected: ${reason}`, (account) => account.rejected[reason] ?? 0),
      ),
    ],
  );
}

function listing(
  name: string,
  meaning: string,
  { count, seriesIds }: QualityReport['sparse'],
): Markup {
  if (count === 0) return html`<p>No ${name} series (${meaning}).</p>`;
  const rest = count > seriesIds.length ? ` and ${whole(count - seriesIds.length)} more` : '';
  return html`<details><summary>${whole(count)} ${name} series: ${meaning}</summary>
<p class="ids">${seriesIds.join(', ')}${rest}</p></details>`;
}
