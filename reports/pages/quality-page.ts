/**
 * Purpose: the data-quality report as one self-contained HTML page: inline style and pictures, no
 * script, nothing loaded.
 * Invariants: everything that comes from data is escaped; reads in light and dark, on a phone and
 * on paper.
 * Fails: never.
 */
import { escaped } from '../../platform/text/escaped.ts';
import { utcText } from '../../platform/text/utc-text.ts';
import {
  EXPECTATIONS,
  type Outcome,
  shareText,
  type Unit,
  type Verdict,
} from '../../services/feature/contract/verdict.ts';
import type { Account, QualityReport } from '../../services/feature/quality-report.ts';
import { heatChart, rejectionChart, volumeChart } from '../charts/quality-svg.ts';
import type { QualityTables } from '../charts/quality-tables.ts';

const whole = (value: number): string => value.toLocaleString('en-US');
const figure = (value: number | null): string => {
  if (value === null) return '–';
  return value >= 100 ? whole(Math.round(value)) : value.toPrecision(3);
};
const WEEKDAYS = ['Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat', 'Sun'];

const STYLE = `
:root { color-scheme: light dark; --ink: #1b1f24; --paper: #ffffff; --soft: #5f6873; --line: #d9dee4; --bar: #2f6fab;
  --warn: #d9822b; --warn-ink: #96540f; --fail: #b3261e; }
@media (prefers-color-scheme: dark) { :root { --ink: #e6e9ed; --paper: #15181c; --soft: #9aa4af; --line: #343b43; --bar: #6fb1ef;
  --warn: #d9822b; --warn-ink: #f0a860; --fail: #ff8a80; } }
body { margin: 0 auto; max-width: 60rem; padding: 1.5rem 1rem 4rem; background: var(--paper); color: var(--ink);
  font: 16px/1.5 system-ui, sans-serif; }
h1 { font-size: 1.6rem; margin: 0 0 .25rem; } h2 { font-size: 1.15rem; margin: 2.5rem 0 .5rem; }
p, figcaption, summary { color: var(--soft); margin: 0 0 .75rem; }
.cards { display: flex; flex-wrap: wrap; gap: .75rem; margin: 1.25rem 0 0; }
.cards div { border: 1px solid var(--line); border-radius: .5rem; padding: .6rem .9rem; min-width: 7rem; }
.cards b { display: block; font-size: 1.3rem; font-variant-numeric: tabular-nums; }
.cards span { color: var(--soft); font-size: .85rem; }
.wide { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; }
th, td { text-align: right; padding: .3rem .6rem; border-bottom: 1px solid var(--line); } th { color: var(--soft); font-weight: 500; }
th:first-child, td:first-child { text-align: left; overflow-wrap: anywhere; min-width: 9rem; white-space: normal; } td { white-space: nowrap; }
figure { margin: 0 0 1rem; } svg { width: 100%; height: auto; display: block; }
svg text { fill: var(--soft); font: 11px system-ui, sans-serif; } svg rect { fill: var(--bar); }
.ids { overflow-wrap: anywhere; } .wide svg { min-width: 40rem; }
svg .old { fill-opacity: .45; } svg .gap { fill: var(--warn); stroke: var(--warn); } svg rect.gap { stroke: none; }
svg path { fill: none; } svg .line { stroke: var(--ink); stroke-width: 1.5; } .heat path { stroke: var(--bar); stroke-width: 11; }
.heat .gap { stroke: var(--warn); stroke-opacity: .55; } .heat .shade0 { stroke: var(--line); stroke-width: 2; } .heat .shade1 { stroke-opacity: .2; }
.heat .shade2 { stroke-opacity: .4; } .heat .shade3 { stroke-opacity: .6; } .heat .shade4 { stroke-opacity: .8; }
svg .kind0 { fill: #2f6fab; } svg .kind1 { fill: #d9822b; } svg .kind2 { fill: #3d9970; } svg .kind3 { fill: #b0447d; } svg .kind4 { fill: #8a7f2d; }
svg .kind5 { fill: #7a6bb5; } svg .kind6 { fill: #8d99a6; }
.contract td:first-child { min-width: 12rem; } .contract td:last-child, .contract th:last-child { text-align: left; white-space: normal; overflow-wrap: anywhere; min-width: 14rem; }
.contract b { white-space: nowrap; } .contract .fail b { color: var(--fail); } .contract .warn b, .contract .accepted b { color: var(--warn-ink); }
.contract .unjudged { color: var(--soft); } .key i { display: inline-block; width: .8rem; height: .8rem; margin: 0 .3rem 0 .8rem; vertical-align: -.1rem; }`;

export function qualityPage(report: QualityReport, pictures: QualityTables): string {
  const { gaps } = report;
  const unit = pictures.countsEvents ? report.unit : 'values';
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Data quality: ${escaped(report.title)}</title>
<style>${STYLE}</style>
</head>
<body>
<h1>Data quality: ${escaped(report.title)}</h1>
<p>${utcText(report.span.start)} to ${utcText(report.span.end)}. Written ${utcText(report.generatedAt)}.</p>
<div class="cards">
${card(contractText(report), 'data contract')}
${card(freshnessText(report), 'age of the newest interval')}
${card(whole(report.run.rowsIn), 'rows in')}
${card(whole(report.run.rowsUsed), 'rows used')}
${card(whole(report.run.rowsIn - report.run.rowsUsed), 'rows rejected')}
${card(whole(report.seriesCount), 'series')}
${card(figure(report.mean), `mean, ${report.unit}`)}
${card(whole(gaps.intervals), 'unknown intervals')}
${card(whole(report.sparse.count), 'sparse series')}
${card(whole(report.dead.count), 'dead series')}
</div>
<h2>Expectations</h2>
${contractTable(report)}
<h2>Volume against the past weeks</h2>
<figure>${volumeChart(pictures)}<figcaption>Mean ${escaped(unit)} of all series per interval, by ${daysText(pictures.volume.daysEach)}. Strong bars are new with this run; the line is what the same hours of the four weeks before let expect; orange is missing.</figcaption></figure>
<h2>Rows by reason</h2>
<p>Every row is either used or rejected for one reason.</p>
${reasonTable(report.run, report.total)}
<figure>${rejectionChart(report.parts)}<figcaption>Share of rows rejected, by file (the last 60) and reason.</figcaption></figure>
<h2>Every ${escaped(report.seriesNoun)}, by day</h2>
<details open><summary>${whole(pictures.heat.rows.length)} series, the busiest first${pictures.heat.more > 0 ? `; ${whole(pictures.heat.more)} with less volume are not shown` : ''}. One column is ${daysText(pictures.heat.daysEach)}.</summary>
<p class="key">The darker, the nearer to the series' own highest: ${[1, 2, 3, 4, 5].map((shade) => `<i style="background: var(--bar); opacity: ${shade / 5}"></i>`).join('')}; a thin line is zero<i style="background: var(--warn); opacity: .55"></i> is missing</p>
<div class="wide">${heatChart(pictures, report.seriesNoun)}</div></details>
<h2>New and vanished series</h2>
${named('new', report.newSeries)}
${named('vanished', report.vanishedSeries)}
<h2>By local hour and weekday</h2>
<figure>${bars(
    report.byHour,
    report.byHour.map((_, hour) => String(hour)),
  )}<figcaption>Mean ${escaped(report.unit)} per ${escaped(report.seriesNoun)}, by hour of the day (${escaped(report.timeZone)}).</figcaption></figure>
<figure>${bars(report.byWeekday, WEEKDAYS)}<figcaption>By weekday.</figcaption></figure>
<figure>${heatMap(report.byWeekdayAndHour)}<figcaption>By weekday and hour: the stronger, the more.</figcaption></figure>
<h2>Busiest series</h2>
${table(
  [report.seriesNoun, 'mean', 'maximum', 'known intervals'],
  report.busiest.map((row) => [
    row.seriesId,
    figure(row.mean),
    figure(row.maximum),
    whole(row.known),
  ]),
)}
<h2>Gaps</h2>
<p>${whole(gaps.intervals)} unknown intervals in ${whole(gaps.count)} gaps of ${whole(gaps.series)} series.</p>
${
  gaps.longest.length > 0
    ? table(
        [report.seriesNoun, 'from', 'intervals'],
        gaps.longest.map((gap) => [gap.seriesId, utcText(gap.start), whole(gap.intervals)]),
      )
    : ''
}
<h2>Sparse and dead series</h2>
${listing('sparse', 'a mean below 0.1 per interval', report.sparse)}
${listing('dead', 'nothing in the last 28 days', report.dead)}
<h2>Files of this run</h2>
<details${report.parts.length > 40 ? '' : ' open'}><summary>${whole(report.parts.length)} files${report.parts.length > 500 ? ', the last 500 of them' : ''}</summary>
${table(
  ['file', 'feed', 'rows in', 'rows used', 'rejected', ''],
  report.parts
    .slice(-500)
    .map((part) => [
      part.name,
      part.feed,
      ...[part.rowsIn, part.rowsUsed, part.rowsIn - part.rowsUsed].map(whole),
      part.skipped ? 'as before' : 'new',
    ]),
)}
</details>
</body>
</html>
`;
}

const daysText = (days: number): string => (days === 1 ? 'a day' : `${days} days`);

const OUTCOMES: Record<Outcome, string> = {
  pass: 'pass',
  warn: 'warning',
  fail: 'BROKEN',
  accepted: 'accepted by hand',
  unjudged: 'not judged',
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
function contractTable({ verdicts }: QualityReport): string {
  const limit = ({ unit }: Verdict, value: number | null) =>
    value === null ? '–' : FIGURES[unit](value);
  const rows = verdicts.map((verdict) => {
    const { name, outcome, value, soft, hard, detail, examples } = verdict;
    const more =
      examples.length > 0
        ? `<details><summary>${examples.length} more</summary>${examples.map(escaped).join('<br>')}</details>`
        : '';
    return `<tr class="${outcome}"><td>${escaped(EXPECTATIONS[name].title)}</td><td><b>${OUTCOMES[outcome]}</b></td>${[
      value,
      soft,
      hard,
    ]
      .map((number) => `<td>${limit(verdict, number)}</td>`)
      .join('')}<td>${escaped(detail)}${more}</td></tr>`;
  });
  const head = ['expectation', 'verdict', 'measured', 'warns above', 'refuses above', 'about']
    .map((text) => `<th>${text}</th>`)
    .join('');
  return `<div class="wide"><table class="contract"><thead><tr>${head}</tr></thead><tbody>\n${rows.join('\n')}\n</tbody></table></div>`;
}

const named = (kind: string, ids: readonly string[]): string =>
  ids.length === 0
    ? `<p>No ${kind} series.</p>`
    : `<p class="ids">${whole(ids.length)} ${kind}: ${escaped(ids.join(', '))}</p>`;

const card = (value: string, label: string): string =>
  `<div><b>${escaped(value)}</b><span>${escaped(label)}</span></div>`;

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const cells = (tag: string, values: readonly string[]) =>
    values.map((value) => `<${tag}>${escaped(value)}</${tag}>`).join('');
  const body = rows.map((row) => `<tr>${cells('td', row)}</tr>`).join('\n');
  return `<div class="wide"><table><thead><tr>${cells('th', head)}</tr></thead><tbody>\n${body}\n</tbody></table></div>`;
}

function reasonTable(run: Account, total: Account): string {
  const reasons = [
    ...new Set([...Object.keys(run.rejected), ...Object.keys(total.rejected)]),
  ].sort();
  const row = (label: string, of: (account: Account) => number): string[] => {
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
): string {
  if (count === 0) return `<p>No ${name} series (${meaning}).</p>`;
  const rest = count > seriesIds.length ? ` and ${whole(count - seriesIds.length)} more` : '';
  return `<details><summary>${whole(count)} ${name} series: ${meaning}</summary><p class="ids">${escaped(seriesIds.join(', '))}${rest}</p></details>`;
}

function bars(values: readonly (number | null)[], labels: readonly string[]): string {
  const highest = Math.max(0, ...values.map((value) => value ?? 0));
  const step = 720 / values.length;
  const bodies = values.map((value, index) => {
    const height = highest > 0 ? Math.max(0, ((value ?? 0) / highest) * 110) : 0;
    const x = (index * step).toFixed(1);
    const label = `<text x="${(index * step + step * 0.4).toFixed(1)}" y="140" text-anchor="middle">${escaped(labels[index])}</text>`;
    return `<rect x="${x}" y="${(124 - height).toFixed(1)}" width="${(step * 0.8).toFixed(1)}" height="${height.toFixed(1)}"><title>${escaped(labels[index])}: ${figure(value)}</title></rect>${label}`;
  });
  return `<svg viewBox="0 0 720 146" role="img" aria-label="Bars, highest ${figure(highest)}; the text below says of what"><text x="0" y="10">${figure(highest)}</text>${bodies.join('')}</svg>`;
}

function heatMap(rows: readonly (readonly (number | null)[])[]): string {
  const highest = Math.max(0, ...rows.flat().map((value) => value ?? 0));
  const cells = rows.flatMap((row, weekday) => {
    const label = `<text x="0" y="${weekday * 20 + 15}">${WEEKDAYS[weekday]}</text>`;
    const boxes = row.map((value, hour) => {
      const strength = highest > 0 ? Math.max(0, (value ?? 0) / highest) : 0;
      return `<rect x="${36 + hour * 28.5}" y="${weekday * 20}" width="27" height="18" fill-opacity="${(0.06 + 0.94 * strength).toFixed(3)}"><title>${WEEKDAYS[weekday]} ${hour}:00: ${figure(value)}</title></rect>`;
    });
    return [label, ...boxes];
  });
  const hours = [0, 6, 12, 18].map(
    (hour) => `<text x="${36 + hour * 28.5}" y="154">${hour}:00</text>`,
  );
  return `<svg viewBox="0 0 720 160" role="img" aria-label="By weekday and hour; the stronger, the more, up to ${figure(highest)}">${cells.join('')}${hours.join('')}</svg>`;
}
