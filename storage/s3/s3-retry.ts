/**
 * Purpose: tries a request to S3 again where that may help, the same way for all of them: also
 * where the body of a response broke off, which the SDK's own retries never see, and for 409, which
 * they do not try again. The SDK's are therefore off.
 * Invariants: waits are drawn from [0, base × 2^n) with an upper bound ("full jitter", M. Brooker,
 * AWS Architecture Blog 2015), so that writers that failed together do not come back together; the
 * number of tries and their time in total are bounded. A try that is given up may still take effect
 * at the server, as one whose reply was lost.
 * Fails: with the S3Failure of the last try, wrapped as GaveUp.
 */
import { randomUUID } from 'node:crypto';
import { isHeadwayError } from '../../platform/errors.ts';
import { seededRandom, seedFrom } from '../../platform/random.ts';
import { countdown, type Sleep, sleep, withTimeout } from '../../platform/timers.ts';
import { failureOf, mayPass, type S3Failure } from './s3-failure.ts';

export interface RetryPolicy {
  readonly tries: number;
  readonly firstDelayMs: number;
  readonly maxDelayMs: number;
  readonly sleep: Sleep;
  /** Limit of all tries and the waits between them. */
  readonly totalMs: number;
  /** A try failed, and the request has taken SLOW_MS or longer: for the log. */
  readonly onSlow: (failure: S3Failure) => void;
}

const SLOW_MS = 2000;

/** At most about 13 seconds of waiting between tries, half of that on average. */
export const retryPolicy: RetryPolicy = {
  tries: 8,
  firstDelayMs: 100,
  maxDelayMs: 10_000,
  sleep,
  totalMs: 60_000,
  onSlow: () => {},
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
  const leftMs = countdown(policy.totalMs);
  for (let tries = 1; ; tries++) {
    try {
      return await endingIn(leftMs(), request());
    } catch (error) {
      if (isHeadwayError(error)) throw error;
      const failure = failureOf(error);
      if (tries >= policy.tries || !mayPass(failure) || leftMs() === 0)
        throw new GaveUp(failure, tries);
      if (policy.totalMs - leftMs() >= SLOW_MS) policy.onSlow(failure);
      const delayMs =
        jitter() * Math.min(policy.maxDelayMs, policy.firstDelayMs * 2 ** (tries - 1));
      await policy.sleep(Math.min(delayMs, leftMs()));
    }
  }
}

async function endingIn<T>(ms: number, attempt: Promise<T>): Promise<T> {
  if (await withTimeout(ms, attempt)) return attempt;
  attempt.catch(() => {}); // it ends by its own limit
  throw Object.assign(new Error(`no reply in ${ms} ms`), { name: 'TimeoutError' });
}
