/**
 * Purpose: sends what is to be sent, and stores the state of the alerts.
 * Invariants: a notification is claimed in the store before it is sent, so of two processes one
 * sends it; where that one dies before it says so, another one sends it again after some minutes: a
 * notification may come twice after a crash, and is never lost. A channel that fails delays its own
 * notifications only. No address and no secret is logged or stored.
 * Fails: as the store does; a channel's failure is passed to `onFailure`, and is not ours.
 */
import type { AlertEntry, AlertLog } from '../../../storage/alerts/alert-log.ts';
import type { DecisionEntry } from '../../../storage/decisions/decision-log.ts';
import type { AlertChannel } from './channel.ts';
import type { Condition } from './conditions.ts';
import { notificationOf } from './notification.ts';
import { type AlertPlan, afterSending, planAlerts } from './plan-alerts.ts';
import { type QuietHours, quietUntil } from './quiet-hours.ts';

export interface AlertRequest {
  readonly now: number;
  readonly domain: string;
  readonly log: AlertLog;
  readonly channels: readonly AlertChannel[];
  readonly quietHours: QuietHours | null;
  /** All that is wrong now. */
  readonly conditions: readonly Condition[];
  /** Newest first. */
  readonly decisions: readonly DecisionEntry[];
  readonly onFailure: (channel: string, reason: string) => void;
}

/** Returns how many notifications were sent, and how many could not be. */
export async function raiseAlerts(
  request: AlertRequest,
): Promise<{ readonly sent: number; readonly failed: number }> {
  const { now, domain, log, channels, quietHours, onFailure } = request;
  const names = channels.map(({ name }) => name);
  let plan: AlertPlan | null = null;
  const stored: AlertEntry | null = await log.append((state) => {
    const until = quietUntil(quietHours, now);
    plan = planAlerts({ ...request, state, channels: names, quietUntil: until });
    return plan.isChanged ? { at: now, ...plan.state } : null;
  });
  const claimed = stored === null ? [] : ((plan as AlertPlan | null)?.claimed ?? []);
  if (claimed.length === 0) return { sent: 0, failed: 0 };
  const sent = new Set<string>();
  const failed = new Set<string>();
  for (const queued of claimed) {
    const channel = channels.find(({ name }) => name === queued.channel);
    try {
      // A channel that is not set up any more has nothing to send by.
      await channel?.send(notificationOf(domain, queued, now));
      sent.add(queued.id);
    } catch (error) {
      failed.add(queued.id);
      onFailure(queued.channel, channel?.reasonOf(error) ?? '');
    }
  }
  await log.append((state) => state && { at: now, ...afterSending(state, sent, failed, now) });
  return { sent: sent.size, failed: failed.size };
}
