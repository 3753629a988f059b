/**
 * Purpose: prove that a server keeps the promise that the store protocol rests on: a write with
 * "If-None-Match: *" never replaces an object. Some servers accept the header and ignore it; two
 * writers then both report success, and one commit is lost.
 * Invariants: three proofs: a second write to a key is refused, of several writes at once one
 * succeeds, and a multipart upload to a key that exists is refused. The keys are new and removed
 * afterwards, where the credentials allow it. The last proof may fail, with a warning (Ceph 16):
 * parts are used only for objects that are named by their content, and a second upload of one has
 * the same bytes.
 * Fails: STORE_UNAVAILABLE with the server and what it does not do; GaveUp where it cannot be
 * asked.
 */
import { randomUUID } from 'node:crypto';
import { HeadwayError } from '../../platform/errors.ts';
import { sha256 } from '../../platform/files/content-hash.ts';
import { isTaken } from './s3-failure.ts';
import type { S3Requests } from './s3-requests.ts';
import { GaveUp, type RetryPolicy, withRetries } from './s3-retry.ts';

const WRITERS = 4;

export interface ProofOptions {
  readonly policy: RetryPolicy;
  /** Of the keys. */
  readonly prefix: string;
  /** For the error. */
  readonly server: string;
  readonly onWarning: (message: string) => void;
}

export async function proveCondition(
  requests: S3Requests,
  { policy, prefix, server, onWarning }: ProofOptions,
): Promise<void> {
  const [used, raced] = [randomUUID(), randomUUID()].map((name) => `${prefix}probe/${name}`) as [
    string,
    string,
  ];
  /** Whether a write was accepted; a try whose reply was lost counts as refused by the next one. */
  const isAccepted = (key: string): Promise<boolean> => {
    const bytes = Buffer.from(randomUUID());
    const marks = { sha256: sha256(bytes), writer: randomUUID() };
    return accepted(() => withRetries(policy, () => requests.create(key, bytes, marks)));
  };
  try {
    await isAccepted(used);
    if (await isAccepted(used)) throw ignored(server, 'a write to a key that exists');
    const writes = await Promise.all(Array.from({ length: WRITERS }, () => isAccepted(raced)));
    if (writes.filter(Boolean).length > 1) throw ignored(server, 'writes to one key at once');
    if (await accepted(() => uploadTo(requests, policy, used)))
      onWarning(
        `The S3 server ${server} ignores If-None-Match for multipart uploads: an object that is ` +
          'uploaded twice is replaced by the same bytes',
      );
  } finally {
    const remove = (key: string) =>
      withRetries({ ...policy, tries: 1 }, () => requests.remove(key)).catch(() => {});
    await Promise.all([used, raced].map(remove));
  }
}

async function accepted(write: () => Promise<unknown>): Promise<boolean> {
  try {
    await write();
    return true;
  } catch (error) {
    if (error instanceof GaveUp && isTaken(error.failure)) return false;
    throw error;
  }
}

async function uploadTo(requests: S3Requests, policy: RetryPolicy, key: string): Promise<void> {
  const bytes = Buffer.from(randomUUID());
  const hash = sha256(bytes);
  const marks = { sha256: hash, writer: randomUUID() };
  const upload = await withRetries(policy, () => requests.startUpload(key, marks));
  let isWhole = false;
  try {
    const part = await withRetries(policy, () => requests.uploadPart(key, upload, 1, bytes, hash));
    await withRetries(policy, () => requests.endUpload(key, upload, [part]));
    isWhole = true;
  } finally {
    if (!isWhole)
      await withRetries(policy, () => requests.abortUpload(key, upload)).catch(() => {});
  }
}

const ignored = (server: string, what: string) =>
  new HeadwayError(
    'STORE_UNAVAILABLE',
    `The S3 server ${server} accepts If-None-Match and ignores it for ${what}: two writers would ` +
      'overwrite each other',
    {
      where: server,
      fix:
        'Update the server, or use one that is known to pass (docs/store-protocol.md). Nothing ' +
        'was committed.',
    },
  );
