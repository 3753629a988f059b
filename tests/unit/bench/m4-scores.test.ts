/**
 * Purpose: the metrics of the M4 competition by hand, and the published seasonal naive from the
 * published data.
 */
import { expect, test } from '@jest/globals';
import { m4Scores, readM4 } from '../../../bench/support/m4-scores.ts';
import { sharedData } from '../../fixtures/shared-data.ts';

test('scores one series with two steps as M4 does', () => {
  // The seasonal naive errs by 2 in sample.
  const train = [Array.from({ length: 48 }, (_, t) => (t < 24 ? 10 : 12))];
  const scores = m4Scores(train, [[10, 20]], [8, 12, 10, 14, 12, 18], [0.025, 0.5, 0.975]);
  expect(scores.smape).toBeCloseTo((200 * (0 / 20 + 6 / 34)) / 2, 10);
  expect(scores.mase).toBeCloseTo((0 + 6) / 2 / 2, 10);
  // Widths 4 and 6; the second actual lies 2 above its interval.
  expect(scores.msis).toBeCloseTo((4 + 6 + (2 / 0.05) * 2) / 2 / 2, 10);
  expect(scores.coverage).toBe(0.5);
  expect(scores.owa).toBeCloseTo((scores.smape / 18.383 + scores.mase / 2.395) / 2, 10);
});

const data = sharedData('m4-hourly');
(data === null ? test.skip : test)('the seasonal naive scores what was published', async () => {
  const { train, actuals } = await readM4(data as string);
  const naive = train.flatMap((values) => {
    const day = values.slice(-24);
    return [0, 1, 2].flatMap(() => [...day, ...day]);
  });
  const scores = m4Scores(train, actuals, naive, [0.025, 0.5, 0.975]);
  expect(scores.smape).toBeCloseTo(13.912, 3);
  expect(scores.mase).toBeCloseTo(1.193, 3);
  expect(scores.owa).toBeCloseTo(0.628, 3);
});
