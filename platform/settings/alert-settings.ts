/**
 * Purpose: the settings of alerts: where they go, when they wait.
 * Invariants: an address that holds a secret (a webhook's path, a password) is never shown, not in
 * part and not in an error.
 * Fails: never.
 */
import type { About } from './about-setting.ts';

const ADDRESS = '[^\\s@,<>"]{1,64}@[A-Za-z0-9.-]{1,255}';

export const ALERT_SETTINGS = {
  alertWebhook: {
    schema: { type: ['string', 'null'], pattern: '^https?://[^\\s]+$', maxLength: 2000 },
    variable: 'HEADWAY_ALERT_WEBHOOK',
    default: null,
    allowed: 'a URL of https or http, or off',
    description: 'URL that alerts are posted to. Unset: none.',
    none: 'off',
    off: 'off',
    isHidden: true,
  },
  alertWebhookFormat: {
    schema: { enum: ['slack', 'cloudevents'] },
    variable: 'HEADWAY_ALERT_WEBHOOK_FORMAT',
    default: 'slack',
    allowed: 'slack or cloudevents',
    description: 'What is posted: a message in the format of Slack, or a CloudEvent.',
  },
  alertSns: {
    schema: {
      type: ['string', 'null'],
      pattern: '^arn:[a-z-]+:sns:[a-z0-9-]+:[0-9]{12}:[A-Za-z0-9_-]{1,256}$',
    },
    variable: 'HEADWAY_ALERT_SNS',
    default: null,
    allowed: 'the ARN of a topic (credentials come from the AWS environment), or off',
    description: 'Topic of Amazon SNS that alerts are published to. Unset: none.',
    none: 'off',
    off: 'off',
  },
  alertSmtp: {
    schema: { type: ['string', 'null'], pattern: '^smtps?://[^\\s]+$', maxLength: 2000 },
    variable: 'HEADWAY_ALERT_SMTP',
    default: null,
    allowed: 'smtps://USER:PASSWORD@HOST:PORT (smtp:// starts unencrypted, then TLS), or off',
    description: 'Mail server that alerts are sent by. Unset: no mail.',
    none: 'off',
    off: 'off',
    isHidden: true,
  },
  alertMailFrom: {
    schema: { type: ['string', 'null'], pattern: `^${ADDRESS}$` },
    variable: 'HEADWAY_ALERT_MAIL_FROM',
    default: null,
    allowed: 'a mail address',
    description: 'Sender of alerts by mail. Unset: the first recipient.',
    none: 'the first recipient',
  },
  alertMailTo: {
    schema: {
      type: ['array', 'null'],
      minItems: 1,
      maxItems: 50,
      items: { type: 'string', pattern: `^${ADDRESS}$` },
    },
    variable: 'HEADWAY_ALERT_MAIL_TO',
    default: null,
    allowed: 'mail addresses separated by commas',
    description: 'Recipients of alerts by mail. Unset: no mail.',
    none: 'none',
    read: (text: string) => text.split(',').map((part) => part.trim()),
  },
  alertQuietHours: {
    schema: {
      type: ['string', 'null'],
      pattern: '^([01][0-9]|2[0-3]):[0-5][0-9]-([01][0-9]|2[0-3]):[0-5][0-9]$',
    },
    variable: 'HEADWAY_ALERT_QUIET_HOURS',
    default: null,
    unit: "local time in the domain's time zone",
    allowed: 'a span of the day, e.g. 22:00-07:00, or off',
    description: 'Quiet hours: alerts wait until they end, unless they are urgent. Unset: none.',
    none: 'off',
    off: 'off',
  },
  alertSilence: {
    schema: { type: ['integer', 'null'], minimum: 1, maximum: 1_000_000 },
    variable: 'HEADWAY_ALERT_SILENCE',
    default: null,
    unit: 'intervals',
    allowed: 'a whole number from 1 to 1000000',
    description:
      'Without a forecast, data or a score for this long an alert is sent. Unset: two ' +
      'days and an interval, longer where weekdays are closed or the domain expects late data.',
    none: 'two days and more',
  },
  cloudwatch: {
    schema: { type: ['string', 'null'], pattern: '^[A-Za-z0-9-]{1,64}$' },
    variable: 'HEADWAY_CLOUDWATCH',
    default: null,
    allowed: 'the name of an environment, e.g. prod, or off',
    description:
      "Environment under which monitoring writes Skill and CoverageError as CloudWatch's " +
      'embedded metrics. Unset: none.',
    none: 'off',
    off: 'off',
  },
} as const satisfies Record<string, About>;
