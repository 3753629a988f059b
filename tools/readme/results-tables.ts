/**
 * Purpose: the figures of bench/results/*.json as Markdown tables.
 * Invariants: nothing is computed here but the share against the best naive baseline; a figure that
 * was not measured stays empty; the forecaster with the least error of a column is in bold.
 * Fails: a plain Error where a file has no metrics of the group "all".
 */
import { table } from './command-tables.ts';

/**
 * What `npm run bench:accuracy` and the gradient-boosting peer write: group → forecaster → figures.
 */
export interface AccuracyResult {
  readonly series: number;
  readonly cutoffs: number;
  readonly seeds?: number;
  readonly backend?: string;
  readonly seconds: Readonly<Record<string, number>>;
  /** Set by hand where the figures are not the final ones. */
  readonly note?: string;
  readonly metrics: Readonly<
    Record<string, Readonly<Record<string, Readonly<Record<string, unknown>>>>>
  >;
}

export interface MatmulResult {
  readonly node: string;
  readonly turns: number;
  readonly rows: readonly {
    what: string;
    shippedMs: number;
    patchedMs: number;
    ratio: number;
    difference: number;
  }[];
}

const NAIVE = ['last_value', 'seasonal_naive', 'mean_4_weeks'];
const LABELS: Readonly<Record<string, string>> = {
  last_value: 'last value',
  seasonal_naive: 'same hour last week',
  mean_4_weeks: 'mean of 4 weeks',
  xgboost: 'XGBoost (squared error)',
  lightgbm: 'LightGBM (quantiles)',
  sklearn: 'scikit-learn boosting (quantiles)',
  network: 'Headway’s network',
};

export function accuracyTable(
  title: string,
  unit: string,
  own: AccuracyResult,
  peer: AccuracyResult | null,
): string {
  const groups = Object.keys(own.metrics);
  const all = own.metrics.all;
  if (!all) throw new Error(`the results of ${title} have no group "all"`);
  const names = Object.keys(LABELS).filter((name) => all[name] ?? peer?.metrics.all?.[name]);
  const figure = (name: string, metric: string, group = 'all'): number | null => {
    // The naive rows are ours; the peer computes them too, from the same panel.
    const value = (own.metrics[group]?.[name] ?? peer?.metrics[group]?.[name])?.[metric];
    return typeof value === 'number' && Number.isFinite(value) ? value : null;
  };
  const bestNaive = Math.min(...NAIVE.flatMap((name) => figure(name, 'mae') ?? []));
  const column = (head: string, metric: string, show: (x: number) => string, group?: string) => {
    const values = names.map((name) => figure(name, metric, group));
    const least = metric === 'coverage_80' ? null : Math.min(...values.filter((x) => x !== null));
    return {
      head,
      cells: values.map((x) => (x === null ? '' : x === least ? `**${show(x)}**` : show(x))),
    };
  };
  const busy = groups.includes('mean>=1')
    ? [column('MAE, mean ≥ 1', 'mae', number, 'mean>=1')]
    : [];
  const columns = [
    column(`MAE (${unit})`, 'mae', number),
    ...busy,
    column('step 1', 'mae_step_1', number),
    column('last step', 'mae_last_step', number),
    column('WAPE', 'wape', percent),
    column('pinball', 'pinball', number),
    column('80 % covers', 'coverage_80', percent),
  ];
  const gain = names.map((name) => {
    const mae = figure(name, 'mae');
    return mae === null ? '' : `${(100 * (1 - mae / bestNaive)).toFixed(1)} %`;
  });
  const rows = names.map((name, i) => [
    LABELS[name] as string,
    ...columns.map(({ cells }) => cells[i] as string),
    gain[i] as string,
  ]);
  const head = ['', ...columns.map((one) => one.head), 'less error than the best naive'];
  const facts = [
    `**${title}**: ${own.series} series`,
    `${own.cutoffs} cutoffs`,
    plural(own.seeds ?? 1, 'seed'),
    `backend ${own.backend ?? '?'}`,
    `training ${seconds(own)}${peer ? peerSeconds(peer) : ''}.`,
  ];
  const caption = facts.join(', ');
  const note = own.note ? `\n\n> ${own.note}` : '';
  return `${caption}${note}\n\n${table(
    head,
    rows,
    head.map((_, i) => i).filter((i) => i > 0),
  )}`;
}

const seconds = ({ seconds: spent }: AccuracyResult): string =>
  `${Math.round(spent.train_network ?? Number.NaN)} s`;

function peerSeconds({ seconds: spent }: AccuracyResult): string {
  const sum = (prefix: string) =>
    Object.entries(spent).reduce(
      (total, [name, value]) => total + (name.startsWith(`train_${prefix}`) ? value : 0),
      0,
    );
  const parts = ['xgboost', 'lightgbm', 'sklearn']
    .filter((name) => sum(name) > 0)
    .map((name) => `${name} ${Math.round(sum(name))} s`);
  return parts.length > 0 ? ` (${parts.join(', ')})` : '';
}

export function matmulTable({ node, turns, rows }: MatmulResult): string {
  const cells = rows.map(({ what, shippedMs, patchedMs, ratio, difference }) => [
    what,
    shippedMs.toFixed(1),
    patchedMs.toFixed(1),
    `${ratio.toFixed(1)} ×`,
    difference === 0 ? '0' : difference.toExponential(0),
  ]);
  const head = ['', 'as shipped, ms', 'fixed, ms', 'ratio', 'difference'];
  const note =
    `Medians of ${turns} turns, Node ${node.replace(/^v/, '')}. ` +
    '`difference` is the greatest one, relative to the greatest value.';
  return `${table(head, cells, [1, 2, 3, 4])}\n\n${note}`;
}

const plural = (count: number, noun: string): string => `${count} ${noun}${count === 1 ? '' : 's'}`;
const number = (x: number): string => (Math.abs(x) >= 100 ? x.toFixed(0) : x.toFixed(3));
const percent = (x: number): string => `${(100 * x).toFixed(1)} %`;
