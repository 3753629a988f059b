/**
 * Purpose: an S3 double that kills who asks it: at the n-th moment of a writer, of which every request has two: before anything is done,
 * and when it is done and not yet answered.
 * Invariants: only requests of the writer that was armed last count, until `moments` is asked; others are served.
 * Fails: never.
 */
import { type S3Double, startS3Double } from '../contracts/s3-double.ts';
import type { KilledStore } from './kill-trials.ts';
import { addressOn, openOnDouble } from './s3-stores.ts';

export async function startKillingDouble(folder: string): Promise<KilledStore & { close: S3Double['close'] }> {
  const double = await startS3Double();
  let counted = 0;
  let armed: { kill(): void; dieAt: number } | null = null;
  double.fault = () => {
    if (armed === null) return undefined;
    const [before, after] = [++counted, ++counted];
    if (armed.dieAt !== before && armed.dieAt !== after) return undefined;
    armed.kill();
    return { kind: armed.dieAt === before ? 'hang' : 'lost-reply' };
  };
  return {
    location: addressOn(double),
    store: openOnDouble(double, folder),
    close: double.close,
    arm(kill, dieAt) {
      counted = 0;
      armed = { kill, dieAt };
    },
    moments() {
      armed = null;
      return counted;
    },
  };
}
