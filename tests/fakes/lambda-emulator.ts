/**
 * Purpose: a small Lambda on this machine, for tests and the bench: a Runtime API, and one instance
 * of a function in a process of its own that is frozen between two invocations, as Lambda freezes
 * it.
 * Invariants: the instance sees its folder, a temporary folder and the environment it is given,
 * nothing else of this process; one invocation at a time; `stop` ends it and leaves no process and
 * no socket.
 * Fails: an invocation rejects with what the function reported, or when its process ends.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';

const RUNTIME = fileURLToPath(new URL('./children/lambda-runtime.mjs', import.meta.url));

export interface LambdaResult {
  readonly statusCode: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  readonly isBase64Encoded: boolean;
  readonly cookies?: readonly string[];
}

export interface LambdaInstance {
  /** `awsRequestId` is made up where none is given. */
  invoke(event: unknown, awsRequestId?: string): Promise<LambdaResult>;
  /** What the function wrote to standard output so far, and to standard error. */
  output(): string;
  warnings(): string;
  /** Most memory the process has had, in bytes; 0 where the system does not report it. */
  peakBytes(): Promise<number>;
  stop(): Promise<void>;
}

export interface LambdaOptions {
  readonly folder: string;
  readonly temporary: string;
  readonly environment: Readonly<Record<string, string>>;
  readonly timeoutMs?: number;
  /** Default: true. */
  readonly freezes?: boolean;
}

interface Waiting {
  readonly id: string;
  readonly event: unknown;
  readonly resolve: (result: LambdaResult) => void;
  readonly reject: (error: Error) => void;
}

export async function startLambda(options: LambdaOptions): Promise<LambdaInstance> {
  const { folder, temporary, environment, timeoutMs = 10_000, freezes = true } = options;
  /** Invocations, the first of them under way once the function has asked for it. */
  const queue: Waiting[] = [];
  let isUnderWay = false;
  let idle: ServerResponse | null = null;
  let ended: Error | null = null;
  let output = '';

  const signal = (name: 'SIGSTOP' | 'SIGCONT') => {
    if (freezes) child.kill(name);
  };
  function next(): void {
    const [first] = queue;
    if (idle === null || first === undefined) return;
    const deadline = Date.now() + timeoutMs;
    idle.writeHead(200, {
      'lambda-runtime-aws-request-id': first.id,
      'lambda-runtime-deadline-ms': String(deadline),
    });
    idle.end(JSON.stringify(first.event));
    idle = null;
    isUnderWay = true;
    signal('SIGCONT');
  }
  function end(error: Error): void {
    ended ??= error;
    for (const { reject } of queue.splice(0)) reject(ended);
  }

  const server = createServer(async (message, reply) => {
    const path = (message.url ?? '').replace('/2018-06-01/runtime/', '');
    if (path === 'invocation/next') {
      idle = reply;
      if (queue.length === 0) signal('SIGSTOP');
      return next();
    }
    const blocks: Buffer[] = [];
    for await (const block of message) blocks.push(block as Buffer);
    const body = JSON.parse(Buffer.concat(blocks).toString());
    reply.writeHead(202).end('{}');
    if (path === 'init/error')
      return end(new Error(`init: ${body.errorType}: ${body.errorMessage}`));
    const done = isUnderWay ? queue.shift() : undefined;
    isUnderWay = false;
    if (path === `invocation/${done?.id}/response`) return done?.resolve(body);
    done?.reject(new Error(`${body.errorType}: ${body.errorMessage}`));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const child: ChildProcess = spawn(process.execPath, [RUNTIME], {
    cwd: folder,
    env: {
      ...environment,
      AWS_LAMBDA_RUNTIME_API: `127.0.0.1:${(server.address() as AddressInfo).port}`,
      LAMBDA_TASK_ROOT: folder,
      _HANDLER: 'index.handler',
      TMPDIR: temporary,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const closed = once(child, 'close');
  let warnings = '';
  child.stdout?.on('data', (text) => {
    output += text;
  });
  child.stderr?.on('data', (text) => {
    warnings += text;
  });
  const said = () => `${output}${warnings}`.slice(-2000);
  child.once('exit', (code, name) =>
    end(new Error(`the function's process ended (${name ?? code}): ${said()}`)),
  );

  return {
    output: () => output,
    warnings: () => warnings,
    invoke: (event, id = randomUUID()) =>
      new Promise((resolve, reject) => {
        if (ended) return reject(ended);
        queue.push({ id, event, resolve, reject });
        if (queue.length === 1) next();
      }),
    async peakBytes() {
      const status = await readFile(`/proc/${child.pid}/status`, 'utf8').catch(() => '');
      return Number(/VmHWM:\s+(\d+) kB/.exec(status)?.[1] ?? 0) * 1024;
    },
    async stop() {
      child.kill('SIGKILL');
      await closed; // and with it all that it wrote is here
      server.closeAllConnections();
      if (server.listening) await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** An event as an HTTP API sends it. */
export function httpApiEvent(method: string, path: string, changes: Record<string, unknown> = {}) {
  const [rawPath = '/', rawQueryString = ''] = path.split('?');
  return {
    ...{ version: '2.0', routeKey: '$default', rawPath, rawQueryString },
    headers: { accept: 'application/json', host: 'abc123.execute-api.eu-west-1.amazonaws.com' },
    requestContext: {
      ...{
        accountId: '123456789012',
        apiId: 'abc123',
        domainName: 'abc123.execute-api.eu-west-1.amazonaws.com',
      },
      ...{
        domainPrefix: 'abc123',
        requestId: 'JKJaXmPLvHcESHA=',
        routeKey: '$default',
        stage: '$default',
        timeEpoch: 1_700_000_000_000,
      },
      http: {
        method,
        path: rawPath,
        protocol: 'HTTP/1.1',
        sourceIp: '203.0.113.7',
        userAgent: 'a test',
      },
    },
    isBase64Encoded: false,
    ...changes,
  };
}

/** The same as a Function URL sends it, which leaves the path as it was sent. */
export function functionUrlEvent(
  method: string,
  path: string,
  changes: Record<string, unknown> = {},
) {
  const event = httpApiEvent(method, path);
  const domainName = 'def456.lambda-url.eu-west-1.on.aws';
  const requestContext = {
    ...event.requestContext,
    apiId: 'def456',
    domainName,
    domainPrefix: 'def456',
    accountId: 'anonymous',
  };
  return { ...event, headers: { ...event.headers, host: domainName }, requestContext, ...changes };
}
