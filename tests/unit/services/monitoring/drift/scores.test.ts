/** Purpose: the sequential tests of skill and coverage: few false alarms, and soon a true one. */
import { expect, test } from '@jest/globals';
import { type Random, seededRandom } from '../../../../../platform/random.ts';
import type { DailyScore } from '../../../../../services/monitoring/drift/scores/daily-score.ts';
import {
  evidenceOf,
  NEW_DETECTOR,
  observe,
} from '../../../../../services/monitoring/drift/scores/e-detector.ts';
import {
  NEW_SCORES,
  type ScoreState,
  testScores,
} from '../../../../../services/monitoring/drift/scores/score-tests.ts';

const DAY = 86_400_000;
const START = Date.UTC(2026, 0, 1);

/** About normal: twelve uniform draws. */
const normal = (random: Random): number => {
  let sum = -6;
  for (let i = 0; i < 12; i++) sum += random();
  return sum;
};

test.each([0, 0.5])(
  'false alarms within T days stay below T / limit (autocorrelation %f)',
  (correlation) => {
    const [runs, days, limit] = [100, 365, 3650];
    const rules = { tolerance: 0.1, minSigma: 0.02, limit };
    let alarms = 0;
    for (let run = 0; run < runs; run++) {
      const random = seededRandom(run + 1);
      let [detector, wave] = [NEW_DETECTOR, 0];
      for (let day = 0; day < days + 60; day++) {
        wave = correlation * wave + Math.sqrt(1 - correlation ** 2) * normal(random);
        detector = observe(detector, day, -0.8 + 0.1 * wave, rules);
        if (detector.isOut) {
          alarms++;
          break;
        }
      }
    }
    expect(alarms / runs).toBeLessThanOrEqual(days / limit);
  },
);

test('evidence falls without a change and rises by orders of magnitude with one', () => {
  const random = seededRandom(4);
  const rules = { tolerance: 0.1, minSigma: 0.02, limit: 1e4 };
  let detector = NEW_DETECTOR;
  for (let day = 0; day < 100; day++)
    detector = observe(detector, day, 0.05 * normal(random), rules);
  expect(evidenceOf(detector)).toBeLessThan(10);
  let days = 0;
  for (; !detector.isOut; days++)
    detector = observe(detector, 100 + days, 0.5 + 0.05 * normal(random), rules);
  expect(days).toBeLessThanOrEqual(3);
});

const SERIES = ['a', 'b', 'c', 'd', 'e'];

interface Fault {
  readonly from: number;
  loss?(day: number): number;
  readonly coverage?: number;
  readonly only?: string;
}

function scoresOf(days: number, fault: Fault, random: Random): DailyScore[] {
  return Array.from({ length: days }, (_, day) =>
    SERIES.map((seriesId): DailyScore => {
      const isOn = day >= fault.from && (!fault.only || fault.only === seriesId);
      const loss = 0.4 * Math.exp(0.08 * normal(random)) * (isOn ? (fault.loss?.(day) ?? 1) : 1);
      const share = (isOn ? (fault.coverage ?? 0.8) : 0.8) + 0.03 * normal(random);
      return {
        at: START + day * DAY,
        seriesId,
        pairs: 240,
        pinball: 240 * loss,
        baselinePinball: 240,
        covered: { 80: Math.round(240 * Math.min(1, share)) },
      };
    }),
  ).flat();
}

/** Day by day: what is found first, and after how many days of the fault. */
function firstFound(days: number, fault: Fault, seed = 1) {
  const scores = scoresOf(days, fault, seededRandom(seed));
  let state: ScoreState = NEW_SCORES;
  for (let day = 0; day < days; day++) {
    const ofDay = scores.filter(({ at }) => at === START + day * DAY);
    const { findings, after } = testScores(ofDay, state);
    state = JSON.parse(JSON.stringify(after)) as ScoreState;
    const [found] = findings;
    if (found) return { found, delay: day + 1 - fault.from };
  }
  return null;
}

test('finds a loss half again as large within days, for all series', () => {
  const result = firstFound(120, { from: 100, loss: () => 1.5 });
  expect(result?.found).toMatchObject({ name: 'skill', seriesIds: SERIES });
  expect(result?.delay).toBeLessThanOrEqual(4);
  expect(result?.found.since).toBe(START + 100 * DAY);
  expect(result?.found.message).toMatch(
    /^The loss .* is 0\.\d+ of the baseline's since 2026-04-11/,
  );
});

test('reports a slow increase of loss as gradual', () => {
  const result = firstFound(200, { from: 100, loss: (day) => 1.01 ** (day - 100) });
  expect(result?.found).toMatchObject({ name: 'skill', evidence: { shape: 'gradual' } });
  expect(result?.delay).toBeLessThanOrEqual(35);
});

test('finds intervals with low coverage, also for one series', () => {
  const all = firstFound(150, { from: 100, coverage: 0.65 });
  expect(all?.found).toMatchObject({ name: 'coverage', seriesIds: SERIES });
  expect(all?.delay).toBeLessThanOrEqual(7);
  const one = firstFound(150, { from: 100, coverage: 0.6, only: 'c' });
  expect(one?.found).toMatchObject({ name: 'coverage', seriesIds: ['c'] });
});

test.each([1, 2])('has no verdict in a year without a change (seed %i)', (seed) => {
  expect(firstFound(400, { from: 1e9 }, seed)).toBeNull();
});

test('reads the scores of a day once', () => {
  const scores = scoresOf(60, { from: 1e9 }, seededRandom(7));
  const once = testScores(scores, NEW_SCORES).after;
  expect(testScores(scores, once).after).toEqual(once);
});
