/**
 * Purpose: a file server on loopback that behaves like the real one, and misbehaves on demand.
 * Invariants: strong ETags by content; ranges with If-Range; If-None-Match; 403 for what is not
 * there, as CloudFront does.
 * Fails: one queued fault per request, in order.
 */
import { createHash } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export type Fault =
  | { status: number; retryAfter?: string; location?: string }
  /** Another body with status 200; without `length` the length is not announced. */
  | { body: Buffer; length?: number }
  /** Sends so many bytes and hangs up; then `andThen` happens on the server. */
  | { cutAfter: number; andThen?: () => void };

export async function tripServer() {
  const files = new Map<string, Buffer>();
  const faults: Fault[] = [];
  const requests: { url: string; range: string | undefined; status: number; sent: number }[] = [];

  const respond = (request: IncomingMessage, response: ServerResponse) => {
    const name = (request.url ?? '').slice(1);
    const body = files.get(name);
    const record = { url: name, range: request.headers.range, status: 0, sent: 0 };
    requests.push(record);
    const end = (
      status: number,
      headers: Record<string, string | number> = {},
      content?: Buffer,
    ) => {
      record.status = status;
      record.sent = content?.length ?? 0;
      response.writeHead(status, headers).end(content);
    };
    const fault = faults.shift();
    if (fault && 'status' in fault) {
      const { status, retryAfter, location } = fault;
      return end(status, {
        ...(retryAfter ? { 'Retry-After': retryAfter } : {}),
        ...(location ? { Location: location } : {}),
      });
    }
    if (fault && 'body' in fault) {
      const { length } = fault;
      const headers = length === undefined ? {} : { 'Content-Length': length };
      return end(200, { ETag: '"other"', ...headers }, fault.body);
    }
    if (!body) return end(403);
    const etag = `"${createHash('md5').update(body).digest('hex')}"`;
    if (request.headers['if-none-match'] === etag) return end(304, { ETag: etag });
    let content = body;
    let status = 200;
    const headers: Record<string, string | number> = { ETag: etag, 'Accept-Ranges': 'bytes' };
    const from = Number(/^bytes=(\d+)-$/.exec(request.headers.range ?? '')?.[1] ?? Number.NaN);
    if (!Number.isNaN(from) && request.headers['if-range'] === etag) {
      if (from >= body.length) return end(416, { 'Content-Range': `bytes */${body.length}` });
      content = body.subarray(from);
      status = 206;
      headers['Content-Range'] = `bytes ${from}-${body.length - 1}/${body.length}`;
    }
    headers['Content-Length'] = content.length;
    if (!fault) return end(status, headers, content);
    record.status = status;
    record.sent = fault.cutAfter;
    response.writeHead(status, headers);
    response.write(content.subarray(0, fault.cutAfter), () => {
      fault.andThen?.();
      // End, not destroy: what was sent must arrive.
      response.socket?.end();
    });
  };
  const server = createServer(respond);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    files,
    faults,
    requests,
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: () =>
      new Promise<void>((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
}
