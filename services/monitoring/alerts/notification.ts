/**
 * Purpose: a notification, as text for people and as an event for programs.
 * Invariants: text from elsewhere (names of series, reasons) holds no control character; the same
 * notification has the same id however often it is sent, so that a receiver may drop the second.
 * Fails: never.
 */
import { printable } from '../../../platform/text/printable.ts';
import type {
  NotificationKind,
  OpenAlert,
  QueuedNotification,
} from '../../../storage/alerts/alert-log.ts';

export interface Notification {
  readonly id: string;
  readonly domain: string;
  readonly kind: NotificationKind | 'test';
  readonly at: number;
  readonly alerts: readonly OpenAlert[];
  /** One line. */
  readonly title: string;
  /** The title, and a line for each alert. */
  readonly text: string;
}

export const notificationOf = (
  domain: string,
  { id, kind, alerts }: Pick<QueuedNotification, 'id' | 'kind' | 'alerts'>,
  at: number,
): Notification => described({ id, domain, kind, at, alerts });

export function testNotification(domain: string, at: number): Notification {
  const message = 'Alerts of this domain arrive here.';
  const alert: OpenAlert = {
    ...{ name: 'test', group: 'all', severity: 'ticket', since: at, openedAt: at, message },
  };
  return described({ id: `test-${at}`, domain, kind: 'test', at, alerts: [alert] });
}

const MARKS = {
  opened: '',
  recovered: 'Recovered: ',
  notice: 'Decided: ',
  test: 'Test: ',
} as const;

function described(about: Omit<Notification, 'title' | 'text'>): Notification {
  const { domain, kind, alerts } = about;
  const names = [...new Set(alerts.map(({ name }) => name))].join(', ');
  const urgent = alerts.some(({ severity }) => severity === 'page') && kind === 'opened';
  const title = oneLine(`Headway ${domain}: ${urgent ? 'URGENT: ' : ''}${MARKS[kind]}${names}`);
  const lines = alerts.map(({ name, group, since, message }) => {
    const where = group === 'all' ? '' : ` (${group})`;
    return oneLine(`- ${name}${where}, since ${new Date(since).toISOString()}: ${message}`);
  });
  return { ...about, title, text: [title, ...lines].join('\n') };
}

/** Colours, which a terminal may have, too. */
const oneLine = (text: string): string =>
  printable(text).replaceAll('\u001b', '\\u001b').replace(/\s+/g, ' ');

/** The structured mode of CloudEvents 1.0 over HTTP; its media type is CLOUDEVENT_TYPE. */
export const cloudEventOf = ({ id, domain, kind, at, alerts, text }: Notification) => ({
  specversion: '1.0',
  id,
  source: `/headway/${encodeURIComponent(domain)}`,
  type: `headway.alert.${kind}`,
  subject: [...new Set(alerts.map(({ name }) => name))].join(','),
  time: new Date(at).toISOString(),
  datacontenttype: 'application/json',
  data: {
    domain,
    text,
    alerts: alerts.map((alert) => ({
      ...alert,
      since: new Date(alert.since).toISOString(),
      openedAt: new Date(alert.openedAt).toISOString(),
    })),
  },
});
export const CLOUDEVENT_TYPE = 'application/cloudevents+json; charset=utf-8';

/** Three characters are Slack's own. */
export const slackMessageOf = ({ text }: Notification) => ({
  text: text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;'),
});
