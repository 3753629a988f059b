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
import type { DriftVerdict, Finding } from './verdict.ts';
import { type Grid, type Mask, masked, openWindow, trustedOnly, WEEKS_READ } from './window.ts';

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
  const found = facts.filter(({ name }) => name in CORRUPT);
  const masks = masksOf(before, found, at);
  const daily = readDays(
    trustedOnly(masked(window, masks)),
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
      masks,
    },
  };
}

/** Findings whose values are wrong, not only unusual: no reference for other days. */
const CORRUPT: Partial<Record<Finding['name'], true>> = {
  ...{ clock: true, unit: true, zeros: true, repeated: true, closed: true, stuck: true },
};

/** Masks that still matter: those that were, ended where nothing is found any more, and new ones. */
function masksOf({ masks }: DriftState, found: readonly Finding[], at: number): Mask[] {
  const oldest = at - WEEKS_READ * 7 * 86_400_000;
  const isFound = (id: string) => found.some(({ seriesIds }) => seriesIds.includes(id));
  const kept = masks.flatMap((mask) => {
    if (mask.until !== null) return mask.until > oldest ? [mask] : [];
    const ended = mask.seriesIds.filter((id) => !isFound(id));
    return ended.length === mask.seriesIds.length ? [{ ...mask, until: at }] : [mask];
  });
  const isCovered = (id: string) =>
    kept.some(({ until, seriesIds }) => until === null && seriesIds.includes(id));
  const added = found.flatMap(({ since, seriesIds }) => {
    const ids = seriesIds.filter((id) => !isCovered(id));
    return ids.length > 0 ? [{ since, until: null, seriesIds: ids }] : [];
  });
  return [...kept, ...added];
}
