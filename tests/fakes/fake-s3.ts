/**
 * Purpose: a small S3 server for tests, on loopback: what Headway's store asks of S3, as S3
 * responds, and able to fail on purpose.
 * Invariants: one bucket, path style; objects appear whole; "If-None-Match: *" is judged in the
 * instant of the write; bodies are checked against every SHA-256 that is sent with them. `fault` is
 * asked for each request: 'before' kinds leave nothing done, 'after' kinds have done it. Signatures
 * are not verified, the access key is.
 * Fails: with S3's own codes as XML.
 */
import { createHash, randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface FakeS3Request {
  readonly method: string;
  /** Without the bucket. */
  readonly key: string;
  readonly query: URLSearchParams;
  readonly headers: IncomingMessage['headers'];
  readonly body: Buffer;
  /** 1, 2, 3 … over all requests. */
  readonly number: number;
}

export type S3Fault =
  /** An error instead of the work. */
  | {
      readonly kind: 'status';
      readonly status: number;
      readonly code: string;
      readonly headers?: Record<string, string> /** More elements of the error. */;
      readonly xml?: string;
    }
  /** The connection ends: with nothing done, or when all is done and before the response. */
  | { readonly kind: 'cut' | 'lost-reply' }
  /** No response, ever. */
  | { readonly kind: 'hang' }
  | { readonly kind: 'slow'; readonly ms: number }
  /** The response's body: ends in its middle; is half as long and says so; has one bit turned. */
  | { readonly kind: 'truncate' | 'short' | 'flip' };

export interface FakeS3Object {
  readonly bytes: Buffer;
  readonly etag: string;
  readonly writtenAt: number;
  /** x-amz-meta-* and encryption headers, as they were sent. */
  readonly headers: Record<string, string>;
}

export interface FakeS3 {
  readonly url: string;
  readonly bucket: string;
  readonly accessKey: string;
  readonly secretKey: string;
  readonly objects: Map<string, FakeS3Object>;
  /** Multipart uploads that were neither ended nor aborted. */
  readonly uploads: Map<
    string,
    { key: string; headers: Record<string, string>; parts: Map<number, Buffer> }
  >;
  /** Every request so far, for tests that ask how the store behaved. */
  readonly requests: FakeS3Request[];
  fault: (request: FakeS3Request) => S3Fault | undefined;
  close(): Promise<void>;
}

export interface FakeS3Options {
  /** Keys in one page of a list, at most. */
  readonly pageSize?: number;
  /** Of multipart uploads, but for the last part. S3's is 5 MiB. */
  readonly smallestPartBytes?: number;
  /** Which writes with "If-None-Match: *" replace an object all the same, as on some servers. */
  readonly ignoresCondition?: 'always' | 'multipart' | 'at once';
}

interface Reply {
  readonly status: number;
  readonly headers?: Record<string, string>;
  readonly body?: Buffer | string;
}

class S3Error extends Error {
  readonly status: number;
  readonly code: string;
  readonly headers: Record<string, string>;
  readonly xml: string;
  constructor(
    status: number,
    code: string,
    headers: Record<string, string> = {},
    more = '<Message>made by the double</Message>',
  ) {
    super(code);
    [this.status, this.code, this.headers, this.xml] = [status, code, headers, more];
  }
}

const md5 = (bytes: Buffer) => createHash('md5').update(bytes).digest('hex');
const sha256 = (bytes: Buffer, as: 'hex' | 'base64') =>
  createHash('sha256').update(bytes).digest(as);
const xml = (root: string, content: string) =>
  `<?xml version="1.0" encoding="UTF-8"?>\n<${root} xmlns="http://s3.amazonaws.com/doc/2006-03-01/">${content}</${root}>`;
const errorXml = ({ code, xml: more }: S3Error) =>
  `<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>${code}</Code>${more}<RequestId>R</RequestId></Error>`;

export async function startFakeS3(options: FakeS3Options = {}): Promise<FakeS3> {
  const { pageSize = 1000, smallestPartBytes = 0, ignoresCondition } = options;
  const bucket = 'headway-test';
  const [accessKey, secretKey] = ['double-access-key', 'double-secret-key'];
  const objects: FakeS3['objects'] = new Map();
  const uploads: FakeS3['uploads'] = new Map();

  const find = (key: string): FakeS3Object => {
    const object = objects.get(key);
    if (!object) throw new S3Error(404, 'NoSuchKey');
    return object;
  };
  /** Writes that looked for the object, found none, and write a moment later. */
  const lateWrites = new WeakSet<FakeS3Request>();
  const write = (
    request: FakeS3Request,
    bytes: Buffer,
    kept: Record<string, string>,
    etag: string,
  ): Reply => {
    const { key, headers, query } = request;
    const isIgnored =
      ignoresCondition === 'always' ||
      (ignoresCondition === 'multipart' && query.has('uploadId')) ||
      lateWrites.has(request);
    if (headers['if-none-match'] === '*' && !isIgnored && objects.has(key))
      throw new S3Error(412, 'PreconditionFailed');
    objects.set(key, { bytes, etag, writtenAt: Date.now(), headers: kept });
    return { status: 200, headers: { etag } };
  };

  function read({ key, headers, method }: FakeS3Request): Reply {
    const { bytes, etag, writtenAt, headers: kept } = find(key);
    const common = { ...kept, etag, 'last-modified': new Date(writtenAt).toUTCString() };
    const range = /^bytes=(\d+)-(\d*)$/.exec(headers.range ?? '');
    if (method === 'HEAD')
      return { status: 200, headers: { ...common, 'content-length': String(bytes.length) } };
    if (range === null) return { status: 200, headers: common, body: bytes };
    const start = Number(range[1]);
    const end = Math.min(
      range[2] === '' ? Number.POSITIVE_INFINITY : Number(range[2]),
      bytes.length - 1,
    );
    if (start > end) throw new S3Error(416, 'InvalidRange');
    const content = { 'content-range': `bytes ${start}-${end}/${bytes.length}` };
    return {
      status: 206,
      headers: { ...common, ...content },
      body: bytes.subarray(start, end + 1),
    };
  }

  function list(query: URLSearchParams): Reply {
    const encode =
      query.get('encoding-type') === 'url'
        ? (key: string) => encodeURIComponent(key).replaceAll('%2F', '/')
        : escapeXml;
    const token = query.get('continuation-token');
    const after =
      token === null ? (query.get('start-after') ?? '') : Buffer.from(token, 'base64').toString();
    const inOrder = [...objects.keys()].sort((a, b) =>
      Buffer.compare(Buffer.from(a), Buffer.from(b)),
    );
    const keys = inOrder.filter(
      (key) => key.startsWith(query.get('prefix') ?? '') && (after === '' || key > after),
    );
    const page = keys.slice(0, Math.min(pageSize, Number(query.get('max-keys') ?? 1000)));
    const more = page.length < keys.length;
    const contents = page.map((key) => {
      const { bytes, etag, writtenAt } = find(key);
      const time = new Date(writtenAt).toISOString();
      const fields = `<Key>${encode(key)}</Key><LastModified>${time}</LastModified>`;
      return `<Contents>${fields}<ETag>${escapeXml(etag)}</ETag><Size>${bytes.length}</Size></Contents>`;
    });
    const next = more
      ? `<NextContinuationToken>${Buffer.from(page.at(-1) as string).toString('base64')}</NextContinuationToken>`
      : '';
    const counts = `<KeyCount>${page.length}</KeyCount><IsTruncated>${more}</IsTruncated>`;
    const head = `<Name>${bucket}</Name>${counts}${next}`;
    return { status: 200, body: xml('ListBucketResult', head + contents.join('')) };
  }

  function multipart(request: FakeS3Request): Reply {
    const { method, key, query, headers, body } = request;
    if (method === 'POST' && query.has('uploads')) {
      const id = randomUUID();
      uploads.set(id, { key, headers: cachedHeaders(headers), parts: new Map() });
      return {
        status: 200,
        body: xml(
          'InitiateMultipartUploadResult',
          `<Key>${escapeXml(key)}</Key><UploadId>${id}</UploadId>`,
        ),
      };
    }
    const id = query.get('uploadId') ?? '';
    const upload = uploads.get(id);
    if (!upload || upload.key !== key) throw new S3Error(404, 'NoSuchUpload');
    if (method === 'DELETE') {
      uploads.delete(id);
      return { status: 204 };
    }
    if (method === 'PUT') {
      const bytes = payload(request);
      upload.parts.set(Number(query.get('partNumber')), bytes);
      return { status: 200, headers: { etag: `"${md5(bytes)}"` } };
    }
    const named = [...body.toString().matchAll(/<Part>(.*?)<\/Part>/gs)].map(([, part = '']) => ({
      number: Number(/<PartNumber>(\d+)</.exec(part)?.[1]),
      etag: /<ETag>(.*?)</.exec(part)?.[1]?.replaceAll('&quot;', '"'),
      hash: /<ChecksumSHA256>(.*?)</.exec(part)?.[1],
    }));
    const parts = named.map(({ number, etag, hash }, i) => {
      const bytes = upload.parts.get(number);
      const wrong =
        !bytes ||
        etag !== `"${md5(bytes)}"` ||
        (hash !== undefined && hash !== sha256(bytes, 'base64'));
      if (wrong || number !== i + 1) throw new S3Error(400, 'InvalidPart');
      if (i < named.length - 1 && bytes.length < smallestPartBytes)
        throw new S3Error(400, 'EntityTooSmall');
      return bytes;
    });
    const digests = parts.map((part) => createHash('md5').update(part).digest());
    const etag = `"${md5(Buffer.concat(digests))}-${parts.length}"`;
    write(request, Buffer.concat(parts), upload.headers, etag);
    uploads.delete(id);
    return {
      status: 200,
      body: xml(
        'CompleteMultipartUploadResult',
        `<Key>${escapeXml(key)}</Key><ETag>${escapeXml(etag)}</ETag>`,
      ),
    };
  }

  function response(request: FakeS3Request, name: string): Reply {
    const { method, key, query, headers } = request;
    const credential = /Credential=([^/]+)\//.exec(headers.authorization ?? '')?.[1];
    if (credential === undefined) throw new S3Error(403, 'AccessDenied');
    if (credential !== accessKey) throw new S3Error(403, 'InvalidAccessKeyId');
    if (name !== bucket) throw new S3Error(404, 'NoSuchBucket');
    if (key === '') return list(query);
    if (query.has('uploads') || query.has('uploadId')) return multipart(request);
    if (method === 'GET' || method === 'HEAD') return read(request);
    if (method === 'DELETE') {
      objects.delete(key);
      return { status: 204 };
    }
    if (method !== 'PUT') throw new S3Error(501, 'NotImplemented');
    const bytes = payload(request);
    return write(request, bytes, cachedHeaders(headers), `"${md5(bytes)}"`);
  }

  async function serve(message: IncomingMessage, reply: ServerResponse): Promise<void> {
    const blocks: Buffer[] = [];
    for await (const block of message) blocks.push(block as Buffer);
    const url = new URL(message.url ?? '/', 'http://double');
    const [, name = '', ...rest] = url.pathname.split('/');
    const { method = 'GET', headers } = message;
    const key = decodeURIComponent(rest.join('/'));
    const number = double.requests.length + 1;
    const request: FakeS3Request = {
      method,
      key,
      query: url.searchParams,
      headers,
      body: Buffer.concat(blocks),
      number,
    };
    double.requests.push(request);
    const fault = double.fault(request);
    if (fault?.kind === 'hang') return;
    if (fault?.kind === 'cut') return void message.socket.destroy();
    if (fault?.kind === 'slow') await new Promise((resolve) => setTimeout(resolve, fault.ms));
    if (ignoresCondition === 'at once' && method === 'PUT' && !objects.has(key)) {
      lateWrites.add(request);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    let made: Reply;
    try {
      if (fault?.kind === 'status')
        throw new S3Error(fault.status, fault.code, fault.headers, fault.xml);
      made = response(request, name);
    } catch (error) {
      const failure = error instanceof S3Error ? error : new S3Error(500, 'InternalError');
      const headers = { ...failure.headers, 'content-type': 'application/xml' };
      made = { status: failure.status, headers, body: method === 'HEAD' ? '' : errorXml(failure) };
    }
    if (fault?.kind === 'lost-reply') return void message.socket.destroy();
    send(reply, method, made, fault);
  }

  const server = createServer(
    (message, reply) => void serve(message, reply).catch(() => message.socket.destroy()),
  );
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const double: FakeS3 = {
    ...{
      url,
      bucket,
      accessKey,
      secretKey,
      objects,
      uploads,
      requests: [],
      fault: () => undefined,
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
  return double;
}

function send(
  reply: ServerResponse,
  method: string,
  { status, headers = {}, body = '' }: Reply,
  fault: S3Fault | undefined,
): void {
  let bytes = Buffer.from(body);
  if (fault?.kind === 'short') bytes = bytes.subarray(0, bytes.length >> 1);
  if (fault?.kind === 'flip' && bytes.length > 0)
    bytes = Buffer.from(bytes.map((byte, i) => (i === bytes.length >> 1 ? byte ^ 4 : byte)));
  reply.writeHead(status, {
    'content-length': String(bytes.length),
    'x-amz-request-id': 'R',
    ...headers,
  });
  if (fault?.kind !== 'truncate') return void reply.end(method === 'HEAD' ? undefined : bytes);
  reply.write(bytes.subarray(0, bytes.length >> 1), () => reply.socket?.destroy());
}

const escapeXml = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;');

const cachedHeaders = (headers: IncomingMessage['headers']): Record<string, string> =>
  Object.fromEntries(
    Object.entries(headers).filter(([name]) =>
      /^x-amz-(meta-|server-side-encryption)/.test(name),
    ) as [string, string][],
  );

/**
 * The content of a body that was sent plainly or in signed chunks, once it has every hash that came
 * with it.
 */
function payload({ headers, body }: FakeS3Request): Buffer {
  const signed = String(headers['x-amz-content-sha256'] ?? '');
  const { bytes, trailers } = signed.startsWith('STREAMING-')
    ? unchunked(body)
    : { bytes: body, trailers: new Map<string, string>() };
  if (/^[0-9a-f]{64}$/.test(signed) && signed !== sha256(bytes, 'hex'))
    throw new S3Error(400, 'XAmzContentSHA256Mismatch');
  const length = headers['x-amz-decoded-content-length'];
  if (length !== undefined && Number(length) !== bytes.length)
    throw new S3Error(400, 'IncompleteBody');
  const claimed = headers['x-amz-checksum-sha256'] ?? trailers.get('x-amz-checksum-sha256');
  if (claimed !== undefined && claimed !== sha256(bytes, 'base64'))
    throw new S3Error(400, 'BadDigest');
  return bytes;
}

/** aws-chunked: `<hex length>[;chunk-signature=…]\r\n<bytes>\r\n` … `0…\r\n`, trailers, `\r\n`. */
function unchunked(body: Buffer): { bytes: Buffer; trailers: Map<string, string> } {
  const blocks: Buffer[] = [];
  for (let at = 0; ; ) {
    const end = body.indexOf('\r\n', at);
    if (end < 0) throw new S3Error(400, 'IncompleteBody');
    const length = Number.parseInt(body.toString('latin1', at, end), 16);
    if (length === 0) {
      const lines = body.toString('latin1', end + 2).split('\r\n');
      const pairs = lines
        .filter((line) => line.includes(':'))
        .map((line) => line.split(/:\s*(.*)/s).slice(0, 2) as [string, string]);
      return { bytes: Buffer.concat(blocks), trailers: new Map(pairs) };
    }
    blocks.push(body.subarray(end + 2, end + 2 + length));
    at = end + 2 + length + 2;
  }
}
