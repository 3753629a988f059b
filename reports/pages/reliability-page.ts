/**
 * Purpose: the calibration report as one self-contained HTML page: reliability diagrams, shares by
 * step, a table.
 * Invariants: pure.
 * Fails: never.
 */
import type { GroupReliability } from '../../forecasting/evaluation/reliability.ts';
import { reliabilityDiagram, sharesByStep } from '../charts/reliability-charts.ts';
import { percent, whole } from '../text/figures.ts';
import { html, type Markup } from '../text/html.ts';
import { figureOf, page, table } from './layout.ts';

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

export function reliabilityPage(report: CalibrationReport): string {
  const { title, subtitle, groups, calibrated, note } = report;
  return page({
    name: `Calibration: ${title}`,
    heading: finding(groups),
    intro: html`<p>${subtitle}</p>
<p${!calibrated && html` class="trouble"`}>${note}</p>`,
    figures: [],
    body: [
      html`<p>A quantile of 0.9 is right when nine of ten actuals are at or below it. Where actuals
are whole numbers many equal the forecast: the thick bar spans from the share below it to the share
at or below it, and the diagonal should cross it. Thin lines are two standard errors, where all
actuals after one cutoff count once.</p>`,
      groups.map(section),
    ],
  });
}

/** "Of 100 actuals 80 should be inside the interval; 82 were", of the outermost quantiles. */
function finding([all]: readonly GroupReliability[]): string {
  const [low, high] = [all?.quantiles[0], all?.quantiles.at(-1)];
  if (!low || !high || low === high) return 'Observed shares of the quantiles';
  const nominal = Math.round(100 * (high.quantile - low.quantile));
  const inside = Math.round(100 * (high.atMost - low.below));
  if (!Number.isFinite(inside)) return 'Nothing was observed yet';
  return `Of 100 actuals ${nominal} should be inside the interval; ${inside} were`;
}

function section(group: GroupReliability): Markup {
  const name =
    group.group === 'all'
      ? 'All series'
      : `Series with ${group.group.replace('>=', ' of at least ')}`;
  const rows = group.quantiles.map((one) => [
    one.quantile,
    percent(one.below),
    percent(one.atMost),
    `± ${percent(2 * one.standardError)}`,
    one.isRight ? 'yes' : html`<span class="trouble">no</span>`,
  ]);
  return html`<h2>${name}</h2>
<p>${whole(group.count)} actuals after ${group.cutoffs} cutoffs.</p>
<div class="pair">
${figureOf(
  reliabilityDiagram(group),
  html`Nominal share (across) against the observed one (up). On the dashed line both are equal;
red is off by more than chance.`,
)}
${figureOf(
  sharesByStep(group),
  'By step: each band is the observed share of one quantile, its nominal share is dashed.',
)}
</div>
${table(['quantile', 'below', 'at or below', 'two standard errors', 'right'], rows)}`;
}
