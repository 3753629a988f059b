/**
 * Purpose: the calibration report as one self-contained HTML page: reliability diagrams, shares by
 * step, a table. Inline style and pictures, no script, nothing loaded.
 * Invariants: pure; everything that comes from data is escaped; reads in light and dark, on a phone
 * and on paper.
 * Fails: never.
 */
import type {
  GroupReliability,
  QuantileReliability,
} from '../../forecasting/evaluation/reliability.ts';
import { escaped } from '../../platform/text/escaped.ts';

export interface CalibrationReport {
  readonly title: string;
  /** What was scored, for people: model, snapshot, span. */
  readonly subtitle: string;
  readonly groups: readonly GroupReliability[];
  /**
   * Whether the quantiles were calibrated on held-out cutoffs before they were scored; where not,
   * why.
   */
  readonly calibrated: boolean;
  readonly note: string;
}

const STYLE = `
:root{color-scheme:light dark;--ink:#17202b;--paper:#fff;--soft:#586574;--line:#dfe4ea;--blue:#1d5fd1;--wrong:#b3261e}
@media (prefers-color-scheme:dark){:root{--ink:#e6ebf1;--paper:#161d26;--soft:#97a4b3;--line:#2a3440;--blue:#6cabff;--wrong:#ff8f86}}
body{margin:0 auto;max-width:62rem;padding:1.5rem 1rem 4rem;background:var(--paper);color:var(--ink);font:16px/1.5 system-ui,sans-serif}
h1{font-size:1.6rem;margin:0 0 .25rem}h2{font-size:1.15rem;margin:2.5rem 0 .5rem}p,figcaption{color:var(--soft);margin:0 0 .75rem}
.pair{display:flex;flex-wrap:wrap;gap:1rem}figure{margin:0;flex:1 1 20rem;min-width:0}svg{width:100%;height:auto;display:block}
svg text{fill:var(--soft);font:11px system-ui,sans-serif}.grid{stroke:var(--line)}.ideal{stroke:var(--soft);stroke-dasharray:4 3;fill:none}
.bar{stroke:var(--blue);stroke-width:7;stroke-opacity:.35;stroke-linecap:round}.error{stroke:var(--blue)}.dot{fill:var(--blue)}
.off .bar,.off .error{stroke:var(--wrong)}.off .dot{fill:var(--wrong)}.line{fill:none;stroke:var(--blue);stroke-width:1.8}
.area{fill:var(--blue);fill-opacity:.18}.off{color:var(--wrong)}.wide{overflow-x:auto}
table{border-collapse:collapse;width:100%;font-variant-numeric:tabular-nums}th,td{text-align:right;padding:.3rem .6rem;border-bottom:1px solid var(--line)}
th{color:var(--soft);font-weight:500}th:first-child,td:first-child{text-align:left}`;

export function reliabilityPage({
  title,
  subtitle,
  groups,
  calibrated,
  note,
}: CalibrationReport): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escaped(`Calibration: ${title}`)}</title>
<style>${STYLE}</style>
</head>
<body>
<h1>${escaped(`Calibration: ${title}`)}</h1>
<p>${escaped(subtitle)}</p>
<p${calibrated ? '' : ' class="off"'}>${escaped(note)}</p>
<p>A quantile of 0.9 is right when nine of ten actuals lie at or below it. Where actuals are whole numbers many equal the forecast: the
thick bar runs from the share below it to the share at or below it, and the diagonal should cross it. Thin lines are two standard errors,
with what happens at one cutoff counted once.</p>
${groups.map(section).join('\n')}
</body>
</html>
`;
}

function section(group: GroupReliability): string {
  const name =
    group.group === 'all'
      ? 'All series'
      : `Series with ${group.group.replace('>=', ' of at least ')}`;
  const rows = group.quantiles.map((one) => {
    const cells = [
      one.quantile,
      percent(one.below),
      percent(one.atMost),
      `± ${percent(2 * one.standardError)}`,
      one.isRight ? 'yes' : 'no',
    ];
    return `<tr${one.isRight ? '' : ' class="off"'}>${cells.map((cell) => `<td>${escaped(String(cell))}</td>`).join('')}</tr>`;
  });
  return `<h2>${escaped(name)}</h2>
<p>${group.count.toLocaleString('en-US')} actuals after ${group.cutoffs} cutoffs.</p>
<div class="pair">
<figure>${diagram(group.quantiles)}<figcaption>Nominal share (across) against the observed one (up). On the dashed line, forecasts hold what they say.</figcaption></figure>
<figure>${byStep(group.quantiles)}<figcaption>The same by step: each band is the observed share of one quantile, its nominal share dashed.</figcaption></figure>
</div>
<div class="wide"><table><thead><tr><th>quantile</th><th>below</th><th>at or below</th><th>two standard errors</th><th>right</th></tr></thead>
<tbody>
${rows.join('\n')}
</tbody></table></div>`;
}

const SIZE = 360;
const EDGE = 34;
const INNER = SIZE - EDGE - 12;
const at = (share: number): number => SIZE - EDGE - INNER * Math.min(1, Math.max(0, share));

function frame(xLabels: readonly { x: number; text: string }[]): string {
  const shares = [0, 0.25, 0.5, 0.75, 1];
  const rows = shares.map(
    (share) =>
      `<path class="grid" d="M${EDGE} ${at(share).toFixed(1)}H${SIZE - 12}"/><text x="${EDGE - 6}" y="${(at(share) + 4).toFixed(1)}" text-anchor="end">${share}</text>`,
  );
  const columns = xLabels.map(
    ({ x, text }) =>
      `<text x="${x.toFixed(1)}" y="${SIZE - EDGE + 18}" text-anchor="middle">${text}</text>`,
  );
  return [...rows, ...columns].join('');
}

function diagram(quantiles: readonly QuantileReliability[]): string {
  const x = (share: number) => EDGE + INNER * share;
  const points = quantiles
    .filter(({ atMost }) => Number.isFinite(atMost))
    .map(({ quantile, below, atMost, standardError, isRight }) => {
      const [px, low, high] = [
        x(quantile).toFixed(1),
        below - 2 * standardError,
        atMost + 2 * standardError,
      ];
      const words = `${quantile}: ${percent(below)} below, ${percent(atMost)} at or below`;
      return `<g${isRight ? '' : ' class="off"'}><title>${words}</title><path class="error" d="M${px} ${at(low).toFixed(1)}V${at(high).toFixed(1)}"/><path class="bar" d="M${px} ${at(below).toFixed(1)}V${(at(atMost) - 0.1).toFixed(1)}"/><circle class="dot" cx="${px}" cy="${at((below + atMost) / 2).toFixed(1)}" r="3"/></g>`;
    });
  const labels = [0, 0.25, 0.5, 0.75, 1].map((share) => ({ x: x(share), text: String(share) }));
  return `<svg viewBox="0 0 ${SIZE} ${SIZE}" role="img" aria-label="Reliability diagram">${frame(labels)}<path class="ideal" d="M${x(0)} ${at(0)}L${x(1)} ${at(1)}"/>${points.join('')}</svg>`;
}

function byStep(quantiles: readonly QuantileReliability[]): string {
  const steps = quantiles[0]?.belowPerStep.length ?? 0;
  const x = (k: number) => EDGE + 6 + ((INNER - 12) * k) / Math.max(1, steps - 1);
  const line = (shares: readonly number[]) =>
    shares
      .map((share, k) =>
        Number.isFinite(share) ? `${x(k).toFixed(1)} ${at(share).toFixed(1)}` : '',
      )
      .filter(Boolean);
  const bands = quantiles.map(({ quantile, belowPerStep, atMostPerStep }) => {
    const [low, high] = [line(belowPerStep), line(atMostPerStep)];
    if (high.length === 0) return '';
    const middle = line(belowPerStep.map((share, k) => (share + (atMostPerStep[k] as number)) / 2));
    return `<g><title>quantile ${quantile}</title><path class="ideal" d="M${x(0).toFixed(1)} ${at(quantile).toFixed(1)}H${x(steps - 1).toFixed(1)}"/><path class="area" d="M${[...high, ...low.reverse()].join('L')}Z"/><path class="line" d="M${middle.join('L')}"/></g>`;
  });
  const shown = [
    ...new Set([1, Math.ceil(steps / 4), Math.ceil(steps / 2), Math.ceil((3 * steps) / 4), steps]),
  ].filter((k) => k >= 1);
  const labels = shown.map((k) => ({ x: x(k - 1), text: String(k) }));
  return `<svg viewBox="0 0 ${SIZE} ${SIZE}" role="img" aria-label="Observed shares by step">${frame(labels)}${bands.join('')}</svg>`;
}

const percent = (share: number): string =>
  Number.isFinite(share) ? `${(100 * share).toFixed(1)} %` : '–';
