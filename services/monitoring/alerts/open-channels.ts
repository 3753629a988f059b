/**
 * Purpose: the channels that the settings name.
 * Invariants: a library is loaded for the channels that are used alone.
 * Fails: SETTINGS_INVALID for a mail server without recipients, or the reverse.
 */
import { HeadwayError } from '../../../platform/errors.ts';
import type { Settings } from '../../../platform/settings/settings.ts';
import type { Logger } from '../../../platform/telemetry/logger.ts';
import type { AlertChannel } from './channel.ts';

type AlertSettings = Pick<
  Settings,
  'alertWebhook' | 'alertWebhookFormat' | 'alertSns' | 'alertSmtp' | 'alertMailFrom' | 'alertMailTo'
>;

export async function openChannels(
  settings: AlertSettings,
  logger: Logger,
): Promise<AlertChannel[]> {
  const { alertWebhook, alertWebhookFormat: format, alertSns, alertSmtp, alertMailTo } = settings;
  const channels: AlertChannel[] = [];
  if (alertWebhook !== null) {
    const { webhookChannel } = await import('./webhook-channel.ts');
    channels.push(webhookChannel({ url: alertWebhook, format, logger }));
  }
  if (alertSns !== null) {
    const { snsChannel } = await import('./sns-channel.ts');
    channels.push(snsChannel(alertSns));
  }
  if ((alertSmtp === null) !== (alertMailTo === null)) {
    const missing = alertSmtp === null ? 'HEADWAY_ALERT_SMTP' : 'HEADWAY_ALERT_MAIL_TO';
    throw new HeadwayError('SETTINGS_INVALID', 'mail needs a server and a recipient', {
      where: missing,
      fix: `Set ${missing} too, or neither.`,
    });
  }
  if (alertSmtp !== null && alertMailTo !== null) {
    const { mailChannel } = await import('./mail-channel.ts');
    const from = settings.alertMailFrom ?? (alertMailTo[0] as string);
    channels.push(mailChannel({ smtp: alertSmtp, from, to: alertMailTo }));
  }
  return channels;
}
