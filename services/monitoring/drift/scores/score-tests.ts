/**
 * Purpose: the tests of live skill and live coverage of each series and of the fleet.
 * Invariants: at most FALSE_ALARMS_A_YEAR are expected in a year, over all series and all tests
 * together (e-detector.ts says under what): the fleet's tests have half of that, the series' tests
 * share the other half. Each score is read once, in order of time; a day is read when it is over.
 * Fails: never.
 */
import { type Finding, figure, percent, seriesText, timeText } from '../verdict.ts';
import type { DailyScore } from './daily-score.ts';
import {
  changeIn,
  type Detector,
  type DetectorRules,
  evidenceOf,
  NEW_DETECTOR,
  observe,
} from './e-detector.ts';

const FALSE_ALARMS_A_YEAR = 0.1;
const DAYS_A_YEAR = 366;
/** Skill, too narrow, too wide. */
const TESTS = ['skill', 'narrow', 'wide'] as const;
type Test = (typeof TESTS)[number];
/** The level whose coverage is watched, where the scores have it. */
const LEVEL = '80';
/** Fewer pairs of a series in a day say too little: they wait for the next day. */
const MIN_PAIRS = 20;
const FLEET = '*';

/** By series id, and `*` for the fleet; then by test. */
export interface ScoreState {
  /** Start of the last day that was read. */
  readonly readUntil: number | null;
  readonly detectors: Readonly<Record<string, Readonly<Record<Test, Detector>>>>;
  /** Sums of days that had too few pairs. */
  readonly waiting: Readonly<Record<string, DailyScore>>;
}

export const NEW_SCORES: ScoreState = { readUntil: null, detectors: {}, waiting: {} };

/** @param scores of days that are over, in any order; days read before are left out */
export function testScores(
  scores: readonly DailyScore[],
  before: ScoreState,
): { readonly findings: Finding[]; readonly after: ScoreState } {
  const fresh = scores.filter(({ at }) => before.readUntil === null || at > before.readUntil);
  const days = [...new Set(fresh.map(({ at }) => at))].sort((a, b) => a - b);
  const detectors = { ...before.detectors };
  const waiting = { ...before.waiting };
  for (const day of days) {
    const ofDay = fresh.filter(({ at }) => at === day);
    const fleetSize = Math.max(ofDay.length, Object.keys(detectors).length - 1);
    for (const score of [...ofDay, fleetScore(ofDay, day)]) {
      const id = score.seriesId;
      const whole = added(waiting[id], score);
      if (whole.pairs < MIN_PAIRS || !(whole.baselinePinball > 0)) {
        waiting[id] = whole;
        continue;
      }
      delete waiting[id];
      detectors[id] = observeAll(detectors[id], whole, id === FLEET ? 1 : fleetSize);
    }
  }
  const readUntil = days.at(-1) ?? before.readUntil;
  const after = { readUntil, detectors, waiting };
  return { findings: findingsOf(after), after };
}

/** All series weigh the same: a loss counts by its share of the baseline's. */
function fleetScore(scores: readonly DailyScore[], at: number): DailyScore {
  return scores.reduce<DailyScore>((sum, one) => added(sum, { ...one, at, seriesId: FLEET }), {
    at,
    seriesId: FLEET,
    pairs: 0,
    pinball: 0,
    baselinePinball: 0,
    covered: {},
  });
}

function added(one: DailyScore | undefined, other: DailyScore): DailyScore {
  if (!one) return other;
  const covered: Record<string, number> = { ...one.covered };
  for (const [level, count] of Object.entries(other.covered))
    covered[level] = (covered[level] ?? 0) + count;
  return {
    ...other,
    pairs: one.pairs + other.pairs,
    pinball: one.pinball + other.pinball,
    baselinePinball: one.baselinePinball + other.baselinePinball,
    covered,
  };
}

function observeAll(
  before: Readonly<Record<Test, Detector>> | undefined,
  score: DailyScore,
  sharedBy: number,
): Record<Test, Detector> {
  const limit = (2 * DAYS_A_YEAR * TESTS.length * sharedBy) / FALSE_ALARMS_A_YEAR;
  const of = (test: Test) => before?.[test] ?? NEW_DETECTOR;
  const skill = { tolerance: 0.08, minSigma: 0.02, limit };
  const next = {
    skill: observe(of('skill'), score.at, Math.log(score.pinball / score.baselinePinball), skill),
    narrow: of('narrow'),
    wide: of('wide'),
  };
  const inside = score.covered[LEVEL];
  if (inside === undefined) return next;
  const share = inside / score.pairs;
  const nominal = Number(LEVEL) / 100;
  const rules = { tolerance: 0.04, minSigma: 0.01, limit };
  // Wide where counts make it so: then its own usual coverage is the promise.
  const narrow: DetectorRules = { ...rules, promised: (mean) => Math.max(mean, -nominal) };
  const wide: DetectorRules = { ...rules, promised: (mean) => Math.max(mean, nominal) };
  return {
    ...next,
    narrow: observe(of('narrow'), score.at, -share, narrow),
    wide: observe(of('wide'), score.at, share, wide),
  };
}

function findingsOf({ detectors }: ScoreState): Finding[] {
  const ids = Object.keys(detectors).filter((id) => id !== FLEET);
  const findings: Finding[] = [];
  for (const test of TESTS) {
    const isOut = (id: string) => detectors[id]?.[test].isOut === true;
    if (isOut(FLEET))
      findings.push(findingOf(test, detectors[FLEET]?.[test] as Detector, ids, ids));
    else
      for (const id of ids.filter(isOut))
        findings.push(findingOf(test, detectors[id]?.[test] as Detector, [id], ids));
  }
  return findings;
}

function findingOf(
  test: Test,
  detector: Detector,
  seriesIds: readonly string[],
  all: readonly string[],
): Finding {
  const { mean, recent } = detector;
  const { since, isClimb } = changeIn(detector);
  const changed = recent.slice(detector.days.indexOf(since));
  const now = changed.reduce((sum, x) => sum + x, 0) / changed.length;
  const what = seriesText(seriesIds, all.length);
  const sign = test === 'narrow' ? -1 : 1;
  const figures =
    test === 'skill'
      ? { observed: Math.exp(now), expected: Math.exp(mean) }
      : { observed: sign * now, expected: sign * mean };
  const name = test === 'skill' ? 'skill' : 'coverage';
  return {
    name,
    since,
    seriesIds,
    evidence: {
      statistic: 'evidence against "nothing changed" (Shiryaev-Roberts)',
      value: evidenceOf(detector),
      limit:
        (2 * DAYS_A_YEAR * TESTS.length * (seriesIds.length === all.length ? 1 : all.length)) /
        FALSE_ALARMS_A_YEAR,
      ...figures,
      shape: isClimb ? 'gradual' : 'sudden',
    },
    message:
      test === 'skill'
        ? `The loss of the forecasts of ${what} is ${figure(figures.observed)} of the ` +
          `baseline's since ${timeText(since)}; it was ${figure(figures.expected)}` +
          `${isClimb ? ', and it grows day by day' : ''}.`
        : `The ${LEVEL} % intervals of ${what} hold ${percent(figures.observed)} of the actuals ` +
          `since ${timeText(since)}; they held ${percent(figures.expected)}.`,
  };
}
