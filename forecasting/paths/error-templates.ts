/**
 * Purpose: what paths borrow their dependence from: stretches of past errors of a seasonal average
 * that knows its last error, all series at the same times.
 * Invariants: reads nothing after the cutoff; each series is read alone, so that some of the series
 * of a panel have the same templates as all; in a template an unknown error counts as none, and how
 * fast errors fade is measured where two in a row are known.
 * Fails: never; a panel too short for a template has none, and paths are then independent.
 */
/** Seasons that the average is taken over. */
const SEASONS = 4;
/** Templates a day, and at most: a month of days. */
const PER_DAY = 4;
const MAX_TEMPLATES = 28 * PER_DAY;
/** An error is taken to fade by no less than this an interval. */
const MAX_PERSISTENCE = 0.99;

export interface TemplateGrid {
  /** Grid indices: a template is of the `horizon` intervals after each. */
  readonly cutoffs: readonly number[];
  readonly horizon: number;
  readonly week: number;
}

/** Where templates lie, newest first; the same for all series of a panel. */
export function templateGrid(
  cutoff: number,
  { horizon, day, week }: { horizon: number; day: number; week: number },
): TemplateGrid {
  const apart = Math.max(1, Math.floor(day / PER_DAY));
  const cutoffs: number[] = [];
  // One season before the first error, so that there is an average.
  for (let at = cutoff - horizon; at > week && cutoffs.length < MAX_TEMPLATES; at -= apart)
    cutoffs.push(at);
  return { cutoffs, horizon, week };
}

/** @returns of the values of one series [template][step]: the errors that the last one does not explain */
export function errorTemplates(
  values: Float32Array,
  { cutoffs, horizon, week }: TemplateGrid,
): Float32Array {
  const out = new Float32Array(cutoffs.length * horizon);
  if (cutoffs.length === 0) return out;
  const first = cutoffs[cutoffs.length - 1] as number;
  const end = (cutoffs[0] as number) + horizon;
  const errors = new Float32Array(end + 1 - first);
  for (let t = first; t <= end; t++) errors[t - first] = seasonalError(values, t, week);
  const persistence = persistenceOf(errors);
  for (const [i, error] of errors.entries()) if (Number.isNaN(error)) errors[i] = 0;
  for (const [m, cutoff] of cutoffs.entries()) {
    let carried = errors[cutoff - first] as number;
    for (let k = 0; k < horizon; k++) {
      carried *= persistence;
      out[m * horizon + k] = (errors[cutoff - first + k + 1] as number) - carried;
    }
  }
  return out;
}

/** The value minus the mean of the last seasons at its place; NaN where either is unknown. */
function seasonalError(values: Float32Array, t: number, week: number): number {
  let sum = 0;
  let count = 0;
  for (let season = 1; season <= SEASONS && t - season * week >= 0; season++) {
    const value = values[t - season * week] as number;
    if (Number.isNaN(value)) continue;
    sum += value;
    count++;
  }
  return (values[t] as number) - sum / count;
}

/** The share of an error that is left an interval later: its lag-1 autocorrelation about zero. */
function persistenceOf(errors: Float32Array): number {
  let product = 0;
  let square = 0;
  for (let t = 1; t < errors.length; t++) {
    const both = (errors[t] as number) * (errors[t - 1] as number);
    if (Number.isNaN(both)) continue;
    product += both;
    square += (errors[t - 1] as number) ** 2;
  }
  return square > 0 ? Math.min(MAX_PERSISTENCE, Math.max(0, product / square)) : 0;
}
