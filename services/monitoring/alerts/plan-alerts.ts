/**
 * Purpose: what is to be sent: from what is wrong now, what was wrong before, and what was decided.
 * Invariants: pure. One name and group is one alert while it is open, however often it is seen. All
 * that opens at once is one notification per channel and urgency, and so is all that recovers. In
 * quiet hours what is not urgent waits for their end, and what recovers before it was sent is
 * sent not at all. A notification that cannot be sent is tried again with growing pauses, and
 * dropped after MAX_TRIES.
 * Fails: never.
 */
import { sha256 } from '../../../platform/files/content-hash.ts';
import type {
  AlertState,
  NotificationKind,
  OpenAlert,
  QueuedNotification,
} from '../../../storage/alerts/alert-log.ts';
import type { DecisionEntry } from '../../../storage/decisions/decision-log.ts';
import { type Condition, keyOf } from './conditions.ts';

export interface PlanRequest {
  readonly now: number;
  /** null: none was kept yet. */
  readonly state: AlertState | null;
  readonly conditions: readonly Condition[];
  /** Newest first. */
  readonly decisions: readonly DecisionEntry[];
  readonly channels: readonly string[];
  /** When the quiet hours end; null outside them. */
  readonly quietUntil: number | null;
}

export interface AlertPlan {
  readonly state: AlertState;
  /** To be sent now by whoever stores the state. */
  readonly claimed: readonly QueuedNotification[];
  readonly isChanged: boolean;
}

const NOTHING: AlertState = { open: [], queue: [], lastDecision: 0 };
/** A process that took a notification and does not say so within this time has died. */
const CLAIM_MS = 5 * 60_000;
const MAX_TRIES = 10;
const FIRST_PAUSE_MS = 60_000;
const MAX_PAUSE_MS = 6 * 3_600_000;
/** Decisions that people are notified of. */
const NOTED = new Set(['promote', 'rollback', 'retrain', 'refit']);

export function planAlerts(request: PlanRequest): AlertPlan {
  const { now, conditions, state: before } = request;
  const state = before ?? NOTHING;
  const wrong = new Map(conditions.map((one) => [keyOf(one), one]));
  const was = new Map(state.open.map((one) => [keyOf(one), one]));
  const opened = [...wrong].flatMap(([key, one]) =>
    was.has(key) ? [] : [{ ...one, openedAt: now }],
  );
  const closed = state.open.filter((one) => !wrong.has(keyOf(one)));
  const open = [...state.open.filter((one) => wrong.has(keyOf(one))), ...opened];
  const { kept, recovered } = withdraw(state.queue, closed);
  const notices = noticesOf(request);
  const queue = [
    ...kept,
    ...queued(request, 'opened', opened),
    ...queued(request, 'recovered', recovered),
    ...queued(request, 'notice', notices),
  ];
  const newest = request.decisions[0]?.number ?? 0;
  const lastDecision = Math.max(state.lastDecision, newest);
  const claimed = queue
    .filter((one) => isDue(one, now))
    .map((one) => ({ ...one, claimedAt: now, tries: one.tries + 1 }));
  const taken = new Map(claimed.map((one) => [one.id, one]));
  const isChanged =
    opened.length + closed.length + notices.length + claimed.length > 0 ||
    before === null ||
    lastDecision !== state.lastDecision;
  return {
    state: { open, queue: queue.map((one) => taken.get(one.id) ?? one), lastDecision },
    ...{ claimed, isChanged },
  };
}

/** What is left when some were sent and some could not be. */
export function afterSending(
  state: AlertState,
  sent: ReadonlySet<string>,
  failed: ReadonlySet<string>,
  now: number,
): AlertState {
  const queue = state.queue.flatMap((one): QueuedNotification[] => {
    if (sent.has(one.id) || (failed.has(one.id) && one.tries >= MAX_TRIES)) return [];
    if (!failed.has(one.id)) return [one];
    const pauseMs = Math.min(FIRST_PAUSE_MS * 2 ** (one.tries - 1), MAX_PAUSE_MS);
    return [{ ...one, claimedAt: null, notBefore: now + pauseMs }];
  });
  return { ...state, queue };
}

const isDue = ({ notBefore, claimedAt }: QueuedNotification, now: number): boolean =>
  notBefore <= now && (claimedAt === null || Math.abs(now - claimedAt) > CLAIM_MS);

/** What recovered before it was sent is not sent; of the rest, people are notified. */
function withdraw(queue: readonly QueuedNotification[], closed: readonly OpenAlert[]) {
  const isUnsent = (one: QueuedNotification) => one.kind === 'opened' && one.tries === 0;
  const gone = new Set(closed.map(keyOf));
  const unsent = new Set(queue.filter(isUnsent).flatMap(({ alerts }) => alerts.map(keyOf)));
  const kept = queue.flatMap((one) => {
    if (!isUnsent(one)) return [one];
    const alerts = one.alerts.filter((alert) => !gone.has(keyOf(alert)));
    return alerts.length === 0 ? [] : [{ ...one, alerts }];
  });
  return { kept, recovered: closed.filter((one) => !unsent.has(keyOf(one))) };
}

/** Of decisions that are newer than the state; a state that is new knows none before it. */
function noticesOf({ now, state, decisions }: PlanRequest): OpenAlert[] {
  if (state === null) return [];
  const { lastDecision } = state;
  return [...decisions]
    .reverse()
    .filter(({ number, kind }) => number > lastDecision && NOTED.has(kind))
    .map(({ number, kind, at, reason }) => ({
      ...{ name: kind, group: `decision ${number}`, severity: 'ticket' },
      ...{ since: at, openedAt: now, message: reason },
    }));
}

/** One notification per channel and urgency. */
function queued(
  { now, channels, quietUntil }: PlanRequest,
  kind: NotificationKind,
  alerts: readonly OpenAlert[],
): QueuedNotification[] {
  const urgent = alerts.filter(({ severity }) => severity === 'page');
  const others = alerts.filter(({ severity }) => severity !== 'page');
  return [urgent, others].flatMap((some) => {
    if (some.length === 0) return [];
    const notBefore = some === urgent ? now : (quietUntil ?? now);
    return channels.map((channel) => {
      const id = sha256(JSON.stringify([channel, kind, now, some])).slice(0, 24);
      const about = { id, channel, kind, alerts: some, queuedAt: now };
      return { ...about, notBefore, claimedAt: null, tries: 0 };
    });
  });
}
