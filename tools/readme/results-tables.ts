/**
 * Purpose: the figures of bench/results/*.json as Markdown tables.
 * Invariants: nothing is computed here but the share against the best naive baseline; a figure that
 * was not measured stays empty; the forecaster with the least error of a column is in bold.
 * Fails: a plain Error where a file has no metrics of the group "all".
 */
import { table } from './command-tables.ts';

type Figures = Readonly<Record<string, unknown>>;
/** Group → forecaster → figures. */
type Metrics = Readonly<Record<string, Readonly<Record<string, Figures>>>>;

/** What `npm run bench:accuracy` writes. */
export interface AccuracyResult {
  readonly series: number;
  readonly seeds: number;
  readonly backend: string;
  readonly seconds: Readonly<Record<string, number>>;
  /** Set by hand where the figures are not the final ones. */
  readonly note?: string;
  /** The latest first. */
  readonly windows: readonly {
    readonly lastDay: string;
    readonly cutoffs: number;
    readonly metrics: Metrics;
  }[];
}

/** What `npm run bench:peers` writes: the same panel, cutoffs and groups. */
export interface PeerResult {
  readonly metrics: Metrics;
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

/** Of series that average at least 0.1 an interval. */
const NOT_AT_REST = 'mean>=0.1';
const NAIVE = ['last_value', 'seasonal_naive', 'mean_4_weeks'];
const LABELS: Readonly<Record<string, string>> = {
  last_value: 'last value',
  seasonal_naive: 'same hour last week',
  mean_4_weeks: 'mean of 4 weeks',
  autoets: 'AutoETS',
  mstl: 'MSTL',
  autotheta: 'AutoTheta',
  mlforecast: 'mlforecast (LightGBM, step by step)',
  lightgbm: 'LightGBM (three quantiles)',
  lightgbm_whole: '… rounded to whole numbers',
  network: 'Headway’s network',
};

export function accuracyTable(
  title: string,
  unit: string,
  own: AccuracyResult,
  peer: PeerResult | null,
): string {
  const [last] = own.windows;
  if (!last?.metrics.all) throw new Error(`the results of ${title} have no group "all"`);
  const groups = Object.keys(last.metrics);
  // Series at rest say nothing of a forecaster.
  const main = groups.includes(NOT_AT_REST) ? NOT_AT_REST : 'all';
  const names = Object.keys(LABELS).filter(
    (name) => last.metrics.all?.[name] ?? peer?.metrics.all?.[name],
  );
  const figure = (name: string, metric: string, group = main): number | null => {
    // The naive rows are ours; the peer computes them too, from the same panel.
    const figures = last.metrics[group]?.[name] ?? peer?.metrics[group]?.[name];
    const value = figures?.[metric];
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
    ...(main === 'all' ? [] : ['scored: those with a mean of at least 0.1']),
    `${last.cutoffs} cutoffs up to ${last.lastDay}`,
    plural(own.seeds, 'seed'),
    `backend ${own.backend}`,
    `training ${seconds(own)}.`,
  ];
  const comparison = table(
    head,
    rows,
    head.map((_, i) => i).filter((i) => i > 0),
  );
  const note = own.note ? `\n\n> ${own.note}` : '';
  const windows = own.note ? '' : `\n\n${windowTable(own, main)}`;
  return `${facts.join(', ')}${note}\n\n${comparison}${windows}`;
}

/** The network on every window: means, standard errors over cutoffs, coverage by steps. */
function windowTable({ windows }: AccuracyResult, group: string): string {
  const rows = windows.map(({ lastDay, metrics }) => {
    const figures = metrics[group]?.network ?? {};
    const errors = (figures.standard_errors ?? {}) as Record<string, number>;
    const steps = (figures.by_steps ?? []) as { steps: string; coverage: { mean: number } }[];
    return {
      steps: steps.map((one) => one.steps),
      cells: [
        lastDay,
        withError(Number(figures.mae), Number(errors.mae)),
        withError(Number(figures.pinball), Number(errors.pinball)),
        `${percent(Number(figures.coverage_80))} ± ${(100 * Number(errors.coverage)).toFixed(1)}`,
        ...steps.map(({ coverage }) => percent(coverage.mean)),
      ],
    };
  });
  const steps = (rows[0]?.steps ?? []).map((name) => `covers, steps ${name}`);
  const head = ['28 days up to', 'MAE', 'pinball', '80 % covers', ...steps];
  return table(
    head,
    rows.map(({ cells }) => cells),
    head.map((_, i) => i).filter((i) => i > 0),
  );
}

const seconds = ({ seconds: spent }: AccuracyResult): string =>
  `${Math.round(spent.train_network ?? Number.NaN)} s`;

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
/** The error has the decimals of the value. */
const withError = (x: number, error: number): string =>
  `${number(x)} ± ${error.toFixed(Math.abs(x) >= 100 ? 0 : 3)}`;
const percent = (x: number): string => `${(100 * x).toFixed(1)} %`;
