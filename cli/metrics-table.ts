/**
 * Purpose: backtest metrics by group and by step, and the reliability of the quantiles, as
 * tables in the terminal.
 * Invariants: the best forecaster of a column is marked; the oracle, which knows the truth, is not
 * compared.
 * Fails: never.
 */
import Table from 'cli-table3';
import { forecasterName, inOrder } from '../forecasting/evaluation/forecaster-names.ts';
import type { GroupReliability } from '../forecasting/evaluation/reliability.ts';
import { NAIVE_NAMES } from '../forecasting/models/baselines/naive.ts';

const RELIABILITY_TITLE =
  'Quantile calibration: observed share of actuals (± two standard errors; ! marks a deviation)';

type Figures = Record<string, unknown>;
type Groups = Record<string, Record<string, Figures>>;

export function metricsTable(metrics: Groups, unit: string): string {
  const parts: string[] = [];
  for (const [group, forecasters] of Object.entries(metrics)) {
    const coverage = coverageKey(forecasters);
    const table = new Table({
      head: [
        'forecaster',
        `MAE (${unit})`,
        'step 1',
        'last step',
        'WAPE',
        'MASE',
        'bias',
        'pinball',
        `${coverage.slice('coverage_'.length)} % interval`,
        'MAE vs best baseline',
      ],
      style: { head: [], border: [] },
      colAligns: [
        'left',
        'right',
        'right',
        'right',
        'right',
        'right',
        'right',
        'right',
        'right',
        'right',
      ],
    });
    const names = inOrder(Object.keys(forecasters));
    const mae = (name: string) => Number(forecasters[name]?.mae);
    const bestNaive = Math.min(...NAIVE_NAMES.filter((name) => forecasters[name]).map(mae));
    const best = Math.min(...names.filter((name) => name !== 'oracle').map(mae));
    for (const name of names) {
      const f = forecasters[name] as Figures;
      table.push([
        forecasterName(name),
        `${figure(f.mae)}${mae(name) === best ? ' *' : '  '}`,
        figure(f.mae_step_1),
        figure(f.mae_last_step),
        percent(f.wape),
        figure(f.mase),
        figure(f.bias),
        figure(f.pinball),
        percent(f[coverage]),
        `${(100 * (1 - mae(name) / bestNaive)).toFixed(1)} %`,
      ]);
    }
    parts.push(`${titleOf(group)}\n${table.toString()}`);
    const oracle = forecasters.oracle;
    if (oracle && forecasters.network)
      parts.push(
        `MAE of the network above the oracle: ${percent(mae('network') / mae('oracle') - 1)}.`,
      );
  }
  return parts.join('\n');
}

/** MAE of every forecaster at a few steps, one table a group. */
export function stepTable(metrics: Groups, unit: string): string {
  return Object.entries(metrics)
    .map(([group, forecasters]) => {
      const names = inOrder(Object.keys(forecasters));
      const perStep = (name: string) =>
        (forecasters[name]?.mae_per_step ?? []) as readonly (number | null)[];
      const steps = shownSteps(perStep(names[0] as string).length);
      const table = new Table({
        head: ['MAE at step', ...steps.map(String)],
        style: { head: [], border: [] },
        colAligns: ['left', ...steps.map(() => 'right' as const)],
      });
      const at = (name: string, step: number) => Number(perStep(name)[step - 1] ?? Number.NaN);
      const benchmarks = names.filter((name) => name !== 'oracle');
      for (const name of names) {
        const isBest = (step: number) =>
          benchmarks.every((benchmark) => !(at(benchmark, step) < at(name, step))) &&
          name !== 'oracle';
        table.push([
          forecasterName(name),
          ...steps.map((step) => `${figure(at(name, step))}${isBest(step) ? ' *' : '  '}`),
        ]);
      }
      return `${titleOf(group)}, ${unit}\n${table.toString()}`;
    })
    .join('\n');
}

/** The first steps and some later ones: where a horizon is long, not all of them. */
function shownSteps(horizon: number): number[] {
  const wanted = [1, 2, 3, 6, 12, 18, 24, 36, 48, 72, 96, 120, 144, 168, horizon];
  return [...new Set(wanted.filter((step) => step <= horizon))].sort((a, b) => a - b);
}

const titleOf = (group: string) =>
  group === 'all' ? 'All series' : `Series with ${group.replace('>=', ' of at least ')}`;

/** The metric's name has the level of the outermost quantiles: coverage_80. */
const coverageKey = ({ network = {} }: Record<string, Figures>): string =>
  Object.keys(network).find((key) => /^coverage_\d+$/.test(key)) ?? 'coverage_80';

/**
 * The observed share of each quantile. Where actuals equal the forecast it is a range: from below
 * to at or below.
 */
export function reliabilityTable(groups: readonly GroupReliability[]): string {
  const quantiles = groups[0]?.quantiles ?? [];
  const table = new Table({
    head: ['actuals at or below', ...quantiles.map(({ quantile }) => String(quantile))],
    style: { head: [], border: [] },
    colAligns: ['left', ...quantiles.map(() => 'right' as const)],
  });
  for (const { group, quantiles: shares } of groups) {
    table.push([
      group === 'all' ? 'all series' : group,
      ...shares.map(({ below, atMost, standardError, isRight }) => {
        const range =
          atMost - below < 0.005 ? percent(atMost) : `${percent(below)} – ${percent(atMost)}`;
        return `${range} ± ${(200 * standardError).toFixed(1)}${isRight ? ' ' : '!'}`;
      }),
    ]);
  }
  return `${RELIABILITY_TITLE}\n${table.toString()}`;
}

const isNumber = (x: unknown): x is number => typeof x === 'number' && Number.isFinite(x);
const figure = (x: unknown): string =>
  isNumber(x) ? (Math.abs(x) >= 100 ? x.toFixed(0) : x.toFixed(3)) : '';
const percent = (x: unknown): string => (isNumber(x) ? `${(100 * x).toFixed(1)} %` : '');
