/**
 * Purpose: from offsets to calibrated quantiles that the target can have, as operations of an ONNX
 * graph: the same arithmetic as network-pass.ts, calibration.ts and constrain-quantiles.ts.
 * Invariants: counts in 64 bits, as there; quantiles ascend.
 * Fails: never.
 */

import { knownSharePlace } from '../../features/features.ts';
import type { Calibration } from '../calibration/calibration.ts';
import { NETWORK_ALONE } from '../calibration/calibration.ts';
import { NEXT_TO } from '../calibration/constrain-quantiles.ts';
import { SHORT_SHARE } from '../calibration/short-histories.ts';
import type { TrainedNetwork } from '../network/network.ts';
import type { OnnxGraph } from './graph.ts';

/** Names of values of the graph. */
export interface ForecastParts {
  /** Raw, [windows, windowSize]. */
  readonly window: string;
  /** [windows, horizon] */
  readonly base: string;
  /** [windows] each. */
  readonly level: string;
  readonly movement: string;
  /** [windows, horizon, quantiles] and [windows, horizon]; null where there are none. */
  readonly offsets: string | null;
  readonly line: string | null;
}

/** [windows, quantiles, horizon] as floats: the forecast. */
export function quantilesOf(
  graph: OnnxGraph,
  trained: TrainedNetwork,
  parts: ForecastParts,
): string {
  const { spec, scaling, calibration } = trained;
  const Q = spec.quantiles.length;
  const op = (type: string, ...reads: string[]) => graph.operation(type, reads);
  const wide = (value: string) => graph.operation('Cast', [value], { to: 'double' });
  const column = (value: string) => op('Unsqueeze', wide(value), graph.integers([1]));
  const perQuantile = (value: string) => op('Unsqueeze', value, graph.integers([2]));
  const level = column(parts.level);
  const unit = op('Mul', column(parts.movement), graph.doubles([scaling.outputScale], []));
  const anchor = op('Mul', level, wide(parts.base));
  const fromAnchor = (offset: string) =>
    op('Add', anchor, op('Mul', op('Mul', level, offset), unit));
  const offsetOf = (q: number) =>
    parts.offsets === null
      ? graph.doubles([0], [1, 1])
      : graph.operation('Gather', [wide(parts.offsets), graph.integers([q], [])], { axis: 2 });
  const values = spec.quantiles.map((_, q) => fromAnchor(offsetOf(q)));
  const median = spec.quantiles.indexOf(0.5);
  const own = values[median] as string;
  const group = calibration && groupOf(graph, trained, calibration, parts);
  const calibrated =
    calibration && group
      ? spread(graph, trained, calibration, {
          ...{ group, values, own, anchor },
          line: parts.line === null ? anchor : fromAnchor(parts.line),
        })
      : values;
  const edge =
    calibration && group
      ? op('Unsqueeze', op('Gather', edgesOf(graph, calibration), group), graph.integers([1]))
      : graph.doubles([0], [1, 1]);
  const possible = constrained(graph, trained, calibrated, edge);
  const joined = graph.operation('Concat', possible.map(perQuantile), { axis: 2 });
  const turned = graph.operation('Transpose', [joined], { perm: [0, 2, 1] });
  const shape = graph.integers([-1, Q, spec.features.horizon]);
  return graph.operation('Reshape', [graph.operation('Cast', [turned], { to: 'float' }), shape]);
}

/** `groupOfWindow`: [windows], whole numbers. */
function groupOf(
  graph: OnnxGraph,
  { spec }: TrainedNetwork,
  { levelBounds, trust }: Calibration,
  { window, level }: ForecastParts,
): string {
  const bounds = graph.doubles(levelBounds, [1, levelBounds.length]);
  const wide = graph.operation('Cast', [level], { to: 'double' });
  const isAbove = graph.operation('GreaterOrEqual', [
    graph.operation('Unsqueeze', [wide, graph.integers([1])]),
    bounds,
  ]);
  const count = graph.operation(
    'ReduceSum',
    [graph.operation('Cast', [isAbove], { to: 'int64' }), graph.integers([1])],
    { keepdims: 0 },
  );
  const place = knownSharePlace(spec.features);
  if (place === null || trust.length <= levelBounds.length + 1) return count;
  const known = graph.operation('Gather', [window, graph.integers([place], [])], { axis: 1 });
  const isShort = graph.operation('Less', [known, graph.floats([SHORT_SHARE], [])]);
  return graph.operation('Where', [isShort, graph.integers([levelBounds.length + 1], []), count]);
}

/** `believedCenter` and `spreadAbout`: the values of each quantile, [windows, horizon]. */
function spread(
  graph: OnnxGraph,
  { spec }: TrainedNetwork,
  { trust, factors }: Calibration,
  at: {
    readonly group: string;
    readonly values: readonly string[];
    readonly own: string;
    readonly anchor: string;
    readonly line: string;
  },
): string[] {
  const { horizon } = spec.features;
  const op = (type: string, ...reads: string[]) => graph.operation(type, reads);
  /** [windows, horizon]: of each window's group. */
  const ofGroup = (cellOf: (group: number, k: number) => number) => {
    const cells = Float64Array.from({ length: trust.length * horizon }, (_, n) =>
      cellOf(Math.floor(n / horizon), n % horizon),
    );
    return op('Gather', graph.doubles(cells, [trust.length, horizon]), at.group);
  };
  const share = (of: 'network' | 'linear') =>
    ofGroup((group, k) => (trust[group]?.[k] ?? NETWORK_ALONE)[of]);
  const moved = (of: 'network' | 'linear', center: string) =>
    op('Mul', share(of), op('Sub', center, at.anchor));
  const center = op(
    'Add',
    op('Add', at.anchor, moved('network', at.own)),
    moved('linear', at.line),
  );
  return at.values.map((value, q) => {
    const factor = ofGroup((group, k) => factors[group]?.[q]?.[k] ?? 1);
    return op('Add', center, op('Mul', op('Sub', value, at.own), factor));
  });
}

const edgesOf = (graph: OnnxGraph, { edges, trust }: Calibration): string =>
  graph.doubles(
    trust.map((_, group) => edges[group] ?? 0),
    [trust.length],
  );

/** `constrainQuantiles`. @param edge [windows, 1] */
function constrained(
  graph: OnnxGraph,
  { spec }: TrainedNetwork,
  values: readonly string[],
  edge: string,
): string[] {
  const { integerValued, nonNegative } = spec.features;
  const median = spec.quantiles.indexOf(0.5);
  const number = (x: number) => graph.doubles([x], []);
  const op = (type: string, ...reads: string[]) => graph.operation(type, reads);
  let out = [...values];
  if (integerValued) {
    const [half, one] = [number(0.5), number(1)];
    const below = (x: string) => {
      const moved = op('Max', x, op('Add', op('Ceil', op('Add', x, edge)), number(NEXT_TO - 1)));
      const count = op('Ceil', moved);
      const isFar = op('Greater', op('Sub', count, moved), half);
      return op('Where', isFar, op('Add', op('Sub', count, one), number(NEXT_TO)), count);
    };
    const above = (x: string) => {
      const moved = op('Min', x, op('Add', op('Floor', op('Sub', x, edge)), number(1 - NEXT_TO)));
      const count = op('Floor', moved);
      const isFar = op('GreaterOrEqual', op('Sub', moved, count), half);
      return op('Where', isFar, op('Sub', op('Add', count, one), number(NEXT_TO)), count);
    };
    out = out.map((x, q) => {
      // Halves are rounded up, as Math.round does; ONNX's Round would take the even number.
      if (q === median) return op('Floor', op('Add', x, half));
      return q < median ? below(x) : above(x);
    });
  }
  if (nonNegative) out = out.map((x) => op('Max', x, number(0)));
  for (let q = median - 1; q >= 0; q--) out[q] = op('Min', out[q] as string, out[q + 1] as string);
  for (let q = median + 1; q < out.length; q++)
    out[q] = op('Max', out[q] as string, out[q - 1] as string);
  return out;
}
