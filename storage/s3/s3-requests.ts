/**
 * Purpose: the few requests to S3 that the store is made of, on the AWS SDK: each is one try, on
 * one key.
 * Invariants: the SDK is loaded with the first request, so that nobody else pays for it; bodies are
 * bytes whose hash is known before they are sent, so that the server can refuse what the way has
 * changed, and no server needs to know streamed trailers; a response is read to its end here,
 * inside one time-out, and never beyond what was asked for.
 * Fails: with the SDK's errors, for s3-failure.ts to judge; a 404 on HEAD is null.
 */
import type { Readable } from 'node:stream';
import type { PutObjectCommandInput, S3Client } from '@aws-sdk/client-s3';
import type { S3Address } from './s3-address.ts';
import { failureOf, isMissing } from './s3-failure.ts';

export interface S3Options {
  /** Instead of AWS's own places. */
  readonly credentials?: {
    readonly accessKeyId: string;
    readonly secretAccessKey: string;
    readonly sessionToken?: string;
  };
  readonly connectionTimeoutMs?: number;
  /** For a whole request, with what it sends and what it gets: at most some megabytes. */
  readonly requestTimeoutMs?: number;
  /** A connection without any bytes for this long is given up, so that another try may help. */
  readonly idleTimeoutMs?: number;
}

/**
 * What travels with an object: the hash of the whole of it, and who wrote it, by which a writer
 * knows its own.
 */
export interface S3Marks {
  readonly sha256: string;
  readonly writer: string;
}

export interface S3Part {
  readonly bytes: Buffer;
  /** Of the whole object. */
  readonly totalBytes: number;
  readonly etag: string | null;
  /** null: written by somebody else than Headway. */
  readonly sha256: string | null;
}

export interface S3Listed {
  readonly key: string;
  readonly bytes: number;
  readonly writtenAt: number;
}

export interface S3Page {
  readonly objects: readonly S3Listed[];
  /** Where the next page begins; null on the last one. */
  readonly continuation: string | null;
}

export interface UploadedPart {
  readonly number: number;
  readonly etag: string;
  readonly sha256: string;
}

export interface S3Requests {
  head(key: string): Promise<{
    readonly bytes: number;
    readonly sha256: string | null;
    readonly writer: string | null;
  } | null>;
  /** Up to `length` bytes from `start`. */
  read(key: string, start: number, length: number): Promise<S3Part>;
  /** Refused with 412 where the key exists. */
  create(key: string, bytes: Uint8Array, marks: S3Marks): Promise<void>;
  /**
   * From `continuation` of the page before, on the first one from what comes after the key `after`.
   */
  list(prefix: string, after: string | null, continuation: string | null): Promise<S3Page>;
  remove(key: string): Promise<void>;
  startUpload(key: string, marks: S3Marks): Promise<string>;
  uploadPart(
    key: string,
    upload: string,
    number: number,
    bytes: Uint8Array,
    sha256: string,
  ): Promise<UploadedPart>;
  /** Refused with 412 where the key exists. */
  endUpload(key: string, upload: string, parts: readonly UploadedPart[]): Promise<void>;
  abortUpload(key: string, upload: string): Promise<void>;
}

const CONNECTION_TIMEOUT_MS = 5_000;
/** A part of 8 MiB next to three others takes this long at 5 Mbit/s. */
const REQUEST_TIMEOUT_MS = 60_000;
const IDLE_TIMEOUT_MS = 20_000;

const base64 = (hex: string): string => Buffer.from(hex, 'hex').toString('base64');
const hashIn = (metadata: Record<string, string> | undefined): string | null =>
  /^[0-9a-f]{64}$/.test(metadata?.sha256 ?? '') ? (metadata?.sha256 as string) : null;

interface Connection {
  readonly Bucket: string;
  readonly encrypted: Pick<PutObjectCommandInput, 'ServerSideEncryption' | 'SSEKMSKeyId'>;
  open(): ReturnType<typeof load>;
  limit(): { readonly abortSignal: AbortSignal };
}

/** @param address keys are used as they are: the prefix is the store's business. */
export function s3Requests(address: S3Address, options: S3Options = {}): S3Requests {
  const { bucket: Bucket, encryption, kmsKey } = address;
  let loaded: ReturnType<typeof load> | undefined;
  const connection: Connection = {
    Bucket,
    encrypted: {
      ...(encryption ? { ServerSideEncryption: encryption } : {}),
      ...(kmsKey ? { SSEKMSKeyId: kmsKey } : {}),
    },
    open: () => {
      loaded ??= load(address, options);
      return loaded;
    },
    // The handler's own time-outs end with the first byte of the response; a body that trickles
    // must end too.
    limit: () => ({
      abortSignal: AbortSignal.timeout(options.requestTimeoutMs ?? REQUEST_TIMEOUT_MS),
    }),
  };
  return {
    ...objectRequests(connection),
    ...listRequest(connection),
    ...uploadRequests(connection),
  };
}

function objectRequests({
  Bucket,
  encrypted,
  open,
  limit,
}: Connection): Pick<S3Requests, 'head' | 'read' | 'create' | 'remove'> {
  return {
    async head(Key) {
      const { sdk, client } = await open();
      try {
        const { ContentLength = 0, Metadata } = await client.send(
          new sdk.HeadObjectCommand({ Bucket, Key }),
          limit(),
        );
        return { bytes: ContentLength, sha256: hashIn(Metadata), writer: Metadata?.writer ?? null };
      } catch (error) {
        if (isMissing(failureOf(error))) return null;
        throw error;
      }
    },
    async read(Key, start, length) {
      const { sdk, client } = await open();
      const get = async (Range?: string) => {
        const command = new sdk.GetObjectCommand({ Bucket, Key, ...(Range ? { Range } : {}) });
        const { Body, ContentRange, ContentLength, ETag, Metadata } = await client.send(
          command,
          limit(),
        );
        const bytes = await readToEnd(Body as Readable, ContentLength, length);
        const totalBytes =
          ContentRange === undefined
            ? bytes.length
            : Number(/\/(\d+)$/.exec(ContentRange)?.[1] ?? Number.NaN);
        return { bytes, totalBytes, etag: ETag ?? null, sha256: hashIn(Metadata) };
      };
      try {
        return await get(`bytes=${start}-${start + length - 1}`);
      } catch (error) {
        // An empty object has no first byte.
        if (start === 0 && failureOf(error).status === 416) return get();
        throw error;
      }
    },
    async create(Key, Body, { sha256, writer }) {
      const { sdk, client } = await open();
      const content = {
        Body,
        ContentLength: Body.length,
        ChecksumSHA256: base64(sha256),
        Metadata: { sha256, writer },
      };
      await client.send(
        new sdk.PutObjectCommand({ Bucket, Key, IfNoneMatch: '*', ...content, ...encrypted }),
        limit(),
      );
    },
    async remove(Key) {
      const { sdk, client } = await open();
      await client.send(new sdk.DeleteObjectCommand({ Bucket, Key }), limit());
    },
  };
}

function listRequest({ Bucket, open, limit }: Connection): Pick<S3Requests, 'list'> {
  return {
    async list(Prefix, after, continuation) {
      const { sdk, client } = await open();
      const from = {
        ...(after === null ? {} : { StartAfter: after }),
        ...(continuation === null ? {} : { ContinuationToken: continuation }),
      };
      // Names of others may hold what XML cannot.
      const command = new sdk.ListObjectsV2Command({
        Bucket,
        Prefix,
        EncodingType: 'url',
        ...from,
      });
      const {
        Contents = [],
        IsTruncated,
        NextContinuationToken,
      } = await client.send(command, limit());
      const objects = Contents.flatMap(({ Key = '', Size = 0, LastModified }) => {
        const key = decoded(Key);
        return key === null ? [] : [{ key, bytes: Size, writtenAt: LastModified?.getTime() ?? 0 }];
      });
      // An empty response would read as an empty store.
      if (IsTruncated === undefined || (IsTruncated && !NextContinuationToken)) throw brokenOff();
      return {
        objects,
        continuation: NextContinuationToken && IsTruncated ? NextContinuationToken : null,
      };
    },
  };
}

function uploadRequests({
  Bucket,
  encrypted,
  open,
  limit,
}: Connection): Pick<S3Requests, 'startUpload' | 'uploadPart' | 'endUpload' | 'abortUpload'> {
  return {
    async startUpload(Key, { sha256, writer }) {
      const { sdk, client } = await open();
      const content = { ChecksumAlgorithm: 'SHA256', Metadata: { sha256, writer } } as const;
      const { UploadId } = await client.send(
        new sdk.CreateMultipartUploadCommand({ Bucket, Key, ...content, ...encrypted }),
        limit(),
      );
      if (!UploadId) throw brokenOff();
      return UploadId;
    },
    async uploadPart(Key, UploadId, PartNumber, Body, sha256) {
      const { sdk, client } = await open();
      const content = { Body, ContentLength: Body.length, ChecksumSHA256: base64(sha256) };
      const { ETag = '' } = await client.send(
        new sdk.UploadPartCommand({ Bucket, Key, UploadId, PartNumber, ...content }),
        limit(),
      );
      return { number: PartNumber, etag: ETag, sha256 };
    },
    async endUpload(Key, UploadId, parts) {
      const { sdk, client } = await open();
      const Parts = parts.map(({ number, etag, sha256 }) => ({
        PartNumber: number,
        ETag: etag,
        ChecksumSHA256: base64(sha256),
      }));
      const content = { UploadId, MultipartUpload: { Parts }, IfNoneMatch: '*' };
      await client.send(
        new sdk.CompleteMultipartUploadCommand({ Bucket, Key, ...content }),
        limit(),
      );
    },
    async abortUpload(Key, UploadId) {
      const { sdk, client } = await open();
      await client.send(new sdk.AbortMultipartUploadCommand({ Bucket, Key, UploadId }), limit());
    },
  };
}

async function load(address: S3Address, options: S3Options) {
  const sdk = await import('@aws-sdk/client-s3');
  const { region, endpoint, pathStyle } = address;
  const client: S3Client = new sdk.S3Client({
    ...(region === null ? {} : { region }),
    ...(endpoint === null ? {} : { endpoint }),
    ...(options.credentials ? { credentials: { ...options.credentials } } : {}),
    forcePathStyle: pathStyle,
    // s3-retry.ts tries again; a bucket elsewhere is an error that says where.
    maxAttempts: 1,
    followRegionRedirects: false,
    // We send SHA-256 ourselves, and check what comes by it.
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
    expectContinueHeader: false,
    requestHandler: {
      connectionTimeout: options.connectionTimeoutMs ?? CONNECTION_TIMEOUT_MS,
      socketTimeout: options.idleTimeoutMs ?? IDLE_TIMEOUT_MS,
    },
  });
  return { sdk, client };
}

/** All of a body, if it is as long as the response says and no longer than `most`. */
async function readToEnd(
  body: Readable,
  announced: number | undefined,
  most: number,
): Promise<Buffer> {
  const blocks: Buffer[] = [];
  let length = 0;
  for await (const block of body) {
    length += (block as Buffer).length;
    if (length > most) break; // which ends the connection
    blocks.push(block as Buffer);
  }
  if (length <= most && (announced === undefined || announced === length))
    return Buffer.concat(blocks, length);
  throw brokenOff();
}

/** Another try may help. */
export const brokenOff = (): Error =>
  Object.assign(new Error('The response is incomplete'), { name: 'IncompleteBody' });

function decoded(key: string): string | null {
  try {
    return decodeURIComponent(key);
  } catch {
    return null;
  }
}
