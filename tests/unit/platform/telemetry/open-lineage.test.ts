/**
 * Purpose: OpenLineage events of a run, in a file and at a URL; a receiver that is gone changes
 * nothing for the job.
 * Invariants: no network beyond this machine. tests/readers validates the events with
 * OpenLineage's own Python classes.
 * Fails: with the event that differs.
 */
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { fixedClock } from '../../../../platform/clock.ts';
import { silentLogger } from '../../../../platform/telemetry/logger.ts';
import { type Lineage, withLineage } from '../../../../platform/telemetry/open-lineage.ts';

const NOW = Date.UTC(2026, 2, 1, 17);
const read = [{ namespace: 'file:store', name: 'features/toy', version: '3-0f1e2d3c4b5a' }];
const made: Lineage = { inputs: read, outputs: [{ namespace: 'file:store', name: 'models/toy' }] };

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'headway-lineage-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const options = (target: string) => ({
  ...{ target, clock: fixedClock(NOW), logger: silentLogger, namespace: 'headway:toy' },
});
const linesOf = async (file: string) =>
  (await readFile(file, 'utf8'))
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));

test('a successful run emits START and COMPLETE with versions', async () => {
  const file = path.join(folder, 'new', 'events.ndjson');
  const result = await withLineage(
    options(file),
    'train',
    [],
    async () => 7,
    () => made,
  );
  expect(result).toBe(7);
  const [start, complete, ...more] = await linesOf(file);
  expect(more).toEqual([]);
  expect([start.eventType, complete.eventType]).toEqual(['START', 'COMPLETE']);
  expect(start.run.runId).toMatch(/^[0-9a-f-]{36}$/);
  expect(complete.run.runId).toBe(start.run.runId);
  expect(complete).toMatchObject({
    eventTime: '2026-03-01T17:00:00.000Z',
    job: { namespace: 'headway:toy', name: 'train' },
    inputs: [{ name: 'features/toy', facets: { version: { datasetVersion: '3-0f1e2d3c4b5a' } } }],
    outputs: [{ namespace: 'file:store', name: 'models/toy', facets: {} }],
  });
});

test('a failed run emits FAIL with its error and rethrows it', async () => {
  const file = path.join(folder, 'failed.ndjson');
  const failing = () => Promise.reject(new Error('no data'));
  await expect(withLineage(options(file), 'train', read, failing, () => made)).rejects.toThrow(
    'no data',
  );
  const [, fail] = await linesOf(file);
  expect(fail).toMatchObject({
    eventType: 'FAIL',
    run: { facets: { errorMessage: { message: 'no data' } } },
    outputs: [],
  });
});

test('posts events to a URL; a failing receiver changes nothing', async () => {
  const bodies: { eventType: string }[] = [];
  const server = createServer(async (request, response) => {
    let text = '';
    for await (const chunk of request) text += chunk;
    bodies.push(JSON.parse(text));
    response.writeHead(bodies.length === 1 ? 201 : 500).end();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/api/v1/lineage`;
  const run = () =>
    withLineage(
      options(url),
      'forecast',
      read,
      async () => 'done',
      () => made,
    );
  expect(await run()).toBe('done');
  expect(bodies.map(({ eventType }) => eventType)).toEqual(['START', 'COMPLETE']);
  await new Promise((resolve) => server.close(resolve));
  expect(await run()).toBe('done');
});
