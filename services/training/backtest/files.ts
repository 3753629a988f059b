/**
 * Purpose: the results of a backtest's segments on the local disk, so that one that was killed goes
 * on where it was.
 * Invariants: a file names the backtest and the cutoffs it belongs to; what is torn, foreign or of
 * another backtest counts as absent, never as a result.
 * Fails: writing fails with the file system's own error; reading never does.
 */
import { join } from 'node:path';
import type { BacktestResult } from '../../../forecasting/evaluation/backtest.ts';
import { keepColumns, readColumns } from '../workers/checkpoint-columns.ts';
import type { SegmentResult } from './segment.ts';

const FORMAT = 2;

interface Header {
  readonly format: number;
  readonly key: string;
  readonly seconds: SegmentResult['seconds'];
  readonly result: Omit<BacktestResult, 'actuals' | 'forecasts'>;
  readonly forecasts: readonly { readonly name: string; readonly quantiles: readonly number[] }[];
}

export const segmentPath = (folder: string, index: number): string =>
  join(folder, `segment-${String(index).padStart(2, '0')}.bin`);

export async function writeSegment(
  path: string,
  key: string,
  { result, seconds }: SegmentResult,
): Promise<void> {
  const { actuals, forecasts, ...rest } = result;
  const names = forecasts.map(({ name, quantiles }) => ({ name, quantiles }));
  const header: Header = { format: FORMAT, key, seconds, result: rest, forecasts: names };
  await keepColumns(path, { header, columns: [actuals, ...forecasts.map(({ values }) => values)] });
}

/**
 * 'absent' where there is no file, 'unusable' where there is one that is not this segment of this
 * backtest.
 */
export async function readSegment(
  path: string,
  key: string,
  cutoffs: readonly number[],
): Promise<SegmentResult | 'absent' | 'unusable'> {
  const kept = await readColumns(path);
  if (kept === 'absent' || kept === 'unusable') return kept;
  const header = kept.header as Partial<Header> | null;
  if (
    header?.format !== FORMAT ||
    header.key !== key ||
    header.result?.cutoffs.join() !== cutoffs.join()
  )
    return 'unusable';
  const { result, seconds, forecasts } = header as Header;
  const [actuals, ...columns] = kept.columns as [Float32Array, ...Float32Array[]];
  const named = forecasts.map((forecast, i) => ({
    ...forecast,
    values: columns[i] as Float32Array,
  }));
  return { result: { ...result, actuals, forecasts: named }, seconds };
}
