/**
 * Purpose: one check of the system: score what came, look for drift, decide by the policy and act,
 * and write down what was found.
 * Invariants: time is an argument; the state is that of the last check of the log, so that a check
 * continues where the last one stopped, and a replay is the same; the check is written when all
 * else is done.
 * Fails: as the stores do; with the error of a training that the policy began.
 */
import type { Domain } from '../../domains/domain.ts';
import type { ScoreRow } from '../../forecasting/evaluation/live-scores.ts';
import type { Panel } from '../../forecasting/panel/panel.ts';
import { seasonsOf } from '../../forecasting/panel/seasons.ts';
import type { DecisionEntry, DecisionLog } from '../../storage/decisions/decision-log.ts';
import type { ActualsEntry } from '../../storage/forecasts/actuals-log.ts';
import type { Ledger } from '../../storage/ledger/ledger.ts';
import type { ModelRegistry } from '../../storage/models/model-registry.ts';
import type { CheckEntry, CheckLog } from '../../storage/monitoring/check-log.ts';
import type { SeriesRecords } from '../../storage/monitoring/series-records.ts';
import type { ScoreDay, ScoreLog } from '../../storage/scores/score-log.ts';
import type { ActPorts } from './act.ts';
import { applyPolicy } from './apply-policy.ts';
import { explainPromotions } from './decisions/explain-promotions.ts';
import type { BlockLoss } from './decisions/live-losses.ts';
import { checkDrift, type DriftCheck, type DriftState } from './drift/check.ts';
import { DEFAULT_POLICY, type ReadPolicy } from './policy.ts';
import { blockLosses } from './scoring/block-losses.ts';
import { dailyScores } from './scoring/daily-scores.ts';
import { openDaysOf, scoreLedger } from './scoring/score-ledger.ts';

const DAY_MS = 86_400_000;
/** Corrections of older days do not change their scores any more. */
export const CORRECTED_DAYS = 62;

export interface MonitorRequest {
  readonly domain: Domain;
  readonly now: number;
  /** What is known now. */
  readonly panel: Panel;
  /** Of the raw data, as texts such as "trips/speed: DOUBLE"; absent if they are not known. */
  readonly columns?: readonly string[];
  readonly posts: readonly ActualsEntry[];
  readonly ledger: Pick<Ledger, 'read'>;
  /**
   * Target days of this age or less are scored at each check, because forecasts of them may still
   * be written; default: a horizon and a day.
   */
  readonly openDays?: number;
  readonly scores: ScoreLog;
  /** null: the record of the series is not published. */
  readonly records: SeriesRecords | null;
  /** Target days before it have no record; default: the last 28 have one. */
  readonly recordFrom?: number;
  readonly checks: Pick<CheckLog, 'head' | 'state' | 'append'>;
  /** null: nothing is decided; what others promoted is explained all the same. */
  readonly policy: ReadPolicy | null;
  readonly decisions: DecisionLog;
  readonly registry: ModelRegistry;
  readonly train: ActPorts['train'];
}

export interface MonitorResult {
  readonly check: CheckEntry;
  readonly drift: Pick<DriftCheck, 'opened' | 'closed' | 'verdicts'>;
  /** What was decided now, oldest first. */
  readonly decided: readonly DecisionEntry[];
  /** Of all forecasters that were scored lately, in blocks of time. */
  readonly losses: readonly BlockLoss[];
  /** The days that were scored lately. */
  readonly days: readonly ScoreDay[];
  /** The end of the last interval that was scored lately; null: none. */
  readonly scoredUntil: number | null;
}

export async function monitor(request: MonitorRequest): Promise<MonitorResult> {
  const { domain, now, panel, scores, checks, policy } = request;
  const last = await checks.head();
  const before = last === null ? null : await checks.state(last);
  const horizonDays = Math.ceil((domain.horizon * domain.frequencyMinutes) / 1440);
  const scoredDays = await scoreLedger({
    ...{ ...request, closedWeekdays: domain.closedWeekdays },
    from: now - CORRECTED_DAYS * DAY_MS,
    openDays: request.openDays ?? 1 + horizonDays,
  });
  const days = await openDaysOf(scores, domain, { from: now - CORRECTED_DAYS * DAY_MS });
  const { timeZone, holidays, staleAfterIntervals } = domain;
  const { day, week } = seasonsOf(domain);
  const drift = checkDrift({
    ...{ panel, at: now, day, week, place: { timeZone, holidays }, staleAfterIntervals },
    state: (before?.drift as DriftState | undefined) ?? null,
    ...{ columns: request.columns ?? [], scores: dailyScores(days, now) },
  });
  const rows = days.flatMap((scored) => scored.rows);
  const losses = blockLosses(rows, (policy?.policy ?? DEFAULT_POLICY).rollback.blockHours);
  const { verdicts } = drift;
  const clock = { now: () => now, elapsedMs: () => 0 };
  // Promotions are explained where nothing is decided, too.
  const decided =
    policy === null
      ? await explainPromotions(request)
      : await applyPolicy({ ...request, ...policy, clock, losses, verdicts });
  const check = await checks.append({ at: now, scoredDays, verdicts }, { drift: drift.state });
  const scoredUntil = lastTarget(rows, domain.frequencyMinutes * 60_000);
  return { check, drift, decided, losses, days, scoredUntil };
}

/** The end of the last target interval of the rows. */
function lastTarget(rows: readonly ScoreRow[], intervalMs: number): number | null {
  const targets = rows.filter(({ dimension }) => dimension === 'target');
  return targets.reduce<number | null>(
    (last, { key }) => Math.max(last ?? 0, Number(key) + intervalMs),
    null,
  );
}
