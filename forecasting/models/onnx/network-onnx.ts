/**
 * Purpose: a trained network as one ONNX file, from raw inputs to calibrated quantiles in the
 * target's own unit; and the inputs of windows, for whoever runs it.
 * Invariants: inputs come from `writeFeatures`, which feeds training and serving too; the graph
 * computes what `predict` computes, to the rounding of 32-bit sums.
 * Fails: as window-source.ts does for a cutoff without enough history.
 */
import { featureSizes } from '../../features/feature-spec.ts';
import { createFeatureBatch, writeFeatures } from '../../features/features.ts';
import type { Panel } from '../../panel/panel.ts';
import { embeddingRows } from '../network/input-scaling.ts';
import type { TrainedNetwork } from '../network/network.ts';
import { windowSources } from '../network/window-source.ts';
import { type GraphPort, OnnxGraph } from './graph.ts';
import { lineOffsets, memberOffsets, standardisedInputs } from './members-graph.ts';
import { quantilesOf } from './quantiles-graph.ts';

/** The inputs of a graph, in their order, and its output. `windows` is any count. */
export function networkPorts({ spec }: TrainedNetwork): {
  readonly inputs: readonly GraphPort[];
  readonly output: GraphPort;
} {
  const { windowSize, stepSize } = featureSizes(spec.features);
  const { horizon } = spec.features;
  const floats = (name: string, ...shape: number[]): GraphPort => ({
    name,
    type: 'float',
    shape: ['windows', ...shape],
  });
  return {
    inputs: [
      floats('window', windowSize),
      floats('step', horizon, stepSize),
      floats('base', horizon),
      floats('level'),
      floats('movement'),
      { name: 'series', type: 'int64', shape: ['windows'] },
    ],
    output: floats('quantiles', spec.quantiles.length, horizon),
  };
}

/** The model file. @param metadata what a reader finds next to the graph, such as its version */
export function networkOnnx(
  trained: TrainedNetwork,
  metadata: Readonly<Record<string, string>>,
): Uint8Array {
  const graph = new OnnxGraph();
  const { inputs, output } = networkPorts(trained);
  const [window, step, base, level, movement, series] = inputs.map((port) => graph.input(port)) as [
    string,
    string,
    string,
    string,
    string,
    string,
  ];
  const standardised = standardisedInputs(graph, trained, { window, step, series });
  const offsets = memberOffsets(graph, trained, { ...standardised, series });
  const line = lineOffsets(graph, trained, standardised);
  const parts = { window, base, level, movement, offsets, line };
  graph.output(quantilesOf(graph, trained, parts), output);
  return graph.finish('headway forecast', metadata);
}

/** Rows of the graph's inputs, one a window. */
export interface NetworkInputs {
  readonly count: number;
  readonly window: Float32Array;
  readonly step: Float32Array;
  readonly base: Float32Array;
  readonly level: Float32Array;
  readonly movement: Float32Array;
  readonly series: BigInt64Array;
}

/** The inputs of all series of a panel at each cutoff (grid indices): cutoff by cutoff. */
export function networkInputs(
  { spec }: TrainedNetwork,
  panel: Panel,
  cutoffs: readonly number[],
): NetworkInputs {
  const { horizon } = spec.features;
  const count = cutoffs.length * panel.seriesIds.length;
  const batch = createFeatureBatch(featureSizes(spec.features), horizon, count);
  const series = new BigInt64Array(count);
  const rows = embeddingRows(spec, panel);
  const windowSource = windowSources(spec.features);
  let row = 0;
  for (const cutoff of cutoffs) {
    const { source, at } = windowSource(panel, cutoff, horizon);
    for (let s = 0; s < panel.seriesIds.length; s++) {
      writeFeatures(source, s, at, batch, row);
      series[row++] = BigInt(rows[s] as number);
    }
  }
  const { window, step, base, level, movement } = batch;
  return { count, window, step, base, level, movement, series };
}
