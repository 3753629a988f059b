/**
 * Purpose: tries a request to S3 again where that may help, the same way for all of them: also
 * where the body of an answer broke off, which the SDK's own retries never see, and for 409, which
 * they do not try again. The SDK's are therefore off.
 * Invariants: waits are drawn from [0, base × 2^n) with an upper bound ("full jitter", M. Brooker,
 * AWS Architecture Blog 2015), so that writers that failed together do not come back together; the
 * number of tries is bounded.
 * Fails: with the S3Failure of the last try, wrapped as GaveUp.
 */
import { randomUUID } from 'node:crypto';
import { isHeadwayError } from '../../platform/errors.ts';
import { seededRandom, seedFrom } from '../../platform/random.ts';
import { type Sleep, sleep } from '../../platform/timers.ts';
import { failureOf, mayPass, type S3Failure } from './s3-failure.ts';

export interface RetryPolicy {
  readonly tries: number;
  readonly firstDelayMs: number;
  readonly maxDelayMs: number;
  readonly sleep: Sleep;
}

/** At most about 13 seconds of waiting, half of that on average. */
export const retryPolicy: RetryPolicy = {
  tries: 8,
  firstDelayMs: 100,
  maxDelayMs: 10_000,
  sleep,
};

export class GaveUp extends Error {
  readonly failure: S3Failure;
  readonly tries: number;
  constructor(failure: S3Failure, tries: number) {
    super(failure.name);
    this.failure = failure;
    this.tries = tries;
  }
}

/**
 * Draws that no other process shares: jitter is the one thing here that must differ from run to
 * run.
 */
const jitter = seededRandom(seedFrom(randomUUID()));

export async function withRetries<T>(policy: RetryPolicy, request: () => Promise<T>): Promise<T> {
  for (let tries = 1; ; tries++) {
    try {
      return await request();
    } catch (error) {
      if (isHeadwayError(error)) throw error;
      const failure = failureOf(error);
      if (tries >= policy.tries || !mayPass(failure)) throw new GaveUp(failure, tries);
      await policy.sleep(
        jitter() * Math.min(policy.maxDelayMs, policy.firstDelayMs * 2 ** (tries - 1)),
      );
    }
  }
}
