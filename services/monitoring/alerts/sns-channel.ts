/**
 * Purpose: alerts to a topic of Amazon SNS.
 * Invariants: the region is the topic's; credentials come from AWS's own environment.
 * Fails: with the SDK's error.
 */
import { PublishCommand, SNSClient } from '@aws-sdk/client-sns';
import type { AlertChannel } from './channel.ts';

const MAX_SUBJECT = 100;
const TIMEOUT_MS = 10_000;

export function snsChannel(topic: string): AlertChannel {
  const region = topic.split(':')[3] as string;
  const client = new SNSClient({
    region,
    maxAttempts: 2,
    requestHandler: { connectionTimeout: TIMEOUT_MS, requestTimeout: TIMEOUT_MS },
  });
  return {
    name: 'sns',
    async send({ id, kind, title, text }) {
      // SNS takes ASCII alone as a subject, and no control characters.
      const subject = title.replace(/[^\x20-\x7e]/g, '?').slice(0, MAX_SUBJECT);
      const attribute = (value: string) => ({ DataType: 'String', StringValue: value });
      const MessageAttributes = { kind: attribute(kind), id: attribute(id) };
      await client.send(
        new PublishCommand({ TopicArn: topic, Subject: subject, Message: text, MessageAttributes }),
      );
    },
    reasonOf: (error) => (error instanceof Error ? error.name : 'unknown'),
  };
}
