/**
 * Purpose: how the series of an online view are divided into ranges, each an object of its own, so
 * that no object and no buffer grows with the number of series.
 * Invariants: ranges follow one another in the order of the view and hold at most twice
 * RANGE_SERIES series; up to that number a view is one range. The ranges of a view, joined, are the
 * view.
 * Fails: never.
 */
import { ownerOf } from '../../../forecasting/panel/exogenous-columns.ts';
import type { Panel } from '../../../forecasting/panel/panel.ts';
import { compareText } from '../../../platform/text/compare-text.ts';

/** Of a range: 39 MB of 28 weeks of hours. One of more than twice as many series is divided. */
export const RANGE_SERIES = 2048;

/** Rows [from, to). */
export interface Rows {
  readonly from: number;
  readonly to: number;
}

/** Of so many series. There is a range also where there is no series. */
export function rangesOf(series: number, size = RANGE_SERIES): Rows[] {
  if (series <= 2 * size) return [{ from: 0, to: series }];
  return Array.from({ length: Math.ceil(series / size) }, (_, i) => ({
    from: i * size,
    to: Math.min(series, (i + 1) * size),
  }));
}

/** Ids of a range in code-point order: from the first, up to what is no longer in it. */
export interface Bounds {
  readonly from: string | null;
  readonly to: string | null;
}

/** What a range holds of the exogenous columns: those of all series, and those of its own. */
export function exogenousWithin(
  { exogenous }: Pick<Panel, 'exogenous'>,
  { from, to }: Bounds,
): Pick<Panel, 'exogenous'> {
  if (exogenous === undefined) return {};
  const isInside = (column: string) => {
    const id = ownerOf(column);
    if (id === null) return true;
    return (
      (from === null || compareText(id, from) >= 0) && (to === null || compareText(id, to) < 0)
    );
  };
  return { exogenous: Object.fromEntries(Object.entries(exogenous).filter(([c]) => isInside(c))) };
}
