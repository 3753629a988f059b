/**
 * Purpose: one check: every statistic on the data and on the scores as of a time, and what became
 * of the verdicts of the check before.
 * Invariants: a pure function of the panel, the scores, the time and the state before; the state is
 * plain JSON, so that a check of each day continues where the last one stopped, and a replay is the
 * same bit for bit. One cause has one verdict: its consequences are not listed again.
 * Fails: a RangeError for an unknown IANA zone, country or state.
 */
import type { Panel } from '../../../forecasting/panel/panel.ts';
import { type DailyState, NEW_DAILY, readDays } from './days/daily.ts';
import { constantRuns } from './facts/constant-run.ts';
import { type Freshness, freshness } from './facts/freshness.ts';
import { missing } from './facts/missing.ts';
import { repeated } from './facts/repeated.ts';
import { type Schema, schema } from './facts/schema.ts';
import { unit } from './facts/unit.ts';
import { type ActiveVerdict, follow } from './follow.ts';
import type { DailyScore } from './scores/daily-score.ts';
import { NEW_SCORES, type ScoreState, testScores } from './scores/score-tests.ts';
import type { DriftVerdict, Finding, VerdictName } from './verdict.ts';
import { type Grid, type Mask, masked, openWindow, unjudged, WEEKS_READ } from './window.ts';

export interface DriftState {
  readonly format: 1;
  readonly freshness: Freshness;
  readonly schema: Schema;
  readonly daily: DailyState;
  readonly scores: ScoreState;
  readonly active: readonly ActiveVerdict[];
  readonly masks: readonly Mask[];
}

export const NEW_STATE: DriftState = {
  format: 1,
  freshness: { usualLag: null, lastAt: null },
  schema: { columns: null, seriesIds: [], changedAt: null },
  daily: NEW_DAILY,
  scores: NEW_SCORES,
  active: [],
  masks: [],
};

export interface DriftRequest extends Grid {
  /** As known at `at`: WEEKS_READ weeks or more; at the first check, history to learn from. */
  readonly panel: Panel;
  /** Epoch milliseconds: the time of the check. */
  readonly at: number;
  /** Of the check before; default: none. */
  readonly state?: DriftState | null;
  /** Of the domain; 0: data is never stale. */
  readonly staleAfterIntervals?: number | undefined;
  /** Columns of the raw data as texts, such as "speed: DOUBLE". */
  readonly columns?: readonly string[];
  /** Scores of days that are over; those read before are left out. */
  readonly scores?: readonly DailyScore[];
}

export interface DriftCheck {
  /** All that hold. */
  readonly verdicts: readonly DriftVerdict[];
  /** Those that this check found first. */
  readonly opened: readonly DriftVerdict[];
  /** Those that held at the check before and do not any more. */
  readonly closed: readonly DriftVerdict[];
  readonly state: DriftState;
}

export function checkDrift(request: DriftRequest): DriftCheck {
  const { panel, at, columns = [], scores = [], staleAfterIntervals } = request;
  const before = request.state ?? NEW_STATE;
  const { place, day, week } = request;
  const window = masked(openWindow(panel, at, { place, day, week }), before.masks);
  const fresh = freshness(window, before.freshness, { at, staleAfterIntervals });
  const { lastAt } = before.freshness;
  const shape = schema(window, before.schema, { at, lastAt, columns });
  const facts = [
    ...fresh.findings,
    ...shape.findings,
    ...unit(window),
    ...repeated(window),
    ...constantRuns(window),
    ...missing(window),
  ];
  const held = before.active.map(({ verdict }) => verdict);
  const masks = masksOf(before.masks, [...held, ...facts], at);
  const wrong = masks.filter(({ name }) => CORRUPT[name] === 'wrong');
  const daily = readDays(
    masked(unjudged(window, wrong), masks),
    before.daily,
    before.daily.day === null,
  );
  const tests = testScores(scores, before.scores);
  const findings = [...facts, ...daily.findings, ...tests.findings];
  const { active, opened, closed } = follow(before.active, findings, at, panel.seriesIds.length);
  return {
    verdicts: active.map(({ verdict }) => verdict),
    opened,
    closed,
    state: {
      format: 1,
      freshness: fresh.after,
      schema: shape.after,
      daily: daily.after,
      scores: tests.after,
      active,
      masks: masksOf(
        before.masks,
        active.map(({ verdict }) => verdict),
        at,
      ),
    },
  };
}

/**
 * Verdicts whose values are not used as a reference for other days: wrong ones, which are not
 * judged day by day either, and displaced ones.
 */
const CORRUPT: Partial<Record<VerdictName, 'wrong' | 'displaced'>> = {
  ...{ clock: 'wrong', unit: 'wrong', zeros: 'wrong', repeated: 'wrong' },
  ...{ closed: 'wrong', stuck: 'wrong', shifted: 'displaced' },
};

/** Masks that still matter: one for each verdict that holds, and those of verdicts that have ended. */
function masksOf(before: readonly Mask[], verdicts: readonly Finding[], at: number): Mask[] {
  const oldest = at - WEEKS_READ * 7 * 86_400_000;
  const corrupt = verdicts.filter(({ name }) => name in CORRUPT);
  const meets = (mask: Mask, { name, seriesIds }: Finding) =>
    mask.name === name && mask.seriesIds.some((id) => seriesIds.includes(id));
  const kept = before.flatMap((mask) => {
    if (mask.until !== null) return mask.until > oldest ? [mask] : [];
    return corrupt.some((one) => meets(mask, one)) ? [mask] : [{ ...mask, until: at }];
  });
  const added = corrupt
    .filter((one) => !kept.some((mask) => mask.until === null && meets(mask, one)))
    .map(({ name, since, seriesIds }) => ({ name, since, until: null, seriesIds }));
  return [...kept, ...added];
}
