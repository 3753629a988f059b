/**
 * Purpose: one series with its forecast, as the parts of the view share it.
 * Invariants: all rows of a view have the same times.
 * Fails: never.
 */
import type { Columns } from '../../data/forecast.ts';
import type { SeriesInfo } from '../../data/page-context.ts';

export interface Row {
  readonly info: SeriesInfo;
  readonly columns: Columns;
}
