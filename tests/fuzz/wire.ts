/**
 * Purpose: sends bytes to a port as a client would, well-behaved or not, and reads what comes back
 * as HTTP.
 * Invariants: one connection a request, which is gone when it resolves; never throws for what the
 * other side does.
 * Fails: never; a service that says nothing in time is an exchange with `isLate`.
 */
import { connect } from 'node:net';

/**
 * How a client behaves. `abort`: goes away when it has sent; `half`: ends its side; `slow`: reads a
 * little now and then.
 */
export type Manner = 'plain' | 'abort' | 'half' | 'slow';

export interface WireResponse {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
  /** False where the body ended before it was whole. */
  readonly isWhole: boolean;
}

export interface Exchange {
  readonly responses: readonly WireResponse[];
  /** Bytes after the last response that are not one. */
  readonly rest: string;
  /** The connection was still open when the time was over. */
  readonly isLate: boolean;
}

const SLOW_CHUNK_MS = 2;
/** A slow reader goes away in the middle of what is longer. */
const SLOW_CHUNKS = 6;

/** @param chunks written one after another, in turns of their own */
export function exchange(
  port: number,
  chunks: readonly Buffer[],
  manner: Manner,
  timeoutMs: number,
): Promise<Exchange> {
  return new Promise((resolve) => {
    const received: Buffer[] = [];
    let isLate = false;
    const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true });
    const timer = setTimeout(() => {
      isLate = true;
      socket.destroy();
    }, timeoutMs);
    socket.on('error', () => {});
    socket.on('close', () => {
      clearTimeout(timer);
      resolve({
        ...parsed(Buffer.concat(received), chunks[0]?.toString('latin1', 0, 5) === 'HEAD '),
        isLate,
      });
    });
    socket.on('end', () => socket.destroy());
    let slowChunks = 0;
    socket.on('data', (chunk) => {
      received.push(chunk);
      if (manner !== 'slow') return;
      if (++slowChunks > SLOW_CHUNKS) return void socket.destroy();
      socket.pause();
      setTimeout(() => socket.resume(), SLOW_CHUNK_MS);
    });
    socket.on('connect', async () => {
      for (const chunk of chunks) {
        if (socket.destroyed || !socket.writable) return;
        await new Promise<void>((written) => socket.write(chunk, () => written()));
        if (chunks.length > 1) await new Promise((turn) => setImmediate(turn));
      }
      if (manner === 'abort') socket.destroy();
      if (manner === 'half') socket.end();
    });
  });
}

function parsed(bytes: Buffer, isHead: boolean): { responses: WireResponse[]; rest: string } {
  const responses: WireResponse[] = [];
  let at = 0;
  for (;;) {
    const end = bytes.indexOf('\r\n\r\n', at);
    const head = end < 0 ? null : /^HTTP\/1\.[01] (\d{3})/.exec(bytes.toString('latin1', at, end));
    if (!head) break;
    const [, ...lines] = bytes.toString('latin1', at, end).split('\r\n');
    const headers = Object.fromEntries(
      lines.map((line) => [
        line.slice(0, line.indexOf(':')).toLowerCase(),
        line.slice(line.indexOf(':') + 1).trim(),
      ]),
    );
    const status = Number(head[1]);
    const { body, next, isWhole } = bodyOf(bytes, end + 4, isHead ? 304 : status, headers);
    responses.push({ status, headers, body, isWhole });
    at = next;
  }
  return { responses, rest: bytes.toString('latin1', at, at + 200) };
}

function bodyOf(bytes: Buffer, from: number, status: number, headers: Record<string, string>) {
  if (status < 200 || status === 204 || status === 304)
    return { body: Buffer.alloc(0), next: from, isWhole: true };
  if (headers['transfer-encoding'] === 'chunked') return chunks(bytes, from);
  const length =
    headers['content-length'] === undefined
      ? bytes.length - from
      : Number(headers['content-length']);
  const next = Math.min(bytes.length, from + length);
  return { body: bytes.subarray(from, next), next, isWhole: next === from + length };
}

function chunks(bytes: Buffer, from: number) {
  const chunks: Buffer[] = [];
  let at = from;
  for (;;) {
    const line = bytes.indexOf('\r\n', at);
    const size = line < 0 ? Number.NaN : Number.parseInt(bytes.toString('latin1', at, line), 16);
    if (Number.isNaN(size) || line + 2 + size + 2 > bytes.length)
      return { body: Buffer.concat(chunks), next: bytes.length, isWhole: false };
    chunks.push(bytes.subarray(line + 2, line + 2 + size));
    at = line + 2 + size + 2;
    if (size === 0) return { body: Buffer.concat(chunks), next: at, isWhole: true };
  }
}
