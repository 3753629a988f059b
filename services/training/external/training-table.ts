/**
 * Purpose: the table that an external model learns from: the rows that the gate will give it, with
 * what happened.
 * Invariants: every target lies before the cutoffs that calibrate the model, or its errors there
 * would be those of rows that it has learnt; rows whose target is unknown are left out; inputs are
 * made by the code that feeds the model afterwards.
 * Fails: MODEL_INCOMPATIBLE for a card that reads no table; HISTORY_TOO_SHORT.
 */
import type { Domain } from '../../../domains/domain.ts';
import { featureSizes } from '../../../forecasting/features/feature-spec.ts';
import type { ExternalCard } from '../../../forecasting/models/external/card.ts';
import { tableOf } from '../../../forecasting/models/external/rows.ts';
import { calibrationCutoffs } from '../../../forecasting/models/network/member.ts';
import { type Panel, targetOf, timestampAt } from '../../../forecasting/panel/panel.ts';
import { HeadwayError } from '../../../platform/errors.ts';
import type { Tensor } from '../../../platform/files/safetensors.ts';
import { testCutoffs } from '../evaluation.ts';
import { featureSpecOf, type TrainingConfig } from '../training-config.ts';

export interface TrainingTable {
  readonly columns: readonly string[];
  /** The last timestamp among the targets, epoch ms: what the card's `trainedUpTo` says. */
  readonly trainedUpTo: number;
  /** `x` [rows, columns] and `y` [rows]. */
  readonly tensors: Readonly<Record<'x' | 'y', Tensor>>;
}

export function trainingTable(
  { inputs, horizon, seriesIds = [], name }: ExternalCard,
  domain: Domain,
  panel: Panel,
  config: TrainingConfig,
): TrainingTable {
  const columns = inputs.find((input) => input.kind === 'rows')?.columns;
  if (columns === undefined)
    throw new HeadwayError('MODEL_INCOMPATIBLE', `${name} does not read a table`, {
      fix: 'A table is the input of kind "rows"; other inputs need none to be trained on.',
    });
  const spec = featureSpecOf(domain);
  const sizes = featureSizes(spec);
  const testStart = testCutoffs(domain, panel, config)[0] as number;
  const { calibrationIntervals, stride } = config.fit;
  const [lastTarget = testStart] = calibrationCutoffs(
    { panel, spec, sizes },
    testStart,
    calibrationIntervals,
  );
  const shape = { horizon, place: spec.place, seriesIds };
  const parts: { readonly x: Float32Array; readonly y: Float32Array }[] = [];
  for (let cutoff = sizes.trainingHistory - 1; cutoff + horizon <= lastTarget; cutoff += stride)
    parts.push(rowsAt(panel, cutoff, horizon, tableOf({ panel, cutoff }, columns, shape)));
  const rows = parts.reduce((sum, { y }) => sum + y.length, 0);
  const [x, y] = [new Float32Array(rows * columns.length), new Float32Array(rows)];
  let at = 0;
  for (const part of parts) {
    x.set(part.x, at * columns.length);
    y.set(part.y, at);
    at += part.y.length;
  }
  return {
    columns,
    trainedUpTo: timestampAt(panel, lastTarget),
    tensors: {
      x: { shape: [rows, columns.length], values: x },
      y: { shape: [rows], values: y },
    },
  };
}

/** The rows of one cutoff whose targets are known. */
function rowsAt(panel: Panel, cutoff: number, horizon: number, table: Float32Array) {
  const columns = table.length / (panel.seriesIds.length * horizon);
  const x = new Float32Array(table.length);
  const y = new Float32Array(panel.seriesIds.length * horizon);
  let count = 0;
  for (let row = 0; row < y.length; row++) {
    const series = Math.floor(row / horizon);
    const actual = targetOf(panel, series)[cutoff + 1 + (row % horizon)] as number;
    if (Number.isNaN(actual)) continue;
    x.set(table.subarray(row * columns, (row + 1) * columns), count * columns);
    y[count++] = actual;
  }
  return { x: x.slice(0, count * columns), y: y.slice(0, count) };
}
