/**
 * Purpose: what a model of others is: an ONNX graph, and a card that says what it reads, what it
 * gives, and where it comes from.
 * Invariants: names nothing that is not known at the cutoff: a card cannot ask for the future.
 * Fails: never; services/training/external/read-folder.ts checks what it reads.
 */

/** What a graph reads, for each series unless said otherwise. */
export type ExternalInput =
  /** [series, length]: the last values, the cutoff's last; unknown ones are NaN, or 0. */
  | {
      readonly name: string;
      readonly kind: 'context';
      readonly length: number;
      readonly missing?: 'nan' | 'zero';
    }
  /** [series, length]: 1 where the value of the context is known, else 0. */
  | { readonly name: string; readonly kind: 'mask'; readonly length: number }
  /** [series]: 0, 1, 2, … as int64: each series is a group of its own. */
  | { readonly name: string; readonly kind: 'group' }
  /** [series × step, columns]: a table, one row a series and step (rows.ts). */
  | { readonly name: string; readonly kind: 'rows'; readonly columns: readonly string[] };

/** An output: its axes in order; without the axis `quantile` it is of one quantile. */
export interface ExternalOutput {
  readonly name: string;
  readonly axes: readonly ('series' | 'quantile' | 'step')[];
}

export interface ExternalCard {
  readonly format: 1;
  readonly name: string;
  /** An SPDX expression. */
  readonly licence: string;
  /** Where it comes from, for people. */
  readonly source: string;
  /** The graph, a file of the folder. */
  readonly graph: string;
  /** The last timestamp it was trained on, ISO 8601; null: on nothing of this target. */
  readonly trainedUpTo: string | null;
  /** Steps that it forecasts at once. */
  readonly horizon: number;
  /** Ascending, and those of the domain are among them. */
  readonly quantiles: readonly number[];
  /** The series that the column `series` counts, in that order. */
  readonly seriesIds?: readonly string[];
  readonly inputs: readonly ExternalInput[];
  /** One with the axis `quantile`, or one for each quantile. */
  readonly outputs: readonly ExternalOutput[];
}

/** Runs the graph: [output asked for] → its values. */
export type RunGraph = (
  inputs: Readonly<Record<string, GraphInput>>,
  outputs: readonly string[],
) => readonly { readonly values: Float32Array }[];

export interface GraphInput {
  readonly shape: readonly number[];
  readonly values: Float32Array | BigInt64Array;
}
