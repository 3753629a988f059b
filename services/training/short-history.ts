/**
 * Purpose: what a training does with little history: a shorter test span with closer cutoffs, and a
 * shorter calibration, so that 30 days of hours give a model; and from when on a model is possible.
 * Invariants: a history that holds the default spans changes nothing; the test span stays later
 * than all that is learnt from or calibrated on.
 * Fails: HISTORY_TOO_SHORT that says from when on there is enough, and what forecasts until then.
 */
import type { Domain } from '../../domains/domain.ts';
import { featureSizes } from '../../forecasting/features/feature-spec.ts';
import { type Panel, timestampAt } from '../../forecasting/panel/panel.ts';
import { seasonsOf } from '../../forecasting/panel/seasons.ts';
import { HeadwayError } from '../../platform/errors.ts';
import { utcText } from '../../platform/text/utc-text.ts';
import { daysText } from './evaluation.ts';
import { featureSpecOf, type TrainingConfig } from './training-config.ts';

/** Cutoffs that are scored at least: the gate needs 8 on which something was observed. */
const MIN_TEST_CUTOFFS = 12;
/** Training windows of one series, at least. */
const MIN_WINDOWS = 28;
/** Share of the history beyond a first window that is scored. */
const TEST_SHARE = 1 / 3;

interface Need {
  /** Intervals before the first training window ends, its horizon included. */
  readonly before: number;
  /** Of the cutoffs that are learnt from, and of the test span, at least. */
  readonly windows: number;
  readonly test: number;
}

function needOf(domain: Domain, config: TrainingConfig): Need {
  const { day, week } = seasonsOf(domain);
  return {
    before: featureSizes(featureSpecOf(domain)).trainingHistory + domain.horizon,
    windows: Math.max(MIN_WINDOWS, day > 1 ? week : 0),
    test: domain.horizon + (MIN_TEST_CUTOFFS - 1) * config.fit.stride,
  };
}

/** Intervals of history from which on a model can be trained and judged. */
export function leastHistory(domain: Domain, config: TrainingConfig): number {
  const { before, windows, test } = needOf(domain, config);
  return before + windows + wholeDays(domain, test);
}

/** Whole days of so many intervals, as intervals: a test span is stated in days. */
function wholeDays({ frequencyMinutes }: Domain, intervals: number): number {
  const perDay = 1440 / frequencyMinutes;
  return perDay < 1 ? Math.ceil(intervals) : Math.ceil(intervals / perDay) * perDay;
}

/**
 * The configuration for a history of `panel.length` intervals: as it is where its test span leaves
 * twice the least training windows, else with a third of what there is as the test span, cutoffs as
 * close as those of the fit, and calibration on less than half of the training cutoffs.
 */
export function fitToHistory(
  domain: Domain,
  panel: Pick<Panel, 'start' | 'length' | 'frequencyMinutes'>,
  config: TrainingConfig,
): TrainingConfig {
  const { before, windows, test } = needOf(domain, config);
  const perDay = 1440 / domain.frequencyMinutes;
  const room = panel.length - before;
  if (room >= config.testDays * perDay + 2 * windows) return config;
  if (panel.length < leastHistory(domain, config)) throw tooShort(domain, panel, config);
  const share = Math.max(test, Math.floor(room * TEST_SHARE));
  const testIntervals = Math.min(wholeDays(domain, share), config.testDays * perDay);
  const { fit } = config;
  const calibration = Math.floor((room - testIntervals) / 2) - domain.horizon - fit.stride;
  return {
    ...config,
    testDays: testIntervals / perDay,
    cutoffStep: fit.stride,
    fit: {
      ...fit,
      calibrationIntervals:
        calibration > 0
          ? Math.min(fit.calibrationIntervals, calibration)
          : fit.calibrationIntervals,
    },
  };
}

/** When there is enough history for a model (epoch ms), if intervals keep coming; null: now. */
export function modelPossibleFrom(
  domain: Domain,
  { start, end }: { readonly start: number; readonly end: number },
  config: TrainingConfig,
): number | null {
  const from = start + leastHistory(domain, config) * domain.frequencyMinutes * 60_000;
  return from <= end ? null : from;
}

/** For people: from when on there can be a model. */
export const modelLater = (from: number): string =>
  `The history is too short for a model; there is enough from ${utcText(from)} on.`;

function tooShort(
  domain: Domain,
  panel: Pick<Panel, 'start' | 'length' | 'frequencyMinutes'>,
  config: TrainingConfig,
): HeadwayError {
  const needed = leastHistory(domain, config);
  const from = timestampAt(panel as Panel, needed);
  return new HeadwayError(
    'HISTORY_TOO_SHORT',
    `the snapshot holds ${daysText(domain, panel.length)} (${panel.length} intervals); a model ` +
      `needs ${daysText(domain, needed)} (${needed} intervals), which there are from ` +
      `${utcText(from)} on`,
    {
      where: domain.name,
      fix:
        'Provide more history (`headway features run`). Until then `headway serve` and ' +
        '`headway forecast --series ID` give the best baseline.',
    },
  );
}
