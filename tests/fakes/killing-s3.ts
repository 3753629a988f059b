/**
 * Purpose: an S3 double that kills who asks it: at the n-th moment of a writer, of which every
 * request has two: before anything is done, and when it is done and not yet acknowledged.
 * Invariants: only requests of the writer that was armed last count, until `moments` is asked;
 * others are served.
 * Fails: never.
 */

import type { KilledStore, Moment } from '../fixtures/storage/kill-trials.ts';
import { addressOn, openOnFakeS3 } from '../fixtures/storage/s3-stores.ts';
import { type FakeS3, startFakeS3 } from './fake-s3.ts';

export async function startKillingS3(
  folder: string,
): Promise<KilledStore & { close: FakeS3['close'] }> {
  const double = await startFakeS3();
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
    store: openOnFakeS3(double, folder),
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
