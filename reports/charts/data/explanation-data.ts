/**
 * Purpose: what a chart of one explanation shows, as plain data, for the SVG and the terminal.
 * Invariants: no chart library is loaded.
 * Fails: a RangeError when columns differ in length, there is nothing to draw, or a value is not
 * finite.
 */
import { numberLabel } from '../../../platform/text/scales.ts';

/** A value at every step. */
interface Column {
  readonly title: string;
  readonly values: readonly number[];
}

export interface ExplanationData {
  readonly title: string;
  readonly unit: string;
  /** IANA name: labels are in local time. */
  readonly timeZone: string;
  /** UTC start of the last observed interval. */
  readonly cutoff: number;
  readonly timestamps: readonly number[];
  readonly baseline: Column;
  /** In the order of the sum. */
  readonly parts: readonly Column[];
  readonly forecast: Column;
}

export function checkExplanation({ timestamps, baseline, parts, forecast }: ExplanationData): void {
  if (timestamps.length === 0) throw new RangeError('there is nothing to draw');
  for (const { title, values } of [baseline, ...parts, forecast]) {
    if (values.length !== timestamps.length)
      throw new RangeError(`${title} must be as long as the timestamps`);
    if (!values.every(Number.isFinite))
      throw new RangeError(`${title} holds a value that is not finite`);
  }
}

export const totalOf = ({ values }: Pick<Column, 'values'>): number =>
  values.reduce((a, b) => a + b, 0);

/** Sums of floats that should be zero seldom are. */
export const NEAR_ZERO = 1e-9;
export const amount = (value: number): string =>
  numberLabel(Math.abs(value) < NEAR_ZERO ? 0 : value);
/** With its sign, also where it is a gain. */
export const signed = (value: number): string =>
  Math.abs(value) < NEAR_ZERO ? '0' : `${value > 0 ? '+' : '−'}${numberLabel(Math.abs(value))}`;
