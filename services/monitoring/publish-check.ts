/**
 * Purpose: reports what a check found, to people and machines: alerts, the figures that metrics
 * show, and the overview that the HTTP service shows.
 * Invariants: reads and writes the store alone, so that it may be repeated after a crash: an alert
 * that is open is not opened again.
 * Fails: as the store does; a channel that fails is passed to `onFailure`.
 */
import type { Domain } from '../../domains/domain.ts';
import { lastObserved, type Panel, timestampAt } from '../../forecasting/panel/panel.ts';
import type { AlertLog } from '../../storage/alerts/alert-log.ts';
import type { DecisionLog } from '../../storage/decisions/decision-log.ts';
import type { Ledger } from '../../storage/ledger/ledger.ts';
import type { ModelRegistry } from '../../storage/models/model-registry.ts';
import type { Overviews } from '../../storage/monitoring/overviews.ts';
import type { FiguresLog, LiveFigures } from '../../storage/scores/figures-log.ts';
import type { AlertChannel } from './alerts/channel.ts';
import { conditionsOf } from './alerts/conditions.ts';
import type { QuietHours } from './alerts/quiet-hours.ts';
import { raiseAlerts } from './alerts/raise-alerts.ts';
import { type LastSeen, silences } from './alerts/silence.ts';
import { openChallenger } from './decide.ts';
import { knownEvents } from './drift/known-events.ts';
import { liveFigures } from './live-figures.ts';
import type { MonitorResult } from './monitor.ts';
import { overviewOf } from './overview.ts';
import { RECORD_DAYS } from './scoring/score-ledger.ts';

/** Decisions that may not have been notified of yet. */
const RECENT = 200;

export interface PublishRequest {
  readonly domain: Domain;
  readonly now: number;
  readonly panel: Panel;
  readonly result: Pick<MonitorResult, 'check' | 'losses' | 'days' | 'scoredUntil'>;
  readonly ledger: Pick<Ledger, 'parts'>;
  readonly registry: Pick<ModelRegistry, 'champion' | 'promotions' | 'earlierChampions' | 'list'>;
  readonly decisions: Pick<DecisionLog, 'recent'>;
  readonly alerts: AlertLog;
  readonly figures: FiguresLog;
  readonly overviews: Overviews;
  readonly channels: readonly AlertChannel[];
  readonly quietHours: QuietHours | null;
  /** Intervals without a forecast, data or a score that are allowed; null: `usualSilence`. */
  readonly silence: number | null;
  readonly onFailure: (channel: string, reason: string) => void;
}

export async function publishCheck(request: PublishRequest): Promise<LiveFigures> {
  const { domain, now, result, registry, decisions, alerts, figures } = request;
  const seen = await lastSeen(request);
  const [first] = await registry.promotions();
  const { frequencyMinutes } = domain;
  const intervals = request.silence ?? usualSilence(domain);
  const silent =
    first === undefined
      ? []
      : silences({ ...seen, now, frequencyMinutes, intervals, waitedSince: first.at });
  const recent = await decisions.recent({ limit: RECENT });
  const champion = (await registry.champion())?.modelVersion ?? null;
  await raiseAlerts({
    ...{ now, domain: domain.name, log: alerts },
    ...{ channels: request.channels, quietHours: request.quietHours },
    conditions: [...conditionsOf(result.check.verdicts), ...silent],
    decisions: recent,
    onFailure: request.onFailure,
  });
  const found = liveFigures({
    ...{ now, losses: result.losses, scoredUntil: seen.scoreAt },
    champion,
    openAlerts: (await alerts.head())?.open.length ?? 0,
  });
  await figures.append(found);
  const challenger = openChallenger(recent)?.modelVersion ?? null;
  await publishOverview(request, seen, { champion, challenger });
  return found;
}

/** Two days and the interval that is awaited, longer where days are closed or data is slow. */
export function usualSilence({
  frequencyMinutes,
  closedWeekdays = [],
  staleAfterIntervals = 0,
}: Pick<Domain, 'frequencyMinutes' | 'closedWeekdays' | 'staleAfterIntervals'>): number {
  const open = Math.ceil((2 * 1440) / frequencyMinutes) + 1;
  return Math.max(open + closedWeekdays.length, staleAfterIntervals);
}

const DAY_MS = 86_400_000;

async function publishOverview(
  request: PublishRequest,
  seen: LastSeen,
  { champion, challenger }: Record<'champion' | 'challenger', string | null>,
): Promise<void> {
  const { domain, now, result, registry, overviews } = request;
  const { timeZone, holidays } = domain;
  const from = Math.floor(now / DAY_MS - RECORD_DAYS) * DAY_MS;
  const [previous] = await registry.earlierChampions();
  const card = (await registry.list()).find((one) => one.modelVersion === champion);
  const { forecastAt, dataAt, scoreAt } = seen;
  await overviews.publish(
    overviewOf({
      ...{ now, from, check: result.check, days: result.days, timeZone },
      before: await overviews.newest(),
      freshness: { dataUntil: dataAt, forecastAt, scoredUntil: scoreAt },
      models: {
        ...{ champion, challenger },
        ...{ previous: previous?.modelVersion ?? null, twin: card?.refit?.twin ?? null },
      },
      knownDays: knownEvents({ timeZone, holidays }, from, now).map(({ start, title }) => ({
        at: start,
        name: title,
      })),
    }),
  );
}

async function lastSeen({ now, panel, ledger, result }: PublishRequest): Promise<LastSeen> {
  const parts = await ledger.parts();
  const issued = parts.map((part) => Math.min(part.issued.last, now));
  const last = lastObserved(panel);
  return {
    forecastAt: issued.length === 0 ? null : issued.reduce((a, b) => Math.max(a, b)),
    dataAt: last < 0 ? null : timestampAt(panel, last + 1),
    scoreAt: result.scoredUntil,
  };
}
