/**
 * Purpose: reports what a check found, to people and machines: alerts, and the figures that
 * metrics show.
 * Invariants: reads and writes the store alone, so that it may be repeated after a crash: an alert
 * that is open is not opened again.
 * Fails: as the store does; a channel that fails is passed to `onFailure`.
 */
import type { Domain } from '../../domains/domain.ts';
import { type Panel, targetOf, timestampAt } from '../../forecasting/panel/panel.ts';
import type { AlertLog } from '../../storage/alerts/alert-log.ts';
import type { DecisionLog } from '../../storage/decisions/decision-log.ts';
import type { Ledger } from '../../storage/ledger/ledger.ts';
import type { ModelRegistry } from '../../storage/models/model-registry.ts';
import type { FiguresLog, LiveFigures } from '../../storage/scores/figures-log.ts';
import type { ScoreLog } from '../../storage/scores/score-log.ts';
import type { AlertChannel } from './alerts/channel.ts';
import { conditionsOf } from './alerts/conditions.ts';
import type { QuietHours } from './alerts/quiet-hours.ts';
import { raiseAlerts } from './alerts/raise-alerts.ts';
import { type LastSeen, silences } from './alerts/silence.ts';
import { liveFigures } from './live-figures.ts';
import type { MonitorResult } from './monitor.ts';

const DAY_MS = 86_400_000;
/** Decisions that may not have been notified of yet. */
const RECENT = 200;

export interface PublishRequest {
  readonly domain: Domain;
  readonly now: number;
  readonly panel: Panel;
  readonly result: Pick<MonitorResult, 'check' | 'losses'>;
  readonly ledger: Pick<Ledger, 'parts'>;
  readonly scores: Pick<ScoreLog, 'days'>;
  readonly registry: Pick<ModelRegistry, 'champion' | 'promotions'>;
  readonly decisions: Pick<DecisionLog, 'recent'>;
  readonly alerts: AlertLog;
  readonly figures: FiguresLog;
  readonly channels: readonly AlertChannel[];
  readonly quietHours: QuietHours | null;
  /** Intervals without a forecast, data or a score that are allowed; null: two days. */
  readonly silence: number | null;
  readonly onFailure: (channel: string, reason: string) => void;
}

export async function publishCheck(request: PublishRequest): Promise<LiveFigures> {
  const { domain, now, result, registry, decisions, alerts, figures } = request;
  const seen = await lastSeen(request);
  const [first] = await registry.promotions();
  const { frequencyMinutes } = domain;
  const intervals = request.silence ?? Math.ceil((2 * 1440) / frequencyMinutes);
  const silent =
    first === undefined
      ? []
      : silences({ ...seen, now, frequencyMinutes, intervals, waitedSince: first.at });
  await raiseAlerts({
    ...{ now, domain: domain.name, log: alerts },
    ...{ channels: request.channels, quietHours: request.quietHours },
    conditions: [...conditionsOf(result.check.verdicts), ...silent],
    decisions: await decisions.recent({ limit: RECENT }),
    onFailure: request.onFailure,
  });
  const found = liveFigures({
    ...{ now, losses: result.losses, scoredUntil: seen.scoreAt },
    champion: (await registry.champion())?.modelVersion ?? null,
    openAlerts: (await alerts.head())?.open.length ?? 0,
  });
  await figures.append(found);
  return found;
}

async function lastSeen({ domain, now, panel, ledger, scores }: PublishRequest): Promise<LastSeen> {
  const parts = await ledger.parts();
  const issued = parts.map((part) => Math.min(part.issued.last, now));
  const last = lastObserved(panel);
  const scored = (await scores.days({ from: now - 62 * DAY_MS, until: now + 1 })).flatMap(
    ({ rows }) => rows.filter(({ dimension }) => dimension === 'target').map(({ key }) => +key),
  );
  const interval = domain.frequencyMinutes * 60_000;
  return {
    forecastAt: issued.length === 0 ? null : issued.reduce((a, b) => Math.max(a, b)),
    dataAt: last < 0 ? null : timestampAt(panel, last + 1),
    scoreAt: scored.length === 0 ? null : scored.reduce((a, b) => Math.max(a, b)) + interval,
  };
}

/** The newest interval in which any series has a value; -1: none. */
function lastObserved(panel: Panel): number {
  const rows = panel.seriesIds.map((_, series) => targetOf(panel, series));
  for (let t = panel.length - 1; t >= 0; t--)
    if (rows.some((row) => !Number.isNaN(row[t] as number))) return t;
  return -1;
}
