/**
 * Purpose: the network's standardised inputs, its members and the linear model as operations of an
 * ONNX graph: the same arithmetic as input-scaling.ts, network.ts and ridge.ts.
 * Invariants: standardising and the linear model count in 64 bits and store 32, as there; the
 * members count in 32 bits.
 * Fails: never.
 */
import { featureSizes } from '../../features/feature-spec.ts';
import { MAX_DEVIATIONS } from '../network/input-scaling.ts';
import {
  type NetworkSpec,
  parameterShapes,
  quantileSums,
  sizeOf,
  type TrainedNetwork,
} from '../network/network.ts';
import { linearColumns } from '../network/ridge.ts';
import type { OnnxGraph } from './graph.ts';

/** Names of values of the graph: [windows, windowSize] and [windows, horizon, stepSize]. */
export interface Standardised {
  readonly window: string;
  readonly step: string;
}

/** @param inputs raw, as `writeFeatures` writes them; `series`: rows of the embedding */
export function standardisedInputs(
  graph: OnnxGraph,
  { spec, scaling }: TrainedNetwork,
  inputs: Standardised & { readonly series: string },
): Standardised {
  const { windowSize, contextSize } = featureSizes(spec.features);
  const standardise = (value: string, mean: Float32Array, scale: Float32Array) => {
    const wide = graph.operation('Cast', [value], { to: 'double' });
    const centered = graph.operation('Sub', [wide, graph.doubles(mean, [mean.length])]);
    const scaled = graph.operation('Mul', [centered, graph.doubles(scale, [scale.length])]);
    const limits = [-MAX_DEVIATIONS, MAX_DEVIATIONS].map((limit) => graph.doubles([limit], []));
    return graph.operation('Cast', [graph.operation('Clip', [scaled, ...limits])], { to: 'float' });
  };
  const window = standardise(inputs.window, scaling.windowMean, scaling.windowScale);
  const step = standardise(inputs.step, scaling.stepMean, scaling.stepScale);
  if (contextSize === 0) return { window, step };
  // A series without an embedding of its own is seen without context, as in training.
  const unknownRow = graph.integers([spec.seriesIds.length], []);
  const isUnknown = graph.operation('Unsqueeze', [
    graph.operation('Equal', [inputs.series, unknownRow]),
    graph.integers([1]),
  ]);
  const places = Array.from({ length: windowSize }, (_, i) => i >= windowSize - contextSize);
  const isDropped = graph.operation('And', [isUnknown, graph.booleans(places, [1, windowSize])]);
  const zero = graph.floats([0], []);
  return { window: graph.operation('Where', [isDropped, zero, window]), step };
}

/**
 * The members' mean output, [windows, horizon, quantiles], in units of outputScale; null where the
 * ensemble has no members.
 */
export function memberOffsets(
  graph: OnnxGraph,
  { spec, members }: TrainedNetwork,
  inputs: Standardised & { readonly series: string },
): string | null {
  if (members.length === 0) return null;
  const { stepSize } = featureSizes(spec.features);
  const flat = graph.operation('Reshape', [inputs.step, graph.integers([-1, stepSize])]);
  const outputs = members.map((weights) =>
    memberOutput(graph, spec, weights, { ...inputs, step: flat }),
  );
  const mean =
    outputs.length === 1
      ? (outputs[0] as string)
      : graph.operation('Div', [
          graph.operation('Sum', outputs),
          graph.floats([outputs.length], []),
        ]);
  const shape = graph.integers([-1, spec.features.horizon, spec.quantiles.length]);
  return graph.operation('Reshape', [mean, shape]);
}

/** `forward` of network.ts. */
function memberOutput(
  graph: OnnxGraph,
  spec: NetworkSpec,
  weights: Float32Array,
  inputs: Standardised & { readonly series: string },
): string {
  const constants = new Map<string, string>();
  let offset = 0;
  for (const { name, shape } of parameterShapes(spec)) {
    const size = sizeOf(shape);
    constants.set(name, graph.floats(weights.subarray(offset, offset + size), shape));
    offset += size;
  }
  const p = (name: string) => constants.get(name) as string;
  const product = (x: string, name: string) => graph.operation('MatMul', [x, p(name)]);
  const linear = (x: string, name: string) =>
    graph.operation('Add', [product(x, name), p(`${name}.bias`)]);
  const relu = (x: string) => graph.operation('Relu', [x]);

  const embedding = graph.operation('Gather', [p('embedding'), inputs.series]);
  const joined = graph.operation('Concat', [inputs.window, embedding], { axis: 1 });
  const hidden = relu(linear(relu(linear(joined, 'encoder1')), 'encoder2'));
  const rows = graph.integers([-1, spec.latentSize]);
  const latent = graph.operation('Reshape', [linear(hidden, 'latent'), rows]);
  const head = relu(
    graph.operation('Add', [product(latent, 'head.latent'), product(inputs.step, 'head.step')]),
  );
  const raw = product(relu(product(head, 'head2')), 'output');
  const Q = spec.quantiles.length;
  const { ofRaw, ofWidths } = quantileSums(spec.quantiles);
  const widths = graph.operation('Softplus', [raw]);
  return graph.operation('Add', [
    graph.operation('MatMul', [raw, graph.floats(ofRaw, [Q, Q])]),
    graph.operation('MatMul', [widths, graph.floats(ofWidths, [Q, Q])]),
  ]);
}

/** `linearOffsets` of ridge.ts: [windows, horizon] as doubles; null where there is none. */
export function lineOffsets(
  graph: OnnxGraph,
  { spec, linear }: TrainedNetwork,
  inputs: Standardised,
): string | null {
  if (linear === null) return null;
  const { horizon } = spec.features;
  const { stepSize, windowSize, windowIntervals, contextSize } = featureSizes(spec.features);
  const columns = linearColumns(spec.features);
  const used = columns - 1 - stepSize;
  const at = (k: number, column: number) => linear[k * columns + column] as number;
  const table = (rows: number, size: number, value: (row: number, i: number) => number) =>
    graph.doubles(
      Float64Array.from({ length: rows * size }, (_, n) => value(Math.floor(n / size), n % size)),
      [rows, size],
    );
  const wide = (value: string) => graph.operation('Cast', [value], { to: 'double' });
  const ofStep = graph.operation(
    'ReduceSum',
    [
      graph.operation('Mul', [wide(inputs.step), table(horizon, stepSize, (k, i) => at(k, 1 + i))]),
      graph.integers([2]),
    ],
    { keepdims: 0 },
  );
  const part = graph.operation('Slice', [
    wide(inputs.window),
    ...[windowIntervals, windowSize - contextSize, 1].map((n) => graph.integers([n])),
  ]);
  const ofWindow = graph.operation('MatMul', [
    part,
    table(used, horizon, (i, k) => at(k, 1 + stepSize + i)),
  ]);
  const intercept = graph.doubles(
    Float64Array.from({ length: horizon }, (_, k) => at(k, 0)),
    [1, horizon],
  );
  const sum = graph.operation('Add', [graph.operation('Add', [ofStep, ofWindow]), intercept]);
  // Stored as 32 bits between, as `NetworkPass` does.
  return wide(graph.operation('Cast', [sum], { to: 'float' }));
}
