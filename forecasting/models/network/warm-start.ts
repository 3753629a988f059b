/**
 * Purpose: where a fit starts that goes on from an earlier network instead of from random weights.
 * Invariants: a series keeps what was learnt of it, wherever it stands in the new order; a series
 * that is new starts where unknown series stood; nothing of the earlier network is changed.
 * Fails: never; where the networks do not fit together it says why.
 */
import { type ExogenousInputs, NO_EXOGENOUS } from '../../features/exogenous.ts';
import { type FeatureSpec, featureSizes } from '../../features/feature-spec.ts';
import { isPlausibleScale } from './input-scaling.ts';
import type { NetworkSpec, TrainedNetwork } from './network.ts';

export type WarmStart = Pick<TrainedNetwork, 'scaling' | 'members'> & Pick<FeatureSpec, 'context'>;

/**
 * @param champion the network to go on from. Its scaling and its context are kept, because its
 * weights mean nothing under others.
 * @param spec the network to be fitted, whose series may be others
 * @returns the start, or one clause that says why there is none
 */
export function warmStartFrom(
  { spec: own, scaling, members }: TrainedNetwork,
  spec: NetworkSpec,
): WarmStart | string {
  const difference = differenceOf(own, spec);
  if (difference !== null) return difference;
  if (!isPlausibleScale(scaling.outputScale))
    return `its output scale is ${scaling.outputScale.toPrecision(3)}: no network learns with it`;
  const rowOf = new Map(own.seriesIds.map((id, row) => [id, row]));
  const unknown = own.seriesIds.length;
  // The unknown series' row is the last one, in both.
  const rows = [...spec.seriesIds.map((id) => rowOf.get(id) ?? unknown), unknown];
  const moved = members.map((weights) => withEmbeddingRows(own, weights, rows));
  const { context } = own.features;
  return { scaling, members: moved, ...(context ? { context } : {}) };
}

/** The flat weights with other rows of the embedding, which lies before all else. */
function withEmbeddingRows(
  own: NetworkSpec,
  weights: Float32Array,
  rows: readonly number[],
): Float32Array {
  const size = own.embeddingSize;
  const rest = weights.subarray((own.seriesIds.length + 1) * size);
  const moved = new Float32Array(rows.length * size + rest.length);
  for (const [to, from] of rows.entries())
    moved.set(weights.subarray(from * size, (from + 1) * size), to * size);
  moved.set(rest, rows.length * size);
  return moved;
}

function differenceOf(own: NetworkSpec, spec: NetworkSpec): string | null {
  const quantiles = ({ quantiles: all }: NetworkSpec) => all.join(', ');
  if (quantiles(own) !== quantiles(spec))
    return `its quantiles are ${quantiles(own)}, not ${quantiles(spec)}`;
  for (const size of ['width', 'latentSize', 'headWidth', 'embeddingSize'] as const)
    if (own[size] !== spec[size]) return `its ${size} is ${own[size]}, not ${spec[size]}`;
  const [before, after] = [describedFeatures(own.features), describedFeatures(spec.features)];
  const other = Object.keys({ ...before, ...after }).find((name) => before[name] !== after[name]);
  return other === undefined
    ? null
    : `its inputs are others: ${other} is ${before[other]}, not ${after[other]}`;
}

/**
 * What decides an input's meaning. What standardises an exogenous column moves with every day that
 * is added, and may; so do the weights of the context.
 */
function describedFeatures(spec: FeatureSpec): Record<string, string> {
  const { place, exogenous = NO_EXOGENOUS, context, ...named } = spec;
  const plain = { ...named, windowIntervals: featureSizes(spec).windowIntervals };
  const names = (inputs: ExogenousInputs['past']) =>
    inputs.map(({ name }) => name).join(', ') || 'none';
  return {
    ...Object.fromEntries(Object.entries(plain).map(([name, value]) => [name, String(value)])),
    'the time zone': place.timeZone,
    'the holiday calendar':
      [place.holidays?.country, place.holidays?.state].filter(Boolean).join(' ') || 'none',
    'the number of components of the context': String(context?.weights.length ?? 0),
    'the columns known afterwards': names(exogenous.past),
    'the columns known in advance': names(exogenous.future),
  };
}
