/**
 * Purpose: the image's commands as a Lambda function: started as Lambda starts it, on a Runtime API
 * of this test.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { environmentOf, LOADER, ROOT } from '../../fixtures/cli/headway-process.ts';

interface CompletedRequest {
  readonly path: string;
  readonly body: Record<string, unknown>;
}

let folder = '';
let server: Server;
let api = '';
const started: ChildProcess[] = [];
/** Set by a test: gets each response. */
let onResponse: (response: CompletedRequest) => void = () => {};
let events = 0;
/** Resolves with each request for an event. */
let onAsked: (reply: ServerResponse) => void = () => {};
let asked = new Promise<ServerResponse>((resolve) => {
  onAsked = resolve;
});

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'headway-lambda-job-'));
  server = createServer(async (request, reply) => {
    if (request.url?.endsWith('/invocation/next')) {
      return onAsked(reply);
    }
    const blocks: Buffer[] = [];
    for await (const block of request) blocks.push(block as Buffer);
    reply.writeHead(202).end();
    const path = (request.url ?? '').replace('/2018-06-01/runtime/invocation/', '');
    onResponse({ path, body: JSON.parse(Buffer.concat(blocks).toString()) });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  api = `127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(async () => {
  for (const child of started)
    if (child.exitCode === null && child.signalCode === null) await ended(child);
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
  await rm(folder, { recursive: true, force: true });
});

async function ended(child: ChildProcess): Promise<void> {
  const exited = once(child, 'exit');
  child.kill('SIGKILL');
  await exited;
}

/**
 * It asks for the next event, as a function that stays warm; that request is taken back, for
 * another process.
 */
async function retire(child: ChildProcess): Promise<void> {
  await asked;
  await ended(child);
  asked = new Promise((resolve) => {
    onAsked = resolve;
  });
}

function start(args: readonly string[], env: Record<string, string>): ChildProcess {
  const child = spawn(process.execPath, [...LOADER, 'platform/jobs/lambda-job.ts', ...args], {
    cwd: ROOT,
    env: environmentOf({
      HEADWAY_STORE: `file:${join(folder, 'store')}`,
      HEADWAY_WORK: join(folder, 'work'),
      ...env,
    }),
    stdio: 'ignore',
  });
  started.push(child);
  return child;
}

/** Sends one event to the function, and waits for the response. */
async function invoke(child: ChildProcess, event = '{}'): Promise<CompletedRequest> {
  const response = new Promise<CompletedRequest>((resolve, reject) => {
    onResponse = resolve;
    child.once('exit', (code) => reject(new Error(`it ended with ${code}`)));
  });
  const reply = await asked;
  asked = new Promise((resolve) => {
    onAsked = resolve;
  });
  reply.writeHead(200, { 'lambda-runtime-aws-request-id': `event-${++events}` }).end(event);
  return response;
}

test('runs the command for each event, and responds with success or the error', async () => {
  const child = start(['config'], { AWS_LAMBDA_RUNTIME_API: api });
  expect(await invoke(child)).toEqual({ path: 'event-1/response', body: { done: 'config' } });
  await retire(child);
  const failing = start(['models', 'rollback'], { AWS_LAMBDA_RUNTIME_API: api });
  const { path, body } = await invoke(failing);
  expect(path).toBe('event-2/error');
  expect(body.errorType).toBe('NO_CHAMPION');
  expect(body.errorMessage).toContain('NO_CHAMPION');
  await retire(failing);
});

test('an event fills only the open values of the command', async () => {
  const child = start(['forecast', '--shard', '{shard}'], { AWS_LAMBDA_RUNTIME_API: api });
  // The value arrives as it is, and the command judges it: a batch of two has no ninth shard.
  const { body } = await invoke(child, JSON.stringify({ shard: '9/2', args: ['models', 'list'] }));
  expect(body).toMatchObject({
    errorType: 'USAGE',
    errorMessage: expect.stringContaining('--shard "9/2"'),
  });
  for (const [event, problem] of [
    ['{}', "the event's shard is missing"],
    ['{"shard": 3}', "the event's shard is 3"],
    ['{"shard": "--work=/elsewhere"}', 'the event\'s shard is "--work=/elsewhere"'],
    ['{"shard": "1/2 --json"}', "the event's shard is"],
    ['[1', 'the event is not JSON'],
  ] as const) {
    const response = await invoke(child, event);
    expect(response.path).toMatch(/\/error$/);
    expect(response.body).toMatchObject({
      errorType: 'USAGE',
      errorMessage: expect.stringContaining(problem),
    });
  }
  await retire(child);
});

test('exits with a usage error outside Lambda', async () => {
  const [code] = await once(start(['models', 'list'], {}), 'exit');
  expect(code).toBe(2);
});
