/**
 * Purpose: an S3 double that kills who asks it: at the n-th moment of a writer, of which every
 * request has two: before anything is done, and when it is done and not yet answered.
 * Invariants: only requests of the writer that was armed last count, until `moments` is asked;
 * others are served.
 * Fails: never.
 */

import type { KilledStore, Moment } from '../fixtures/storage/kill-trials.ts';
import { addressOn, openOnDouble } from '../fixtures/storage/s3-stores.ts';
import { type S3Double, startS3Double } from './fake-s3.ts';

export async function startKillingDouble(
  folder: string,
): Promise<KilledStore & { close: S3Double['close'] }> {
  const double = await startS3Double();
  let calls = 0;
  let writes = 0;
  let armed: { kill(): void; dieAt: Moment } | null = null;
  double.fault = ({ method }) => {
    if (armed === null) return undefined;
    const [before, after] = [++calls, ++calls];
    if (method === 'PUT') writes++;
    const isNow = (moment: number, n: number) =>
      armed?.dieAt === moment || (method === 'PUT' && armed?.dieAt === `${writes}+${n}`);
    if (!isNow(before, 0) && !isNow(after, 1)) return undefined;
    const kind = isNow(before, 0) ? 'hang' : 'lost-reply';
    armed.kill();
    return { kind };
  };
  return {
    location: addressOn(double),
    store: openOnDouble(double, folder),
    close: double.close,
    arm(kill, dieAt) {
      [calls, writes] = [0, 0];
      armed = { kill, dieAt };
    },
    moments() {
      armed = null;
      return { calls, writes };
    },
  };
}
