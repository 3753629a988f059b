/**
 * Purpose: one check of the system: score what came, look for drift, decide by the policy and act,
 * and write down what was found.
 * Invariants: time is an argument; the state is that of the last check of the log, so that a check
 * goes on where the last one stopped, and a replay is the same; the check is written when all else
 * is done.
 * Fails: as the stores do; with the error of a training that the policy began.
 */
import type { Domain } from '../../domains/domain.ts';
import type { Panel } from '../../forecasting/panel/panel.ts';
import { seasonsOf } from '../../forecasting/panel/seasons.ts';
import type { DecisionEntry, DecisionLog } from '../../storage/decisions/decision-log.ts';
import type { ActualsEntry } from '../../storage/forecasts/actuals-log.ts';
import type { Ledger } from '../../storage/ledger/ledger.ts';
import type { ModelRegistry } from '../../storage/models/model-registry.ts';
import type { CheckEntry, CheckLog } from '../../storage/monitoring/check-log.ts';
import type { ScoreDay, ScoreLog } from '../../storage/scores/score-log.ts';
import { type ActPorts, act } from './act.ts';
import { decide, openChallenger } from './decide.ts';
import { explainPromotions } from './decisions/explain-promotions.ts';
import type { Champion, DecideInput } from './decisions/input.ts';
import { checkDrift, type DriftCheck, type DriftState } from './drift/check.ts';
import type { ReadPolicy } from './policy.ts';
import { blockLosses } from './scoring/block-losses.ts';
import { dailyScores } from './scoring/daily-scores.ts';
import { scoreLedger } from './scoring/score-ledger.ts';

const DAY_MS = 86_400_000;
/** Corrections of older days do not change their scores any more. */
const CORRECTED_DAYS = 62;
/** Decisions that a decision looks back at. */
const RECENT = 200;

export interface MonitorRequest {
  readonly domain: Domain;
  readonly now: number;
  /** What is known now. */
  readonly panel: Panel;
  readonly posts: readonly ActualsEntry[];
  readonly ledger: Pick<Ledger, 'read'>;
  readonly scores: ScoreLog;
  readonly checks: Pick<CheckLog, 'head' | 'append'>;
  /** null: nothing is decided. */
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
}

export async function monitor(request: MonitorRequest): Promise<MonitorResult> {
  const { domain, now, panel, scores, checks, policy } = request;
  const before = await checks.head();
  const openDays = 1 + Math.ceil((domain.horizon * domain.frequencyMinutes) / 1440);
  const scoredDays = await scoreLedger({
    ...request,
    from: now - CORRECTED_DAYS * DAY_MS,
    openDays,
  });
  const days = await scores.days({ from: now - CORRECTED_DAYS * DAY_MS });
  const { timeZone, holidays, staleAfterIntervals } = domain;
  const { day, week } = seasonsOf(domain);
  const drift = checkDrift({
    ...{ panel, at: now, day, week, place: { timeZone, holidays }, staleAfterIntervals },
    state: (before?.state.drift as DriftState | undefined) ?? null,
    scores: dailyScores(days, now),
  });
  const decided = policy === null ? [] : await decideAndAct(request, policy, days, drift);
  const check = await checks.append({
    ...{ at: now, scoredDays },
    verdicts: drift.verdicts,
    state: { drift: drift.state },
  });
  return { check, drift, decided };
}

async function decideAndAct(
  { now, decisions, registry, train }: MonitorRequest,
  { policy, hash }: ReadPolicy,
  days: readonly ScoreDay[],
  { verdicts }: DriftCheck,
): Promise<DecisionEntry[]> {
  // Of trainings and changes by hand since the last check.
  await explainPromotions({ registry, decisions });
  const recent = await decisions.recent({ limit: RECENT });
  const cards = await registry.list();
  const champion = await championOf(registry, cards);
  const rows = days.flatMap((day) => day.rows);
  const input: DecideInput = {
    ...{ now, policy, champion, verdicts, recent },
    previous: (await registry.earlierChampions())[0]?.modelVersion ?? null,
    challenger: openChallenger(recent),
    losses: blockLosses(rows, policy.rollback.blockHours),
    lastTrainedAt: cards.reduce<number | null>(
      (last, { createdAt }) => Math.max(last ?? createdAt, createdAt),
      null,
    ),
  };
  const seen = recent[0]?.number ?? 0;
  const context = { policyHash: hash, shadowHours: policy.challenger.shadowHours, seen };
  const clock = { now: () => now, elapsedMs: () => 0 };
  return act(decide(input), context, { registry, decisions, train, clock });
}

async function championOf(
  registry: ModelRegistry,
  cards: Awaited<ReturnType<ModelRegistry['list']>>,
): Promise<Champion | null> {
  const reign = await registry.champion();
  const card = cards.find(({ modelVersion }) => modelVersion === reign?.modelVersion);
  if (reign === null || card === undefined) return null;
  const { modelVersion, trainingCutoff, refit } = card;
  return { modelVersion, since: reign.at, trainingCutoff, twin: refit?.twin ?? null };
}
