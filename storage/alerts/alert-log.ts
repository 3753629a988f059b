/**
 * Purpose: the state of the alerts of a domain: which are open, and which notifications are still
 * to be sent. A value of the store, so that of two processes one sends a notification.
 * Invariants: the newest entry is the whole state; who appends an entry in which it has claimed a
 * notification sends it.
 * Fails: as storage/log/timed-log.ts.
 */
import { type Numbered, openTimedLog } from '../log/timed-log.ts';
import { objectKeys } from '../objects/object-keys.ts';
import type { ObjectStore } from '../objects/object-store.ts';
import type { StoreReport } from '../store-report.ts';

export const ALERT_FORMAT = 1;

/** `page` is urgent; `ticket` waits for the morning. */
export type AlertSeverity = 'page' | 'ticket';

/** Something that is wrong, as long as it is. */
export interface OpenAlert {
  /** What makes it the same alert: its name and group. */
  readonly name: string;
  readonly group: string;
  readonly severity: AlertSeverity;
  /** Since when it is so. */
  readonly since: number;
  /** When it was noticed. */
  readonly openedAt: number;
  readonly message: string;
}

/** `notice`: something that happened and is over. */
export type NotificationKind = 'opened' | 'recovered' | 'notice';

export interface QueuedNotification {
  readonly id: string;
  readonly channel: string;
  readonly kind: NotificationKind;
  readonly alerts: readonly OpenAlert[];
  readonly queuedAt: number;
  /** Not before: the end of quiet hours, or a pause after a failure. */
  readonly notBefore: number;
  /** When a process took it to send it; null: none has. */
  readonly claimedAt: number | null;
  readonly tries: number;
}

export interface AlertState {
  readonly open: readonly OpenAlert[];
  readonly queue: readonly QueuedNotification[];
  /** The number of the newest decision that was notified of. */
  readonly lastDecision: number;
}

type AlertDraft = AlertState & { readonly at: number };
export type AlertEntry = Numbered<AlertDraft>;

export interface AlertLog {
  head(): Promise<AlertEntry | null>;
  /**
   * Appends what `build` makes of the newest state, again where another writer was first; null:
   * nothing.
   */
  append(
    build: (head: AlertState | null) => (AlertState & { readonly at: number }) | null,
  ): Promise<AlertEntry | null>;
  verify(): Promise<StoreReport>;
}

const text = { type: 'string', minLength: 1 };
const time = { type: 'integer', minimum: 0 };
const list = (properties: Record<string, object>) => ({
  type: 'array',
  items: {
    type: 'object',
    additionalProperties: false,
    required: Object.keys(properties),
    properties,
  },
});
const alerts = list({
  name: text,
  group: text,
  severity: { enum: ['page', 'ticket'] },
  since: time,
  openedAt: time,
  message: { type: 'string' },
});
const fields = {
  open: alerts,
  queue: list({
    id: text,
    channel: text,
    kind: { enum: ['opened', 'recovered', 'notice'] },
    alerts,
    queuedAt: time,
    notBefore: time,
    claimedAt: { anyOf: [time, { type: 'null' }] },
    tries: time,
  }),
  lastDecision: time,
};

export function openAlertLog(options: { store: ObjectStore; domain: string }): AlertLog {
  const { store, domain } = options;
  const log = openTimedLog<AlertDraft>({
    ...{ store, domain, fields, what: 'state of alerts', format: ALERT_FORMAT },
    prefix: objectKeys.alerts(domain),
    keyOf: (number) => objectKeys.alertEntry(domain, number),
  });
  return {
    head: () => log.head(),
    append: (build) => log.append(async (head) => build(head)),
    verify: () => log.verify(),
  };
}
