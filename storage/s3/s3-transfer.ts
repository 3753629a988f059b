/**
 * Purpose: large objects to and from S3 in parts, several at once, without holding them in memory.
 * Invariants: at most `parallel` parts are in memory; a download is handed over only when it has
 * the hash its writer gave it; an upload appears whole or not at all, and one that failed is
 * aborted, so that no paid-for parts stay (a killed writer's do, until the bucket's lifecycle rule
 * clears them: docs/reference.md).
 * Fails: GaveUp with the last failure; STORE_CORRUPT where the bytes are still wrong after three
 * downloads.
 */
import { createHash, randomUUID } from 'node:crypto';
import { open } from 'node:fs/promises';
import { HeadwayError } from '../../platform/errors.ts';
import { sha256 } from '../../platform/files/content-hash.ts';
import { fileHash } from '../../platform/files/file-hash.ts';
import { isTaken } from './s3-failure.ts';
import { brokenOff, type S3Part, type S3Requests, type UploadedPart } from './s3-requests.ts';
import { GaveUp, type RetryPolicy, withRetries } from './s3-retry.ts';

export interface TransferOptions {
  readonly policy: RetryPolicy;
  /** S3 wants at least 5 MiB for all parts but the last. */
  readonly partBytes: number;
  readonly parallel: number;
}

const MAX_PARTS = 10_000;
const DOWNLOADS = 3;

/** Where the parts of a download go. `start` gets the size before the first part. */
export interface Sink {
  start(totalBytes: number): Promise<void> | void;
  write(part: Buffer, position: number): Promise<void> | void;
  /** The SHA-256 of all that was written. */
  hash(): Promise<string> | string;
}

/**
 * @param known the hash that the object must have, where its key says so; else the one its writer
 * left with it counts
 * @returns the hash of what was read
 */
export async function download(
  requests: S3Requests,
  key: string,
  known: string | null,
  sink: Sink,
  options: TransferOptions,
): Promise<string> {
  const { policy, partBytes, parallel } = options;
  const part = async (start: number): Promise<S3Part> =>
    withRetries(policy, async () => {
      const read = await requests.read(key, start, partBytes);
      if (read.bytes.length === Math.min(partBytes, read.totalBytes - start)) return read;
      throw brokenOff();
    });
  for (let downloads = 1; ; downloads++) {
    const first = await part(0);
    await sink.start(first.totalBytes);
    await sink.write(first.bytes, 0);
    const starts = Array.from(
      { length: Math.ceil(first.totalBytes / partBytes) - 1 },
      (_, i) => (i + 1) * partBytes,
    );
    let isOne = true;
    await inParallel(parallel, starts, async (start) => {
      const { bytes, etag, totalBytes } = await part(start);
      isOne &&= etag === first.etag && totalBytes === first.totalBytes;
      if (isOne) await sink.write(bytes, start);
    });
    const hash = await sink.hash();
    if (isOne && hash === (known ?? first.sha256 ?? hash)) return hash;
    if (downloads < DOWNLOADS) continue;
    throw new HeadwayError(
      'STORE_CORRUPT',
      `What S3 returns is not what was stored: its SHA-256 differs, in ${DOWNLOADS} downloads`,
      {
        where: key,
        fix:
          'Restore the object from a backup or an older version of it; `headway store ' +
          'verify` lists everything that is wrong.',
      },
    );
  }
}

export async function downloadBytes(
  requests: S3Requests,
  key: string,
  known: string | null,
  options: TransferOptions,
): Promise<Buffer> {
  let bytes = Buffer.alloc(0);
  const sink: Sink = {
    start: (total) => {
      bytes = Buffer.allocUnsafe(total);
    },
    write: (part, position) => void part.copy(bytes, position),
    hash: () => sha256(bytes),
  };
  await download(requests, key, known, sink, options);
  return bytes;
}

/** Into a new file. What it wrote before it failed stays, for its caller to remove. */
export async function downloadFile(
  requests: S3Requests,
  key: string,
  known: string | null,
  path: string,
  options: TransferOptions,
): Promise<string> {
  const file = await open(path, 'wx', 0o644);
  try {
    const sink: Sink = {
      start: (total) => file.truncate(total),
      write: async (part, position) => {
        for (let at = 0; at < part.length; )
          at += (await file.write(part, at, part.length - at, position + at)).bytesWritten;
      },
      hash: () => fileHash(path),
    };
    return await download(requests, key, known, sink, options);
  } finally {
    await file.close();
  }
}

/** Creates `key` from a local file in parts, unless it exists. */
export async function uploadFile(
  requests: S3Requests,
  key: string,
  path: string,
  options: TransferOptions,
): Promise<void> {
  const { policy, parallel } = options;
  const marks = { sha256: await fileHash(path), writer: randomUUID() };
  const file = await open(path, 'r');
  const upload = await withRetries(policy, () => requests.startUpload(key, marks)).catch(
    async (error) => {
      await file.close();
      throw error;
    },
  );
  let isWhole = false;
  try {
    const { size } = await file.stat();
    const partBytes = Math.max(options.partBytes, Math.ceil(size / MAX_PARTS));
    const parts: UploadedPart[] = [];
    const whole = createHash('sha256');
    let next = 0;
    // Parts are read one after another, so that the file is hashed as it is sent, and sent several
    // at once.
    const readNext = async () => {
      const number = ++next;
      const bytes = Buffer.alloc(Math.min(partBytes, size - (number - 1) * partBytes));
      const { bytesRead } = await file.read(bytes, 0, bytes.length, (number - 1) * partBytes);
      whole.update(bytes.subarray(0, bytesRead));
      return { number, bytes };
    };
    let reading: Promise<unknown> = Promise.resolve();
    await inParallel(parallel, Array.from({ length: Math.ceil(size / partBytes) }), async () => {
      const mine = reading.then(readNext);
      reading = mine.catch(() => undefined);
      const { number, bytes } = await mine;
      const hash = sha256(bytes);
      parts[number - 1] = await withRetries(policy, () =>
        requests.uploadPart(key, upload, number, bytes, hash),
      );
    });
    if (whole.digest('hex') !== marks.sha256) {
      throw new HeadwayError('SOURCE_INVALID', 'A file changed while it was stored', {
        where: path,
        fix: 'Run it again; nothing was stored.',
      });
    }
    await withRetries(policy, () => requests.endUpload(key, upload, parts));
    isWhole = true;
  } catch (error) {
    // A reply that was lost, or another writer: what counts is that the object is there.
    const isThere =
      error instanceof GaveUp &&
      (isTaken(error.failure) || (await isObject(requests, policy, key)));
    if (!isThere) throw error;
  } finally {
    await file.close();
    if (!isWhole)
      await withRetries(policy, () => requests.abortUpload(key, upload)).catch(() => undefined);
  }
}

const isObject = (requests: S3Requests, policy: RetryPolicy, key: string): Promise<boolean> =>
  withRetries(policy, () => requests.head(key)).then(
    (found) => found !== null,
    () => false,
  );

/**
 * Runs `work` on all items, at most `parallel` at a time. After a failure none is begun, and those
 * under way are awaited.
 */
async function inParallel<T>(
  parallel: number,
  items: readonly T[],
  work: (item: T) => Promise<void>,
): Promise<void> {
  let next = 0;
  let failure: { readonly error: unknown } | null = null;
  const worker = async () => {
    while (next < items.length && failure === null) {
      try {
        await work(items[next++] as T);
      } catch (error) {
        failure ??= { error };
      }
    }
  };
  await Promise.all(Array.from({ length: Math.min(parallel, items.length) }, worker));
  if (failure !== null) throw (failure as { error: unknown }).error;
}
