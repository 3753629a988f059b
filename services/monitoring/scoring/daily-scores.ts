/**
 * Purpose: scored days as the drift tests of skill and coverage read them: a line a series and day.
 * Invariants: what was served against the strongest naive baseline that was scored; a day counts
 * once all of its actuals are known, or when it is older than that could still be expected. Until
 * then later days wait too: the tests read days in order, each once.
 * Fails: never.
 */
import type { ScoreRow } from '../../../forecasting/evaluation/live-scores.ts';
import { NAIVE_NAMES } from '../../../forecasting/models/baselines/naive.ts';
import type { ScoreDay } from '../../../storage/scores/score-log.ts';
import type { DailyScore } from '../drift/scores/daily-score.ts';

const DAY_MS = 86_400_000;
/** After so many days a value that is missing will not come. */
const PATIENCE_DAYS = 3;

/** @param now days that are not over are left out */
export function dailyScores(days: readonly ScoreDay[], now: number): DailyScore[] {
  const isWhole = ({ day, pending }: ScoreDay) =>
    day + DAY_MS <= now && (pending === 0 || day + PATIENCE_DAYS * DAY_MS <= now);
  const inOrder = [...days].sort((a, b) => a.day - b.day);
  const first = inOrder.findIndex((one) => !isWhole(one));
  return inOrder.slice(0, first < 0 ? undefined : first).flatMap(({ day, rows }) => {
    const ofSeries = rows.filter(({ dimension }) => dimension === 'series');
    const present = new Set(ofSeries.map(({ forecaster }) => forecaster));
    const naive = NAIVE_NAMES.findLast((name) => present.has(name));
    const baselines = sumsBySeries(ofSeries.filter(({ forecaster }) => forecaster === naive));
    const served = sumsBySeries(ofSeries.filter(({ role }) => role === 'serving'));
    return [...served].flatMap(([seriesId, own]): DailyScore[] => {
      const baseline = baselines.get(seriesId);
      if (baseline === undefined || Number.isNaN(own.pinball + baseline.pinball)) return [];
      return [
        {
          ...{ at: day, seriesId, pairs: own.pairs, pinball: own.pinball },
          baselinePinball: (baseline.pinball / baseline.pairs) * own.pairs,
          expectedPinball: own.expectedPinball,
          covered: { [Math.round(100 * own.nominal)]: own.inside },
        },
      ];
    });
  });
}

type Sums = Pick<ScoreRow, 'pairs' | 'pinball' | 'expectedPinball' | 'inside' | 'nominal'>;

/** The versions of a forecaster, and a fallback, taken together. */
function sumsBySeries(rows: readonly ScoreRow[]): Map<string, Sums> {
  const sums = new Map<string, Sums>();
  for (const row of rows) {
    const { key, pairs, pinball, expectedPinball, inside, nominal } = row;
    const before = sums.get(key);
    const together = before && {
      nominal,
      pairs: before.pairs + pairs,
      pinball: before.pinball + pinball,
      expectedPinball: before.expectedPinball + expectedPinball,
      inside: before.inside + inside,
    };
    sums.set(key, together ?? { pairs, pinball, expectedPinball, inside, nominal });
  }
  return sums;
}
