/**
 * Purpose: alerts as a POST to a webhook: a message that Slack, Mattermost and Rocket.Chat show, or
 * a CloudEvent.
 * Invariants: the URL comes from the settings; nothing of it is logged or in an error.
 * Fails: with the HTTP client's error.
 */
import { createHttpClient, reasonOf } from '../../../platform/http/client.ts';
import type { Logger } from '../../../platform/telemetry/logger.ts';
import type { AlertChannel } from './channel.ts';
import { CLOUDEVENT_TYPE, cloudEventOf, slackMessageOf } from './notification.ts';

const TIMEOUT_MS = 10_000;

export function webhookChannel(options: {
  readonly url: string;
  readonly format: 'slack' | 'cloudevents';
  readonly logger: Logger;
}): AlertChannel {
  const { url, format, logger } = options;
  const { axios } = createHttpClient({ logger, timeoutMs: TIMEOUT_MS, retries: 0 });
  const isEvent = format === 'cloudevents';
  return {
    name: 'webhook',
    async send(notification) {
      const body = isEvent ? cloudEventOf(notification) : slackMessageOf(notification);
      const type = isEvent ? CLOUDEVENT_TYPE : 'application/json; charset=utf-8';
      await axios.post(url, JSON.stringify(body), {
        headers: { 'Content-Type': type },
        // A redirected POST would arrive as a GET.
        maxRedirects: 0,
      });
    },
    reasonOf: (error) => reasonOf(error).replaceAll(url, 'the webhook'),
  };
}
