/**
 * Purpose: where notifications go: one channel for each way.
 * Invariants: `send` resolves when the other side has taken the notification; it does not retry,
 * because the queue in the store does.
 * Fails: `send` with the error of its library; `reasonOf` says it in a few words without a secret.
 */
import type { Notification } from './notification.ts';

export interface AlertChannel {
  /** Names it in the queue: "webhook". */
  readonly name: string;
  send(notification: Notification): Promise<void>;
  reasonOf(error: unknown): string;
}
