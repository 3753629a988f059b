/**
 * Purpose: stores on the S3 double for tests: no waiting between tries, and faults by chance, the
 * same at every run.
 * Invariants: deterministic but for the order in which requests at once arrive.
 * Fails: never.
 */
import path from 'node:path';
import { seededRandom } from '../../runtime/random.ts';
import { parseS3Address } from '../../storage/s3-address.ts';
import { type S3StoreOptions, s3ObjectStore } from '../../storage/s3-object-store.ts';
import type { S3Double, S3Fault } from '../contracts/s3-double.ts';

// As headway.ts does: the pinned SDK's warning about next year is no news.
process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED = 'true';

export const credentialsOf = ({ accessKey, secretKey }: S3Double) => ({
  accessKeyId: accessKey,
  secretAccessKey: secretKey,
});

export const addressOn = ({ bucket, url }: S3Double, prefix = 'some/prefix') =>
  `s3://${bucket}/${prefix}?endpoint=${url}`;

export function openOnDouble(
  double: S3Double,
  folder: string,
  options: Partial<S3StoreOptions> = {},
) {
  return s3ObjectStore(parseS3Address(addressOn(double)), {
    credentials: credentialsOf(double),
    cache: { folder: path.join(folder, 'cache'), mostBytes: 1e9 },
    retries: { sleep: async () => undefined },
    ...options,
  });
}

const FAULTS: readonly S3Fault[] = [
  { kind: 'lost-reply' },
  { kind: 'cut' },
  { kind: 'truncate' },
  { kind: 'short' },
  { kind: 'slow', ms: 3 },
  { kind: 'status', status: 503, code: 'SlowDown' },
  { kind: 'status', status: 500, code: 'InternalError' },
  { kind: 'status', status: 409, code: 'ConditionalRequestConflict' },
];
const FLIP: S3Fault = { kind: 'flip' };

/** A share of the requests fails, each in one of the ways in which S3 and networks do. */
export function randomFaults(seed: number, share: number): S3Double['fault'] {
  const random = seededRandom(seed);
  return ({ method, query }) => {
    if (random() >= share) return undefined;
    // A turned bit is found where there is a hash to compare: in objects. Lists and errors are XML,
    // which TLS protects.
    const faults = method === 'GET' && !query.has('prefix') ? [...FAULTS, FLIP] : FAULTS;
    return faults[Math.floor(random() * faults.length)];
  };
}
