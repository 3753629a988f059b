/**
 * Purpose: alerts arrive at a webhook, at SNS and by mail, over servers on loopback; of two
 * processes one sends; nothing shows an address or a password.
 */
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { SMTPServer } from 'smtp-server';
import { silentLogger } from '../../../../../platform/telemetry/logger.ts';
import type { AlertChannel } from '../../../../../services/monitoring/alerts/channel.ts';
import { mailChannel } from '../../../../../services/monitoring/alerts/mail-channel.ts';
import { testNotification } from '../../../../../services/monitoring/alerts/notification.ts';
import { openChannels } from '../../../../../services/monitoring/alerts/open-channels.ts';
import { raiseAlerts } from '../../../../../services/monitoring/alerts/raise-alerts.ts';
import { snsChannel } from '../../../../../services/monitoring/alerts/sns-channel.ts';
import { webhookChannel } from '../../../../../services/monitoring/alerts/webhook-channel.ts';
import { type AlertLog, openAlertLog } from '../../../../../storage/alerts/alert-log.ts';
import { memoryObjectStore } from '../../../../fakes/memory-object-store.ts';
import { HOUR, NOW } from '../../../../fixtures/monitoring.ts';

process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED = 'true';

interface Received {
  readonly path: string;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
}
let received: Received[];
let server: Server;
let url: string;
let status: number;
let reply: string;
let failures: string[];
beforeEach(async () => {
  [received, status, reply, failures] = [[], 200, 'ok', []];
  server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const body = Buffer.concat(chunks).toString();
    received.push({ path: request.url ?? '', headers: request.headers, body });
    response.writeHead(status, { location: 'http://127.0.0.1:1/elsewhere' }).end(reply);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterEach(() => new Promise<unknown>((resolve) => server.close(resolve)));

const conditions = [
  {
    ...{ name: 'level', group: 'all', severity: 'ticket' as const, since: NOW - HOUR },
    message: 'twice <the> usual & more\u001b[31m\nSeries: a.',
  },
];
const request = (log: AlertLog, channels: readonly AlertChannel[], now = NOW) => ({
  ...{ now, domain: 'demo', log, channels, quietHours: null, conditions, decisions: [] },
  onFailure: (channel: string, reason: string) => void failures.push(`${channel}: ${reason}`),
});
const openLog = () => openAlertLog({ store: memoryObjectStore(), domain: 'demo' });
const webhook = (format: 'slack' | 'cloudevents' = 'slack') =>
  webhookChannel({ url: `${url}/services/SECRET`, format, logger: silentLogger });

test('sends a Slack message to a webhook', async () => {
  expect(await raiseAlerts(request(openLog(), [webhook()]))).toEqual({ sent: 1, failed: 0 });
  expect(received).toHaveLength(1);
  expect(received[0]).toMatchObject({
    path: '/services/SECRET',
    headers: { 'content-type': 'application/json; charset=utf-8' },
  });
  expect(JSON.parse(received[0]?.body ?? '')).toEqual({
    text:
      'Headway demo: level\n- level, since 2024-05-31T23:00:00.000Z: twice &lt;the&gt; usual ' +
      '&amp; more\\u001b[31m Series: a.',
  });
});

test('sends a CloudEvent to a webhook', async () => {
  await raiseAlerts(request(openLog(), [webhook('cloudevents')]));
  expect(received[0]?.headers['content-type']).toBe('application/cloudevents+json; charset=utf-8');
  expect(JSON.parse(received[0]?.body ?? '')).toMatchObject({
    specversion: '1.0',
    id: expect.stringMatching(/^[0-9a-f]{24}$/),
    source: '/headway/demo',
    type: 'headway.alert.opened',
    subject: 'level',
    time: new Date(NOW).toISOString(),
    data: { domain: 'demo', alerts: [{ name: 'level', severity: 'ticket' }] },
  });
});

test('one of many concurrent processes sends, and none sends again', async () => {
  const log = openLog();
  const all = Array.from({ length: 5 }, () => raiseAlerts(request(log, [webhook()])));
  await Promise.all(all);
  await raiseAlerts(request(log, [webhook()], NOW + HOUR));
  expect(received).toHaveLength(1);
});

test('names a failed channel without its address, retries it, and delays no other', async () => {
  const log = openLog();
  const sent: string[] = [];
  const other: AlertChannel = {
    name: 'other',
    send: async ({ title }) => void sent.push(title),
    reasonOf: () => '',
  };
  status = 403;
  const first = request(log, [webhook(), other]);
  expect(await raiseAlerts(first)).toEqual({ sent: 1, failed: 1 });
  expect([failures, sent]).toEqual([['webhook: HTTP 403'], ['Headway demo: level']]);
  status = 302; // a redirect is not followed
  const second = request(log, [webhook(), other], NOW + HOUR);
  expect(await raiseAlerts(second)).toEqual({ sent: 0, failed: 1 });
  status = 200;
  expect(await raiseAlerts(request(log, [webhook(), other], NOW + 2 * HOUR))).toEqual({
    sent: 1,
    failed: 0,
  });
  expect(JSON.stringify(await log.head())).not.toContain('SECRET');
  const gone = webhookChannel({
    url: 'http://127.0.0.1:1/SECRET',
    format: 'slack',
    logger: silentLogger,
  });
  const error = await gone.send(testNotification('demo', NOW)).catch((thrown: unknown) => thrown);
  expect(gone.reasonOf(error)).toBe('ECONNREFUSED');
});

test('sends subject and text to SNS with the settings of the AWS environment', async () => {
  const before = { ...process.env };
  Object.assign(process.env, {
    AWS_ACCESS_KEY_ID: 'key',
    AWS_SECRET_ACCESS_KEY: 'secret',
    AWS_ENDPOINT_URL_SNS: url,
  });
  reply =
    '<PublishResponse xmlns="http://sns.amazonaws.com/doc/2010-03-31/"><PublishResult>' +
    '<MessageId>1</MessageId></PublishResult></PublishResponse>';
  try {
    const topic = 'arn:aws:sns:eu-west-1:123456789012:alerts';
    await snsChannel(topic).send(testNotification('demo', NOW));
    const form = new URLSearchParams(received[0]?.body);
    expect(Object.fromEntries(form)).toMatchObject({
      ...{ Action: 'Publish', TopicArn: topic, Subject: 'Headway demo: Test: test' },
      'MessageAttributes.entry.1.Name': 'kind',
    });
    expect(form.get('Message')).toContain('Alerts of this domain arrive here.');
    expect(received[0]?.headers.authorization).toContain('/eu-west-1/sns/');
    status = 403;
    const error = await snsChannel(topic)
      .send(testNotification('demo', NOW))
      .catch((e) => e);
    expect(snsChannel(topic).reasonOf(error)).not.toContain('arn:');
  } finally {
    process.env = before;
  }
});

test('sends mail, but no password in clear text', async () => {
  const mails: string[] = [];
  const smtp = new SMTPServer({
    authOptional: true,
    disabledCommands: ['STARTTLS'],
    allowInsecureAuth: true,
    onData(stream, session, done) {
      const chunks: Buffer[] = [];
      stream.on('data', (chunk: Buffer) => chunks.push(chunk));
      stream.on('end', () => {
        const { mailFrom, rcptTo } = session.envelope;
        const to = rcptTo.map(({ address }) => address).join();
        mails.push(`${mailFrom ? mailFrom.address : ''} ${to}\n${Buffer.concat(chunks)}`);
        done();
      });
    },
  });
  await new Promise<void>((resolve) => smtp.listen(0, '127.0.0.1', () => resolve()));
  const { port } = smtp.server.address() as AddressInfo;
  const to = ['a@example.org', 'b@example.org'];
  const addressed = { from: 'headway@example.org', to };
  try {
    const plain = mailChannel({ smtp: `smtp://127.0.0.1:${port}`, ...addressed });
    await raiseAlerts(request(openLog(), [plain]));
    expect(mails[0]).toMatch(/^headway@example.org a@example.org,b@example.org\n/);
    expect(mails[0]).toContain('Subject: Headway demo: level\r\n');
    const login = mailChannel({ smtp: `smtp://user:PASS%WORD@127.0.0.1:${port}`, ...addressed });
    const error = await login
      .send(testNotification('demo', NOW))
      .catch((thrown: unknown) => thrown);
    expect(login.reasonOf(error)).toBe('ETLS');
    expect(mails).toHaveLength(1);
  } finally {
    await new Promise<void>((resolve) => smtp.close(() => resolve()));
  }
});

test('opens the channels of the settings; mail needs a server and a recipient', async () => {
  const none = {
    ...{ alertWebhook: null, alertWebhookFormat: 'slack' as const, alertSns: null },
    ...{ alertSmtp: null, alertMailFrom: null, alertMailTo: null },
  };
  expect(await openChannels(none, silentLogger)).toEqual([]);
  const all = {
    ...{ ...none, alertWebhook: url, alertSns: 'arn:aws:sns:eu-west-1:123456789012:alerts' },
    ...{ alertSmtp: 'smtps://mail.example.org', alertMailTo: ['a@example.org'] },
  };
  const names = (await openChannels(all, silentLogger)).map(({ name }) => name);
  expect(names).toEqual(['webhook', 'sns', 'mail']);
  await expect(openChannels({ ...all, alertMailTo: null }, silentLogger)).rejects.toMatchObject({
    code: 'SETTINGS_INVALID',
    where: 'HEADWAY_ALERT_MAIL_TO',
  });
});
