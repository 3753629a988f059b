/**
 * Purpose: where runs end that failed, so that none fails in silence: one queue a stack, and an
 * alarm on it in infra/aws/stacks/monitoring-stack.ts.
 * Invariants: messages are encrypted, sent over TLS, and kept for the two weeks that SQS allows.
 * Fails: never.
 */
import { Duration } from 'aws-cdk-lib';
import { Queue, QueueEncryption } from 'aws-cdk-lib/aws-sqs';
import type { Construct } from 'constructs';
import { acknowledge } from '../wildcards.ts';

export function deadLetterQueue(scope: Construct): Queue {
  const queue = new Queue(scope, 'DeadLetters', {
    encryption: QueueEncryption.SQS_MANAGED,
    enforceSSL: true,
    retentionPeriod: Duration.days(14),
  });
  acknowledge(queue, 'AwsSolutions-SQS3', 'This is the dead-letter queue.');
  return queue;
}
