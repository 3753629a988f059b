/**
 * Purpose: what a search found as one self-contained HTML page: inline style and pictures, no
 * script, nothing loaded.
 * Invariants: everything that comes from data is escaped; reads in light and dark, on a phone and
 * on paper.
 * Fails: never.
 */
import { escaped } from '../../platform/text/escaped.ts';
import { utcText } from '../../platform/text/utc-text.ts';
import type { ReportedCandidate, TuningReport } from '../../services/training/tuning/report.ts';
import { lossByRung, lossByValue } from '../charts/tuning-chart.ts';

const day = (timestamp: number): string => new Date(timestamp).toISOString().slice(0, 10);
const digits = (value: number | null | undefined, count = 4): string =>
  value == null ? '–' : value.toPrecision(count);
const named = (number: number): string => (number === 0 ? 'default' : `candidate ${number}`);

const STYLE = `
:root { color-scheme: light dark; --ink: #1b1f24; --paper: #ffffff; --soft: #5f6873; --line: #d9dee4; --grey: #9aa7b4;
  --best: #c2570c; --own: #2f6fab; }
@media (prefers-color-scheme: dark) { :root { --ink: #e6e9ed; --paper: #15181c; --soft: #9aa4af; --line: #343b43; --grey: #8894a0;
  --best: #f59f5b; --own: #6fb1ef; } }
body { margin: 0 auto; max-width: 60rem; padding: 1.5rem 1rem 4rem; background: var(--paper); color: var(--ink);
  font: 16px/1.5 system-ui, sans-serif; }
h1 { font-size: 1.6rem; margin: 0 0 .25rem; } h2 { font-size: 1.15rem; margin: 2.5rem 0 .5rem; }
p, figcaption { color: var(--soft); margin: 0 0 .75rem; }
.cards { display: flex; flex-wrap: wrap; gap: .75rem; margin: 1.25rem 0 0; }
.cards div { border: 1px solid var(--line); border-radius: .5rem; padding: .6rem .9rem; min-width: 7rem; }
.cards b { display: block; font-size: 1.3rem; font-variant-numeric: tabular-nums; }
.cards span { color: var(--soft); font-size: .85rem; }
.wide { overflow-x: auto; } .wide svg { min-width: 34rem; }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; font-size: .9rem; }
th, td { text-align: right; padding: .3rem .6rem; border-bottom: 1px solid var(--line); } th { color: var(--soft); font-weight: 500; }
th:first-child, td:first-child { text-align: left; white-space: nowrap; }
tr.best td:first-child { color: var(--best); font-weight: 600; } tr.own td:first-child { color: var(--own); font-weight: 600; }
figure { margin: 0 0 1rem; } svg { width: 100%; height: auto; display: block; }
.small { display: grid; grid-template-columns: repeat(auto-fill, minmax(15rem, 1fr)); gap: 1.25rem 1rem; }
.small figcaption { font-size: .85rem; margin: 0; } .small b { color: var(--ink); font-weight: 600; }
svg text { fill: var(--soft); font: 11px system-ui, sans-serif; } svg .axis { stroke: var(--line); }
svg .dot { fill: var(--grey); fill-opacity: .75; } svg .line { stroke: var(--grey); fill: none; stroke-opacity: .8; }
svg .dot.own { fill: var(--own); fill-opacity: 1; } svg .line.own { stroke: var(--own); stroke-opacity: 1; stroke-width: 2; stroke-dasharray: 5 3; }
svg .dot.best { fill: var(--best); fill-opacity: 1; } svg .line.best { stroke: var(--best); stroke-opacity: 1; stroke-width: 2.5; }
.key { display: inline-block; width: .7rem; height: .7rem; border-radius: 50%; margin: 0 .3rem 0 .8rem; background: var(--grey); }
.key.best { background: var(--best); } .key.own { background: var(--own); }`;

export function tuningPage(report: TuningReport): string {
  const { candidates, rungs, folds, parameters, best, gain } = report;
  const winner = candidates.find(({ number }) => number === best) as ReportedCandidate;
  const last = winner.rungs.at(-1);
  const lastSteps = rungs.at(-1)?.steps ?? 0;
  const verdict =
    best === 0
      ? `No candidate beat the default configuration at ${lastSteps} steps.`
      : `Candidate ${best} is best at ${lastSteps} steps.`;
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Search: ${escaped(report.title)}</title>
<style>${STYLE}</style>
</head>
<body>
<h1>Search: ${escaped(report.title)}</h1>
<p>Snapshot ${escaped(report.snapshotVersion)}, seed ${report.seed}, ${escaped(report.backend)} backend. Written ${utcText(report.generatedAt)}.</p>
<p>${verdict} The last ${report.testDays} days, which a backtest scores, took no part.</p>
<div class="cards">
${card(named(best), 'best')}
${card(digits(last?.loss), 'its loss')}
${card(gain === null ? '–' : `${(100 * gain).toFixed(1)} %`, 'less loss than the default')}
${card(digits(last?.mae), `its MAE, ${report.unit}`)}
${card(String(candidates.length), 'candidates')}
${card(String(report.trials), 'trials')}
${card(String(report.failedTrials), 'failed')}
${card(`${report.seconds.toFixed(0)} s`, report.resumedTrials > 0 ? `without ${report.resumedTrials} trials done before` : 'in all')}
</div>
<h2>Loss by rung</h2>
<figure><div class="wide">${lossByRung(report)}</div><figcaption>Pinball loss over the MAE of the best naive forecaster, mean of ${folds.length} folds; less is better. A line ends where its candidate was dropped.
<span class="key best"></span>best<span class="key own"></span>default<span class="key"></span>others</figcaption></figure>
<h2>Loss against each parameter</h2>
<p>All candidates at ${rungs[0]?.steps} steps, the one budget that all of them had. Parameters vary together: a pattern is a hint, no proof.</p>
<div class="small">
${parameters
  .map(
    (parameter) =>
      `<figure>${lossByValue(report, parameter)}<figcaption><b>${escaped(parameter.name)}</b>: ${escaped(parameter.meaning)}</figcaption></figure>`,
  )
  .join('\n')}
</div>
<h2>Candidates</h2>
${candidateTable(report)}
${failures(report)}
<h2>Folds</h2>
<p>Each fits on all that precedes its span. The loss is relative to the fold's best naive forecaster.</p>
${table(
  ['scored span', 'cutoffs', 'best naive', `its MAE, ${report.unit}`],
  folds.map((fold) => [
    `${day(fold.from)} to ${day(fold.to)}`,
    String(fold.cutoffs),
    fold.bestNaive ?? '–',
    digits(fold.naiveMae),
  ]),
)}
</body>
</html>
`;
}

const card = (value: string, label: string): string =>
  `<div><b>${escaped(value)}</b><span>${escaped(label)}</span></div>`;

function table(
  head: readonly string[],
  rows: readonly (readonly string[])[],
  classes: readonly string[] = [],
): string {
  const cells = (tag: string, values: readonly string[]) =>
    values.map((value) => `<${tag}>${escaped(value)}</${tag}>`).join('');
  const body = rows
    .map((row, i) => `<tr${classes[i] ? ` class="${classes[i]}"` : ''}>${cells('td', row)}</tr>`)
    .join('\n');
  return `<div class="wide"><table><thead><tr>${cells('th', head)}</tr></thead><tbody>\n${body}\n</tbody></table></div>`;
}

function candidateTable({ candidates, rungs, parameters, best }: TuningReport): string {
  return table(
    [
      '',
      ...rungs.map(({ steps }) => `loss at ${steps}`),
      'MAE',
      'coverage',
      's',
      ...parameters.map(({ name }) => name),
    ],
    candidates.map(({ number, values, rungs: own }) => [
      named(number),
      ...rungs.map((_, rung) =>
        own[rung] === undefined ? '' : (own[rung].loss?.toFixed(4) ?? 'failed'),
      ),
      digits(own.at(-1)?.mae),
      own.at(-1)?.coverage == null ? '–' : `${(100 * (own.at(-1)?.coverage ?? 0)).toFixed(0)} %`,
      digits(own.at(-1)?.seconds, 3),
      ...parameters.map(({ name }) => String(values[name])),
    ]),
    candidates.map(({ number }) => (number === best ? 'best' : number === 0 ? 'own' : '')),
  );
}

function failures({ candidates }: TuningReport): string {
  const lines = candidates.flatMap(({ number, rungs }) =>
    rungs.flatMap(({ steps, failures: said }) =>
      said.map((text) => `${named(number)} at ${steps} steps: ${text}`),
    ),
  );
  if (lines.length === 0) return '';
  return `<h2>Failed trials</h2>\n<ul>${lines.map((line) => `<li>${escaped(line)}</li>`).join('')}</ul>`;
}
