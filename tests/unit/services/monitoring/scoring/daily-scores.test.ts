/**
 * Purpose: each day reaches the drift tests, once, however late it is whole.
 */
import { expect, test } from '@jest/globals';
import type { ScoreRow } from '../../../../../forecasting/evaluation/live-scores.ts';
import {
  NEW_SCORES,
  testScores,
} from '../../../../../services/monitoring/drift/scores/score-tests.ts';
import { dailyScores } from '../../../../../services/monitoring/scoring/daily-scores.ts';
import type { ScoreDay } from '../../../../../storage/scores/score-log.ts';

const DAY = 86_400_000;
const START = Date.UTC(2026, 7, 3);

const row = (forecaster: string): ScoreRow =>
  ({
    ...{ forecaster, modelVersion: null, role: 'serving', nominal: 0.8, dimension: 'series' },
    ...{ key: 'a', pairs: 24, pinball: 10, expectedPinball: 10, inside: 19 },
  }) as unknown as ScoreRow;
const dayOf = (day: number, pending = 0): ScoreDay => ({
  ...{ day: START + day * DAY, scoredAt: 0, truth: '', pending },
  rows: [row('network'), row('naive_week'), row('mean_4_weeks')],
});
const read = (days: readonly ScoreDay[], now: number) =>
  dailyScores(days, START + now * DAY).map(({ at }) => (at - START) / DAY);

test('a day that waits for an actual lets later days wait', () => {
  const days = [dayOf(0), dayOf(1, 2), dayOf(2)];
  expect(read(days, 3)).toEqual([0]);
  // It is not waited for any longer.
  expect(read(days, 4)).toEqual([0, 1, 2]);
  expect(read([dayOf(2), dayOf(0), dayOf(1)], 3)).toEqual([0, 1, 2]);
  expect(read([dayOf(0), dayOf(1)], 1)).toEqual([0]);
});

test('a day that becomes whole late is read', () => {
  const now = START + 3 * DAY;
  const first = testScores(dailyScores([dayOf(0), dayOf(1, 2), dayOf(2)], now), NEW_SCORES).after;
  expect(first.readUntil).toBe(START);
  const whole = dailyScores([dayOf(0), dayOf(1), dayOf(2)], now);
  expect(testScores(whole, first).after.readUntil).toBe(START + 2 * DAY);
});
