/**
 * Purpose: a model of others as a Forecaster: its inputs from the panel, its quantiles calibrated
 * and possible for the target, as ours are.
 * Invariants: reads nothing after the cutoff but the calendar; quantiles that cross are sorted
 * before they are calibrated; the same graph and panel give the same bits.
 * Fails: a RangeError for a domain that asks for more steps or other quantiles than the card has;
 * the session's own error where the graph does not run or gives another count of values.
 */
import { type FeatureSpec, levelIntervals } from '../../features/feature-spec.ts';
import { levelAt } from '../../features/features.ts';
import { type Panel, targetOf } from '../../panel/panel.ts';
import {
  believedCenter,
  type Calibration,
  groupOfWindow,
  spreadAbout,
} from '../calibration/calibration.ts';
import { constrainQuantiles } from '../calibration/constrain-quantiles.ts';
import { SHORT_SHARE } from '../calibration/short-histories.ts';
import type { Forecaster } from '../forecaster.ts';
import { anchorForecaster } from './anchor.ts';
import type { ExternalCard, GraphInput, RunGraph } from './card.ts';
import { ensembleForecaster, type SavedEnsemble } from './ensemble.ts';
import { contextOf, tableOf } from './rows.ts';

export const EXTERNAL = 'external';
const FORMAT = 1;

/** The part of a stored model next to its graph. */
export interface SavedExternal {
  readonly format: typeof FORMAT;
  readonly kind: 'external';
  readonly card: ExternalCard;
  /** Of the domain: seasons, calendar, horizon, and what values the target can have. */
  readonly features: FeatureSpec;
  readonly quantiles: readonly number[];
  readonly calibration: Calibration | null;
  /** Where it forecasts together with a model of ours. */
  readonly ensemble?: SavedEnsemble;
}

export const saveExternal = (saved: Omit<SavedExternal, 'format' | 'kind'>): SavedExternal => ({
  format: FORMAT,
  kind: 'external',
  ...saved,
});

export const isExternal = (model: unknown): model is SavedExternal =>
  (model as Partial<SavedExternal> | null)?.kind === 'external';

/**
 * The Forecaster that `saveExternal` saved.
 * @param ours of an ensemble: the restored model of ours
 */
export function externalForecaster(
  saved: SavedExternal,
  run: RunGraph,
  ours?: Forecaster,
): Forecaster {
  const { features, quantiles, calibration, ensemble } = saved;
  if (saved.format !== FORMAT) throw new RangeError(`the model is not of format ${FORMAT}`);
  if ((ours === undefined) !== (ensemble === undefined))
    throw new RangeError('an ensemble takes the model that it names, and no other model does');
  const theirs = rawForecaster(saved, run);
  const raw = ours && ensemble ? ensembleForecaster(theirs, ours, ensemble.shares) : theirs;
  const anchor = anchorForecaster(features);
  const median = quantiles.indexOf(0.5);
  return {
    ...raw,
    predict(panel, cutoff, horizon) {
      const out = raw.predict(panel, cutoff, horizon);
      const anchors = anchor.predict(panel, cutoff, horizon);
      const values = new Float64Array(quantiles.length);
      for (let s = 0; s < panel.seriesIds.length; s++) {
        const group = calibration && groupAt(calibration, targetOf(panel, s), cutoff, features);
        for (let k = 0; k < horizon; k++) {
          const at = (q: number) => (s * quantiles.length + q) * horizon + k;
          for (let q = 0; q < values.length; q++) values[q] = out[at(q)] as number;
          if (calibration && group !== null) {
            const usual = anchors[s * horizon + k] as number;
            const centers = { anchor: usual, linear: usual, own: values[median] as number };
            const center = believedCenter(calibration, group, k, centers);
            spreadAbout(calibration.factors[group], k, center, values, median);
          }
          constrainQuantiles(values, median, features, calibration?.edges[group ?? 0] ?? 0);
          for (let q = 0; q < values.length; q++) out[at(q)] = values[q] as number;
        }
      }
      return out;
    },
  };
}

/** What the graph says, neither calibrated nor cut off. */
export function rawForecaster(
  { card, features, quantiles }: Pick<SavedExternal, 'card' | 'features' | 'quantiles'>,
  run: RunGraph,
): Forecaster {
  const places = quantiles.map((quantile) => card.quantiles.indexOf(quantile));
  if (places.includes(-1))
    throw new RangeError(`the card has the quantiles ${card.quantiles}, not ${quantiles}`);
  if (card.horizon < features.horizon)
    throw new RangeError(`the card has ${card.horizon} steps, ${features.horizon} are needed`);
  return {
    name: EXTERNAL,
    quantiles,
    minimumHistory: features.week,
    predict(panel, cutoff, horizon) {
      const series = panel.seriesIds.length;
      const inputs = Object.fromEntries(
        card.inputs.map((input) => [input.name, graphInput(input, panel, cutoff, card, features)]),
      );
      const names = card.outputs.map(({ name }) => name);
      const outputs = run(inputs, names).map(({ values }) => values);
      const isOne = card.outputs.length === 1;
      const needed = series * card.horizon * (isOne ? card.quantiles.length : 1);
      for (const [i, { length }] of outputs.entries())
        if (length !== needed)
          throw new RangeError(`${names[i]} has ${length} values, the card says ${needed}`);
      const out = new Float32Array(series * quantiles.length * horizon);
      const sorted = new Float64Array(card.quantiles.length);
      for (let s = 0; s < series; s++)
        for (let k = 0; k < horizon; k++) {
          for (let q = 0; q < sorted.length; q++) {
            const n = isOne ? 0 : q;
            const axes = card.outputs[n]?.axes ?? [];
            const at = placeIn(axes, { series: s, quantile: q, step: k }, card, series);
            sorted[q] = outputs[n]?.[at] as number;
          }
          sorted.sort();
          for (const [q, place] of places.entries())
            out[(s * quantiles.length + q) * horizon + k] = sorted[place] as number;
        }
      return out;
    },
  };
}

/** Where a value lies in an output with these axes, row-major. */
function placeIn(
  axes: ExternalCard['outputs'][number]['axes'],
  at: Record<'series' | 'quantile' | 'step', number>,
  { quantiles, horizon }: ExternalCard,
  series: number,
): number {
  const sizes = { series, quantile: quantiles.length, step: horizon };
  return axes.reduce((place, axis) => place * sizes[axis] + at[axis], 0);
}

function graphInput(
  input: ExternalCard['inputs'][number],
  panel: Panel,
  cutoff: number,
  { horizon, seriesIds = [] }: ExternalCard,
  { place }: FeatureSpec,
): GraphInput {
  const series = panel.seriesIds.length;
  if (input.kind === 'group')
    return { shape: [series], values: BigInt64Array.from({ length: series }, (_, s) => BigInt(s)) };
  if (input.kind === 'rows') {
    const { columns } = input;
    const values = tableOf({ panel, cutoff }, columns, { horizon, place, seriesIds });
    return { shape: [series * horizon, columns.length], values };
  }
  const context = contextOf(panel, cutoff, input.length);
  const shape = [series, input.length];
  if (input.kind === 'mask')
    return { shape, values: context.map((value) => (Number.isNaN(value) ? 0 : 1)) };
  const isZero = input.missing === 'zero';
  return { shape, values: isZero ? context.map((value) => value || 0) : context };
}

/** As `NetworkPass` finds it: by the level, or among short histories. */
function groupAt(
  calibration: Calibration,
  values: Float32Array,
  cutoff: number,
  spec: FeatureSpec,
): number {
  const span = levelIntervals(spec);
  let known = 0;
  for (let t = Math.max(0, cutoff - span + 1); t <= cutoff; t++)
    if (!Number.isNaN(values[t])) known++;
  return groupOfWindow(calibration, levelAt(values, cutoff, spec), known / span < SHORT_SHARE);
}
