/**
 * Purpose: does a forecaster read what comes after the cutoff? It is asked twice, with the true
 * future and with another one, and must give the same bits.
 * Invariants: everything up to the cutoff and every column known in advance stay as they are; the
 * other future is once unknown and once noise of the values' own size, so that neither a fallback
 * for gaps nor a guard against outliers hides a leak.
 * Fails: with the forecaster's own error.
 */
import type { Forecaster } from '../models/forecaster.ts';
import { declaredName } from '../panel/exogenous-columns.ts';
import type { Panel } from '../panel/panel.ts';

export interface LeakageOptions {
  readonly horizon: number;
  /** Columns whose future is rightly known at the cutoff. */
  readonly knownInAdvance?: readonly string[];
  /** Uniform draws from [0, 1). */
  readonly random: () => number;
}

/**
 * The first of the cutoffs (grid indices) at which the forecast depends on what came later; null
 * where none does.
 */
export function detectLookahead(
  forecaster: Forecaster,
  panel: Panel,
  cutoffs: readonly number[],
  { horizon, knownInAdvance = [], random }: LeakageOptions,
): number | null {
  for (const cutoff of cutoffs) {
    const original = forecaster.predict(panel, cutoff, horizon).slice();
    const futures = [() => Number.NaN, (value: number) => otherValue(value, random())];
    for (const future of futures) {
      const blind = forecaster.predict(
        withFuture(panel, cutoff, future, knownInAdvance),
        cutoff,
        horizon,
      );
      if (!sameBits(original, blind)) return cutoff;
    }
  }
  return null;
}

/** A few cutoffs of a backtest: the first, the last and one between. */
export const leakageCutoffs = (cutoffs: readonly number[]): number[] => [
  ...new Set([
    cutoffs[0] as number,
    cutoffs[cutoffs.length >> 1] as number,
    cutoffs[cutoffs.length - 1] as number,
  ]),
];

/** Another number of about the same size; never the same one. */
const otherValue = (value: number, draw: number): number =>
  (Number.isNaN(value) ? 1 : Math.abs(value) + 1) * (1.1 + draw);

function withFuture(
  panel: Panel,
  cutoff: number,
  future: (value: number) => number,
  kept: readonly string[],
): Panel {
  const columns: Record<string, Float32Array> = {};
  for (const [name, values] of Object.entries(panel.columns)) {
    columns[name] = values;
    if (kept.includes(name)) continue;
    const changed = values.slice();
    for (let s = 0; s < panel.seriesIds.length; s++) {
      for (let i = s * panel.length + cutoff + 1; i < (s + 1) * panel.length; i++)
        changed[i] = future(changed[i] as number);
    }
    columns[name] = changed;
  }
  if (panel.exogenous === undefined) return { ...panel, columns: columns as Panel['columns'] };
  const exogenous = Object.entries(panel.exogenous).map(
    ([name, values]): [string, Float32Array] => [
      name,
      kept.includes(declaredName(name))
        ? values
        : values.map((value, t) => (t > cutoff ? future(value) : value)),
    ],
  );
  return {
    ...panel,
    columns: columns as Panel['columns'],
    exogenous: Object.fromEntries(exogenous),
  };
}

function sameBits(a: Float32Array, b: Float32Array): boolean {
  return a.length === b.length && a.every((value, i) => Object.is(value, b[i]));
}
