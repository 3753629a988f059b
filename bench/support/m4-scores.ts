/**
 * Purpose: the metrics of the M4 competition: sMAPE, MASE, OWA, MSIS and coverage.
 * Invariants: each is computed per series and then averaged; MASE and MSIS are scaled by the
 * in-sample error of the seasonal naive of 24 hours; OWA is relative to naive 2 as published.
 * Fails: `readM4` with the name of the file that is not there. Source: Makridakis, Spiliotis &
 * Assimakopoulos 2020, "The M4 Competition: 100,000 time series and 61 forecasting methods"
 * (International Journal of Forecasting 36).
 */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';

export interface M4Scores {
  readonly smape: number;
  readonly mase: number;
  readonly owa: number;
  readonly msis: number;
  /** Share of actuals between the outermost quantiles. */
  readonly coverage: number;
}

const SEASON = 24;
const NAIVE_2 = { smape: 18.383, mase: 2.395 };

/**
 * @param test as many values for each series as there are steps
 * @param forecasts [series][quantile][step]
 */
export function m4Scores(
  train: readonly (readonly number[])[],
  test: readonly (readonly number[])[],
  forecasts: ArrayLike<number>,
  quantiles: readonly number[],
): M4Scores {
  const Q = quantiles.length;
  const median = quantiles.indexOf(0.5);
  const alpha = 1 - ((quantiles[Q - 1] as number) - (quantiles[0] as number));
  let [smape, mase, msis, inside, count] = [0, 0, 0, 0, 0];
  for (const [s, actuals] of test.entries()) {
    const horizon = actuals.length;
    const scale = seasonalError(train[s] as readonly number[]);
    let [relative, absolute, score] = [0, 0, 0];
    for (const [k, y] of actuals.entries()) {
      const at = (q: number) => forecasts[(s * Q + q) * horizon + k] as number;
      const [low, middle, high] = [at(0), at(median), at(Q - 1)];
      relative += (200 * Math.abs(y - middle)) / (Math.abs(y) + Math.abs(middle));
      absolute += Math.abs(y - middle);
      score += high - low + (2 / alpha) * (Math.max(0, low - y) + Math.max(0, y - high));
      if (y >= low && y <= high) inside++;
      count++;
    }
    smape += relative / horizon;
    mase += absolute / horizon / scale;
    msis += score / horizon / scale;
  }
  const mean = (sum: number) => sum / test.length;
  const owa = (mean(smape) / NAIVE_2.smape + mean(mase) / NAIVE_2.mase) / 2;
  return {
    ...{ smape: mean(smape), mase: mean(mase), owa, msis: mean(msis) },
    coverage: inside / count,
  };
}

/** The hourly series as published, and what followed each. */
export const readM4 = async (folder: string) => ({
  train: await readSeries(join(folder, 'Hourly-train.csv.gz')),
  actuals: await readSeries(join(folder, 'Hourly-test.csv.gz')),
});

async function readSeries(path: string): Promise<number[][]> {
  const text = gunzipSync(await readFile(path)).toString('latin1');
  const cells = (line: string) => line.split(',').map((cell) => cell.replaceAll('"', '').trim());
  return text
    .trim()
    .split('\n')
    .slice(1)
    .map((line) =>
      cells(line)
        .slice(1)
        .filter((cell) => cell !== '')
        .map(Number),
    );
}

function seasonalError(values: readonly number[]): number {
  let sum = 0;
  for (let t = SEASON; t < values.length; t++)
    sum += Math.abs((values[t] as number) - (values[t - SEASON] as number));
  return sum / (values.length - SEASON);
}
