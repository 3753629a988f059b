/**
 * Purpose: an agent with the official client gets data and the ids to cite for every question, and
 * finds nothing that writes.
 */
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import { replyTo } from '../../../../../services/inference/mcp/messages.ts';
import type { App } from '../../../../../services/inference/plugins/app.ts';
import { createFixture, IDS } from '../../../../fakes/inference.ts';

const LEDGER = { number: 7, sha256: 'ab'.repeat(32) };
const appended: unknown[] = [];
let app: App;
let client: Client;
beforeAll(async () => {
  app = await createFixture().build({
    ledger: {
      append: async (issues) => appended.push(issues),
      head: async () => LEDGER,
    },
  });
  await app.listen({ port: 0, host: '127.0.0.1' });
  const { port } = app.server.address() as { port: number };
  client = new Client({ name: 'test', version: '1.0.0' });
  await client.connect(new StreamableHTTPClientTransport(new URL(`http://127.0.0.1:${port}/mcp`)));
});
afterAll(async () => {
  await client.close();
  await app.close();
});

interface Result {
  readonly isError?: boolean;
  readonly structuredContent?: {
    readonly ids: { modelVersion: string; snapshotVersion: string; ledger: typeof LEDGER };
    readonly data?: Record<string, unknown>;
    readonly problem?: Record<string, unknown>;
  };
}
const ask = async (name: string, args: Record<string, unknown> = {}) =>
  (await client.callTool({ name, arguments: args })) as Result;

test('has seven read-only tools with the schemas of the API', async () => {
  const { tools } = await client.listTools();
  expect(tools.map(({ name }) => name)).toEqual([
    ...['list_series', 'forecast', 'explain', 'as_of', 'score', 'why_promoted', 'what_changed'],
  ]);
  for (const { annotations } of tools)
    expect(annotations).toMatchObject({ readOnlyHint: true, destructiveHint: false });
  expect(tools[1]?.inputSchema).toMatchObject({
    required: ['seriesId'],
    properties: { horizon: { type: 'integer', minimum: 1 } },
  });
});

const living = IDS.filter((id) => id !== 'dead');
const questions: readonly (readonly [tool: string, args: Record<string, unknown>])[] = [
  ...[1, 2, 3, 4, 5].map((limit) => ['list_series', { limit }] as const),
  ...living.flatMap((seriesId) =>
    [1, 6, 24].map((horizon) => ['forecast', { seriesId, horizon }] as const),
  ),
  ...living.map((seriesId) => ['explain', { seriesId }] as const),
  ...living.map((seriesId) => ['as_of', { seriesId }] as const),
  ...[['score', {}] as const, ['score', {}] as const],
  ...[1, 2, 5, 10, 20, 50].map((limit) => ['why_promoted', { limit }] as const),
  ...[1, 2, 3, 5, 10, 20, 50].map((limit) => ['what_changed', { limit }] as const),
];

test(`responds to ${questions.length} questions with data and the ids to cite`, async () => {
  expect(questions.length).toBeGreaterThanOrEqual(50);
  for (const [tool, args] of questions) {
    const { isError, structuredContent } = await ask(tool, args);
    expect([tool, isError, structuredContent?.problem]).toEqual([tool, false, undefined]);
    expect(structuredContent?.ids).toEqual({
      modelVersion: 'model-1',
      snapshotVersion: '1-0f1e2d3c4b5a',
      ledger: LEDGER,
    });
    expect(Object.keys(structuredContent?.data ?? {}).length).toBeGreaterThan(0);
  }
});

test('returns the same forecast as the API', async () => {
  const { structuredContent } = await ask('forecast', { seriesId: 'a/b', horizon: 6 });
  const response = await app.inject('/v1/series/a%2Fb/forecast?horizon=6');
  expect(structuredContent?.data).toEqual(response.json());
});

test('reports an invalid request, and has no tool that writes', async () => {
  expect(await ask('forecast', { seriesId: 'nobody' })).toMatchObject({
    isError: true,
    structuredContent: { problem: { code: 'SERIES_UNKNOWN' } },
  });
  expect(await ask('forecast', { seriesId: '74', horizon: 0 })).toMatchObject({
    isError: true,
    structuredContent: { problem: { code: 'REQUEST_INVALID' } },
  });
  await expect(ask('forecast')).rejects.toThrow(/seriesId is missing/);
  await expect(ask('post_actuals', { seriesId: '74' })).rejects.toThrow(/no tool post_actuals/);
  // A path in an argument stays an argument.
  expect(await ask('forecast', { seriesId: '74/../../actuals' })).toMatchObject({ isError: true });
  await expect(client.listResources()).rejects.toThrow();
});

const call = { jsonrpc: '2.0', id: 1, method: 'tools/call' } as const;
const params = { name: 'forecast', arguments: { seriesId: '74' } };

test('returns the ids named by the data, else the served ones', async () => {
  const served = { modelVersion: 'model-2', snapshotVersion: '2-b', ledger: LEDGER };
  const idsOf = async (status: number, body: unknown) => {
    const ports = { ask: async () => ({ status, body }), ids: async () => served };
    const reply = await replyTo({ ...call, params }, ports);
    return (reply as { result: Required<Result> }).result.structuredContent.ids;
  };
  const own = { modelVersion: 'baseline-mean_4_weeks', snapshotVersion: '1-a' };
  expect(await idsOf(200, own)).toEqual({ ...own, ledger: LEDGER });
  expect(await idsOf(200, { modelVersion: null })).toEqual(served);
  expect(await idsOf(404, own)).toEqual(served);
});

/** The response to a question where the ledger gives this head. */
async function askedWith(head: () => Promise<typeof LEDGER>, handlerTimeoutMs: number) {
  const { build, options } = createFixture();
  const other = await build({
    ledger: { append: async () => undefined, head },
    settings: { ...options.settings, handlerTimeoutMs },
  });
  const payload = { ...call, params };
  const response = await other.inject({ method: 'POST', url: '/mcp', payload });
  await other.close();
  return response;
}

test('returns data if the ledger cannot be read', async () => {
  const response = await askedWith(() => Promise.reject(new Error('no store')), 10_000);
  const { ids, data } = response.json().result.structuredContent;
  expect([ids.modelVersion, ids.ledger, data.seriesId]).toEqual(['model-1', null, '74']);
});

test('ends a request after the handler timeout', async () => {
  const response = await askedWith(() => new Promise(() => undefined), 200);
  expect(response.statusCode).toBe(503);
});
