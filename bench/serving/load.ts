/**
 * Purpose: the load on a server, from a process of its own: as many requests as it takes (closed
 * loop), or so many a second whether it keeps up or not (open loop).
 * Invariants: HTTP/1.1 over kept connections, one request at a time on each; requests are bytes
 * made beforehand, and a response costs little more than finding its length, so that the server is
 * what is measured; in the open loop latency counts from when a request was due, so that a server
 * that stalls is not spared; which request comes next is drawn from a seed.
 * Fails: a response that is not 2xx, a connection that breaks and a response that does not come in
 * time are counted, by kind.
 */
import { connect, type Socket } from 'node:net';
import { systemClock } from '../../platform/clock.ts';
import { seededRandom } from '../../platform/random.ts';
import { sleep } from '../../platform/timers.ts';

/** A kind of request: so many times as often as others, one of its texts at random. */
export interface Kind {
  readonly name: string;
  readonly weight: number;
  readonly requests: readonly string[];
}

export interface LoadOrder {
  /** host:port */
  readonly address: string;
  readonly kinds: readonly Kind[];
  readonly seconds: number;
  readonly connections: number;
  /** Requests a second; null: closed loop. */
  readonly rate: number | null;
  /** Whether different bodies are kept, to be checked. */
  readonly keepBodies: boolean;
}

export interface KindLoad {
  readonly count: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly maxMs: number;
}

export interface LoadResult {
  readonly seconds: number;
  readonly perSecond: number;
  readonly kinds: Readonly<Record<string, KindLoad>>;
  /** What failed, by status or reason. */
  readonly failures: Readonly<Record<string, number>>;
  /** Different bodies, the time of issue cut out: [kind, number of the request, body, times]. */
  readonly bodies: readonly (readonly [string, number, string, number])[];
}

const TIMEOUT_MS = 10_000;
const ISSUED = /"issuedAt":"[^"]*"/g;

interface Asked {
  readonly kind: number;
  readonly request: number;
  readonly due: number;
}

export async function load(order: LoadOrder): Promise<LoadResult> {
  const { address, kinds, seconds, rate, keepBodies } = order;
  const [host, port] = address.split(':') as [string, string];
  const texts = kinds.map(({ requests }) => requests.map((text) => Buffer.from(text, 'utf8')));
  const totalWeight = kinds.reduce((sum, { weight }) => sum + weight, 0);
  const random = seededRandom(11);
  const latencies = kinds.map((): number[] => []);
  const failures: Record<string, number> = {};
  const bodies = kinds.map(() => new Map<string, [request: number, times: number]>());
  const waiting: Asked[] = [];
  const idle: Connection[] = [];
  const all = new Set<Connection>();
  let isOver = false;

  const fail = (why: string): void => {
    failures[why] = (failures[why] ?? 0) + 1;
  };

  function draw(due: number): Asked {
    let at = random() * totalWeight;
    let kind = 0;
    while (kind < kinds.length - 1 && at >= (kinds[kind] as Kind).weight)
      at -= (kinds[kind++] as Kind).weight;
    return { kind, request: Math.floor(random() * (texts[kind] as Buffer[]).length), due };
  }

  function completed(asked: Asked, status: number, body: () => string): void {
    (latencies[asked.kind] as number[]).push(systemClock.elapsedMs() - asked.due);
    if (status < 200 || status > 299) fail(String(status));
    else if (keepBodies) {
      const text = `${asked.request} ${body().replace(ISSUED, '"issuedAt":""')}`;
      const seen = bodies[asked.kind] as Map<string, [number, number]>;
      const known = seen.get(text);
      if (known) known[1]++;
      else seen.set(text, [asked.request, 1]);
    }
  }

  function next(connection: Connection): void {
    if (rate === null) {
      if (!isOver) connection.ask(draw(systemClock.elapsedMs()));
      return;
    }
    const asked = waiting.shift();
    if (asked) connection.ask(asked);
    else idle.push(connection);
  }

  interface Connection {
    ask(asked: Asked): void;
    readonly socket: Socket;
    current: Asked | null;
  }

  function open(): Promise<Connection> {
    const socket = connect({ host, port: Number(port), noDelay: true });
    let head = '';
    let bodyStart = 0;
    let bodyBytes = 0;
    let status = 0;
    let chunks: Buffer[] = [];
    let received = 0;
    const connection: Connection = {
      socket,
      current: null,
      ask(asked) {
        connection.current = asked;
        socket.write((texts[asked.kind] as Buffer[])[asked.request] as Buffer);
      },
    };
    socket.on('data', (chunk) => {
      // A connection that has not been used yet is given up by the server after a while, with a 408
      // that sends no response.
      if (connection.current === null) return void socket.destroy();
      chunks.push(chunk);
      received += chunk.length;
      if (head === '') {
        const so = chunks.length === 1 ? chunk : Buffer.concat(chunks);
        const end = so.indexOf('\r\n\r\n');
        if (end < 0) return;
        head = so.toString('latin1', 0, end).toLowerCase();
        bodyStart = end + 4;
        status = Number(head.slice(9, 12));
        const at = head.indexOf('\r\ncontent-length: ');
        if (at < 0) throw new Error(`a response without a length: ${head}`);
        bodyBytes = Number.parseInt(head.slice(at + 18, at + 30), 10);
      }
      if (received < bodyStart + bodyBytes) return;
      const whole = chunks;
      const asked = connection.current;
      const [from, to] = [bodyStart, bodyStart + bodyBytes];
      head = '';
      chunks = [];
      received = 0;
      connection.current = null;
      completed(asked, status, () =>
        (whole.length === 1 ? (whole[0] as Buffer) : Buffer.concat(whole)).toString(
          'utf8',
          from,
          to,
        ),
      );
      next(connection);
    });
    const gone = (why: string) => () => {
      all.delete(connection);
      const at = idle.indexOf(connection);
      if (at >= 0) idle.splice(at, 1);
      if (connection.current) fail(why);
      connection.current = null;
      if (!isOver) void open().then(next, () => fail('refused'));
    };
    socket.on('close', gone('broken'));
    all.add(connection);
    return new Promise((resolve, reject) => {
      socket.once('connect', () => resolve(connection));
      socket.once('error', reject);
      socket.on('error', () => {});
    });
  }

  const opened = await Promise.all(Array.from({ length: order.connections }, open));
  const started = systemClock.elapsedMs();
  for (const connection of opened) next(connection);
  if (rate === null) {
    await sleep(seconds * 1000);
  } else {
    for (let sent = 0; sent < rate * seconds; await sleep(1)) {
      const due = Math.min(
        rate * seconds,
        Math.floor((rate * (systemClock.elapsedMs() - started)) / 1000),
      );
      for (; sent < due; sent++) {
        const asked = draw(started + (sent * 1000) / rate);
        // in turn, so that none is idle for long enough to be given up
        const connection = idle.shift();
        if (connection) connection.ask(asked);
        else waiting.push(asked);
      }
    }
  }
  const took = (systemClock.elapsedMs() - started) / 1000;
  isOver = rate === null;
  // What is under way may end.
  for (let waited = 0; waited < TIMEOUT_MS; waited += 5) {
    if (waiting.length === 0 && [...all].every(({ current }) => current === null)) break;
    await sleep(5);
  }
  isOver = true;
  for (const { current, socket } of all) {
    if (current) fail('no response in time');
    socket.destroy();
  }
  for (const _ of waiting) fail('never sent');
  const count = latencies.reduce((sum, { length }) => sum + length, 0);
  return {
    seconds: took,
    perSecond: count / took,
    kinds: Object.fromEntries(
      kinds.map(({ name }, k) => [name, summary(latencies[k] as number[])]),
    ),
    failures,
    bodies: kinds.flatMap(({ name }, k) =>
      [...(bodies[k] as Map<string, [number, number]>)].map(
        ([text, [request, times]]) =>
          [name, request, text.slice(text.indexOf(' ') + 1), times] as const,
      ),
    ),
  };
}

function summary(latencies: number[]): KindLoad {
  const sorted = Float64Array.from(latencies).sort();
  const at = (share: number): number =>
    sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? Number.NaN;
  return { count: sorted.length, p50Ms: at(0.5), p99Ms: at(0.99), maxMs: at(1) };
}

process.on('message', async (order: LoadOrder) => {
  try {
    process.send?.({ result: await load(order) });
  } catch (error) {
    process.send?.({
      error: error instanceof Error ? (error.stack ?? error.message) : String(error),
    });
  }
});
process.on('disconnect', () => process.exit(0));
process.send?.({ ready: true });
