/**
 * Purpose: `headway alerts list | test`.
 * Invariants: neither writes to the store; a test sends one notification per channel.
 * Fails: USAGE where no channel is set; ALERT_NOT_SENT with the channels that failed.
 */
import Table from 'cli-table3';
import { HeadwayError } from '../../../platform/errors.ts';
import { utcText } from '../../../platform/text/utc-text.ts';
import { testNotification } from '../../../services/monitoring/alerts/notification.ts';
import { openChannels } from '../../../services/monitoring/alerts/open-channels.ts';
import type { CommandContext } from '../../context.ts';

export async function listAlerts(context: CommandContext): Promise<void> {
  const state = await (await context.alerts()).head();
  const { open = [], queue = [] } = state ?? {};
  const table = new Table({
    head: ['since (UTC)', 'alert', 'group', 'severity', 'message'],
    style: { head: [], border: [] },
    wordWrap: true,
    colWidths: [null, null, null, null, 60],
  });
  for (const { since, name, group, severity, message } of open)
    table.push([utcText(since), name, group, severity, message]);
  context.print(open.length === 0 ? 'No open alerts.' : table.toString());
  if (queue.length > 0) context.print(`${queue.length} notifications are waiting to be sent.`);
  context.printJson({ open, queue });
}

export async function testAlerts(context: CommandContext): Promise<void> {
  const { settings, logger, domain, clock } = context;
  const channels = await openChannels(settings, logger);
  if (channels.length === 0) {
    throw new HeadwayError('USAGE', 'no channel for alerts is set', {
      fix: 'Set HEADWAY_ALERT_WEBHOOK, HEADWAY_ALERT_SNS, or HEADWAY_ALERT_SMTP and _MAIL_TO.',
    });
  }
  const results: { channel: string; problem: string | null }[] = [];
  for (const channel of channels) {
    const problem = await channel.send(testNotification(domain.name, clock.now())).then(
      () => null,
      (error: unknown) => channel.reasonOf(error),
    );
    results.push({ channel: channel.name, problem });
    context.print(`${channel.name}: ${problem === null ? 'sent' : `not sent: ${problem}`}`);
  }
  context.printJson({ channels: results });
  const failed = results.filter(({ problem }) => problem !== null);
  if (failed.length === 0) return;
  const names = failed.map(({ channel, problem }) => `${channel} (${problem})`).join(', ');
  throw new HeadwayError('ALERT_NOT_SENT', `the test could not be sent by ${names}`, {
    fix: 'Check the address and the password of the channel, and that this machine reaches it.',
  });
}
