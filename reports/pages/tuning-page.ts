/**
 * Purpose: what a search found as one self-contained HTML page.
 * Invariants: pure.
 * Fails: never.
 */
import { utcText } from '../../platform/text/utc-text.ts';
import type { ReportedCandidate, TuningReport } from '../../services/training/tuning/report.ts';
import { candidateName, lossByRung, lossByValue } from '../charts/tuning-charts.ts';
import { dateText, percent } from '../text/figures.ts';
import { html, type Markup } from '../text/html.ts';
import { figureOf, page, table } from './layout.ts';

const digits = (value: number | null | undefined, count = 4): string =>
  value == null ? '–' : value.toPrecision(count);

export function tuningPage(report: TuningReport): string {
  const { candidates, rungs, folds, parameters, best, gain, unit } = report;
  const winner = candidates.find(({ number }) => number === best) as ReportedCandidate;
  const last = winner.rungs.at(-1);
  const resumed = `without ${report.resumedTrials} trials done before`;
  return page({
    name: `Search: ${report.title}`,
    heading: finding(report),
    intro: html`<p>Snapshot ${report.snapshotVersion}, seed ${report.seed}, ${report.backend}
backend. Written ${utcText(report.generatedAt)}. The last ${report.testDays} days,
which a backtest scores, were not used.</p>`,
    figures: [
      [digits(last?.loss), `loss of the best, ${candidateName(best)}`],
      [gain === null ? '–' : percent(gain), 'less loss than the default'],
      [digits(last?.mae), `its MAE, ${unit}`],
      [String(candidates.length), 'candidates'],
      [String(report.trials), 'trials'],
      [String(report.failedTrials), 'failed'],
      [`${report.seconds.toFixed(0)} s`, report.resumedTrials > 0 ? resumed : 'in all'],
    ],
    body: html`<h2>Loss by rung</h2>
${figureOf(
  lossByRung(report),
  html`Pinball loss over the MAE of the best naive forecaster, mean of ${folds.length} folds;
less is better. A line ends where its candidate was dropped.`,
)}
<h2>Loss against each parameter</h2>
<p>All candidates at ${rungs[0]?.steps} steps, the one budget that all of them had. Parameters vary
together: a pattern is a hint, not proof.</p>
<div class="small">
${parameters.map((parameter) =>
  figureOf(lossByValue(report, parameter), html`<b>${parameter.name}</b>: ${parameter.meaning}`),
)}
</div>
<h2>Candidates</h2>
${candidateTable(report)}
${failures(report)}
<h2>Folds</h2>
<p>Each is fitted on all data before its span. The loss is relative to the best naive forecaster
of the fold.</p>
${table(
  ['scored span', 'cutoffs', 'best naive', `its MAE, ${unit}`],
  folds.map((fold) => [
    `${dateText(fold.from)} to ${dateText(fold.to)}`,
    fold.cutoffs,
    fold.bestNaive ?? '–',
    digits(fold.naiveMae),
  ]),
)}`,
  });
}

function finding({ best, gain, rungs }: TuningReport): string {
  const steps = rungs.at(-1)?.steps ?? 0;
  if (best === 0) return `No candidate beats the default configuration at ${steps} steps`;
  const than = gain === null ? '' : `: ${percent(gain)} less loss than the default`;
  return `Candidate ${best} is best at ${steps} steps${than}`;
}

function candidateTable({ candidates, rungs, parameters, best }: TuningReport): Markup {
  const names = parameters.map(({ name }) => name);
  return table(
    ['', ...rungs.map(({ steps }) => `loss at ${steps}`), 'MAE', 'coverage', 's', ...names],
    candidates.map(({ number, values, rungs: own }) => {
      const last = own.at(-1);
      return [
        candidateName(number),
        ...rungs.map((_, rung) =>
          own[rung] === undefined ? '' : (own[rung].loss?.toFixed(4) ?? 'failed'),
        ),
        digits(last?.mae),
        last?.coverage == null ? '–' : percent(last.coverage, 0),
        digits(last?.seconds, 3),
        ...names.map((name) => {
          const value = values[name] as number;
          return String(Number.isInteger(value) ? value : Number(value.toPrecision(4)));
        }),
      ];
    }),
    candidates.map(({ number }) => (number === best ? 'strong' : '')),
  );
}

function failures({ candidates }: TuningReport): Markup | null {
  const lines = candidates.flatMap(({ number, rungs }) =>
    rungs.flatMap(({ steps, failures: reasons }) =>
      reasons.map((text) => `${candidateName(number)} at ${steps} steps: ${text}`),
    ),
  );
  if (lines.length === 0) return null;
  return html`<h2>Failed trials</h2>\n<ul>${lines.map((line) => html`<li>${line}</li>`)}</ul>`;
}
