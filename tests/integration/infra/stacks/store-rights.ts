/**
 * Purpose: each service's own command, against a store that decides by the very policies that would
 * be deployed: no right is missing, and none is there that nothing uses.
 * Invariants: registers tests for tests/integration/infra/stacks.test.ts, which synthesises once
 * for all of them. The tests build on one another: features, training, batch, monitoring, service.
 * Fails: as a test.
 */
import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { RUN_REQUESTS } from '../../../../infra/cost/assumptions.ts';
import { newSecret } from '../../../../platform/secrets.ts';
import { makeKey } from '../../../../services/inference/access/key.ts';
import { SCOPE_NAMES } from '../../../../services/inference/access/scopes.ts';
import { land } from '../../../../services/stream/land.ts';
import { openKeyLog } from '../../../../storage/access/key-log.ts';
import { openActualsLog } from '../../../../storage/forecasts/actuals-log.ts';
import { parseS3Address } from '../../../../storage/s3/s3-address.ts';
import { type S3StoreOptions, s3ObjectStore } from '../../../../storage/s3/s3-object-store.ts';
import { openStreamLog } from '../../../../storage/streams/stream-log.ts';
import { type FakeS3, startFakeS3 } from '../../../fakes/fake-s3.ts';
import { httpApiEvent, startLambda } from '../../../fakes/lambda-emulator.ts';
import { MemoryEventLog } from '../../../fakes/memory-event-log.ts';
import {
  bucketRefusals,
  type Enforced,
  enforce,
  storeStatements,
} from '../../../fixtures/aws/enforced-policy.ts';
import { type Json, place, stack } from '../../../fixtures/aws/synthesised.ts';
import { type CliWorker, cliWorker } from '../../../fixtures/cli/cli-worker.ts';
import { headway } from '../../../fixtures/cli/headway-process.ts';
import { QUICK_TRAINING } from '../../../fixtures/cli/quick-training.ts';

const HOUR = 3_600_000;
const DAYS = 70;
/** Local time, which is hours behind. */
const BEHIND = 6;

export function storeRightsTests(): void {
  describe('store rights', () => {
    let fake: FakeS3;
    let commands: CliWorker;
    let folder: string;
    let raw: string;
    const before = { ...process.env };
    beforeAll(async () => {
      fake = await startFakeS3();
      folder = path.join(place(), 'rights');
      raw = path.join(folder, 'raw');
      await mkdir(raw, { recursive: true });
      Object.assign(process.env, credentials());
      commands = cliWorker();
    });
    afterAll(async () => {
      for (const name of Object.keys(credentials())) {
        delete process.env[name];
        if (before[name] !== undefined) process.env[name] = before[name];
      }
      await commands.close();
      await fake.close();
    });

    const credentials = () => ({
      AWS_ACCESS_KEY_ID: fake.accessKey,
      AWS_SECRET_ACCESS_KEY: fake.secretKey,
      AWS_REGION: 'eu-west-1',
      AWS_ENDPOINT_URL_S3: fake.url,
    });
    const environment = (work: string) => ({
      HEADWAY_STORE: `s3://${fake.bucket}`,
      HEADWAY_WORK: path.join(folder, work),
      HEADWAY_DOMAIN: 'electricity',
      HEADWAY_SOURCE: raw,
      HEADWAY_LOG_LEVEL: 'warn',
      ...credentials(),
    });
    /** A schedule starts processes of its own. */
    const run = (work: string, ...args: string[]) =>
      args[0] === 'schedule'
        ? headway(args, environment(work))
        : commands.run(args, environment(work));

    /** Hourly loads, as a feed would have them, up to some hours ago; before now: a broken one. */
    async function publish(hoursAgo: number): Promise<void> {
      const end = Math.floor(Date.now() / HOUR - BEHIND - hoursAgo) * HOUR;
      for (const region of ['AEP', 'DAYTON']) {
        const lines = Array.from({ length: DAYS * 24 }, (_, i) => {
          const at = new Date(end - (DAYS * 24 - i) * HOUR);
          const load = 1000 + 200 * Math.sin((2 * Math.PI * i) / 24) + (i % 7);
          return `${at.toISOString().slice(0, 19).replace('T', ' ')},${load.toFixed(1)}`;
        });
        const text = [`Datetime,${region}_MW`, ...lines].join('\n');
        await writeFile(path.join(raw, `${region}_hourly.csv`), `${text}\n`);
      }
    }

    /** From here on the store decides by the role of a stack, and a write to a folder fails once. */
    function as(name: string, owner: RegExp): Enforced {
      const statements = storeStatements(stack(name).toJSON() as Json, owner);
      expect(statements.length).toBeGreaterThan(1);
      const data = stack(name.startsWith('everything') ? 'everything-data' : 'prod-data');
      return enforce(fake, [...statements, ...bucketRefusals(data.toJSON() as Json)]);
    }
    const anybody = () => {
      fake.fault = () => undefined;
    };
    /** A file goes up in parts, one of which fails, and is aborted: wherever files may be large. */
    async function abortUpload(role: Enforced, ...keys: string[]): Promise<void> {
      const byRole = fake.fault;
      const file = path.join(folder, 'large');
      await writeFile(file, Buffer.alloc(4096, 7));
      fake.fault = (request) =>
        byRole(request) ??
        (request.query.get('partNumber') === '3'
          ? { kind: 'status', status: 400, code: 'InvalidRequest' }
          : undefined);
      const store = openStore(`s3://${fake.bucket}`, { partBytes: 1024 });
      for (const key of keys) await expect(store.putFile(key, file)).rejects.toThrow();
      expect(fake.uploads.size).toBe(0);
      fake.fault = byRole;
      expect(role.refused).toEqual([]);
    }
    const openStore = (address: string, options: Partial<S3StoreOptions> = {}) =>
      s3ObjectStore(parseS3Address(address, credentials()), {
        credentials: { accessKeyId: fake.accessKey, secretAccessKey: fake.secretKey },
        cache: { folder: path.join(folder, 'cache'), maxBytes: 1e9 },
        isProven: true,
        ...options,
      });
    const DATA = `features/electricity/data/${'a'.repeat(64)}.parquet`;
    const PART = `forecasts/electricity/data/${'a'.repeat(64)}.parquet`;

    /** What `npm run cost` takes for one run is no less than this run asked for. */
    async function expectAsPriced(
      name: keyof typeof RUN_REQUESTS,
      work: string,
      ...args: string[]
    ): Promise<void> {
      const first = fake.requests.length;
      expect(await run(work, ...args)).toMatchObject({ code: 0 });
      expectNoMoreThan(name, fake.requests.slice(first));
    }

    function expectNoMoreThan(name: keyof typeof RUN_REQUESTS, asked: FakeS3['requests']): void {
      const isRead = ({ method, query }: FakeS3['requests'][number]) =>
        method === 'HEAD' || (method === 'GET' && !query.has('list-type'));
      const writes = asked.filter((one) => !isRead(one) && one.method !== 'DELETE').length;
      const reads = asked.filter(isRead).length;
      const priced = RUN_REQUESTS[name];
      expect({
        writes: writes <= priced.writes,
        reads: reads <= priced.reads,
        asked: [writes, reads],
      }).toEqual({ writes: true, reads: true, asked: [writes, reads] });
    }

    function expectExact({ used, rights, refused }: Enforced): void {
      expect(refused).toEqual([]);
      expect(rights.filter((right) => !used.has(right))).toEqual([]);
    }

    const streamLog = () =>
      openStreamLog({
        store: openStore(`s3://${fake.bucket}`),
        ...{ domain: 'electricity', topic: 'loads' },
      });

    test('of the lander of a stream suffice', async () => {
      const role = as('everything-stream', /TaskRole/);
      const events = new MemoryEventLog(1);
      const options = {
        ...{ topic: 'loads', events, log: streamLog(), accept: null, workFolder: folder },
        ...{ maxLateMs: HOUR, maxRecords: 100, clock: { now: () => HOUR } },
        format: { eventTime: () => HOUR },
      };
      for (const value of ['{"load":1}', '{"load":2}']) {
        events.append(0, [{ value, published: HOUR }]);
        const first = fake.requests.length;
        expect(await land(options)).toMatchObject({ outcome: 'landed' });
        expectNoMoreThan('landing', fake.requests.slice(first));
      }
      expect(await land(options)).toEqual({ outcome: 'nothing' });
      expect(await streamLog().verify()).toMatchObject({ problems: [], orphans: [] });
      await abortUpload(role, `streams/electricity/loads/data/${'a'.repeat(64)}.parquet`);
      expectExact(role);
    });

    test('of features allow a refused run, a repeated one and a good one', async () => {
      const role = as('everything-features', /Role/);
      await publish(-24);
      for (const code of [7, 7])
        expect(await run('alone', 'features', 'run')).toMatchObject({ code });
      await publish(3);
      expect(await run('alone', 'features', 'run')).toMatchObject({ code: 0 });
      // As a stream does that is the source; this domain reads none itself.
      const [entry] = await streamLog().entries();
      await streamLog().segmentPath(entry!.segments[0]!);
      await abortUpload(role, DATA);
      expectExact(role);
    });

    test('of training suffice', async () => {
      const role = as('prod-training', /TaskRole/);
      const args = ['train', ...QUICK_TRAINING, '--json'];
      const { code, stdout } = await run('training', ...args);
      expect(code).toBe(0);
      expectExact(role);
      anybody();
      const promote = ['models', 'promote', JSON.parse(stdout).modelVersion, '--reason', 'test'];
      expect(await run('anybody', ...promote)).toMatchObject({ code: 0 });
    });

    test('of features with forecasts on the schedule suffice', async () => {
      const role = as('prod-features', /TaskRole/);
      const once = ['schedule', '--only', 'features', '--once'];
      await publish(-25);
      expect(await run('features', ...once)).toMatchObject({ code: 7 });
      await publish(2);
      await expectAsPriced('features', 'features', ...once);
      await abortUpload(role, DATA, PART);
      expectExact(role);
    });

    test('of a shard of a batch suffice', async () => {
      const role = as('everything-batch', /Role/);
      const issuedAt = new Date(Date.now()).toISOString();
      const shard = ['forecast', '--shard', '1/2', '--issued-at', issuedAt];
      await expectAsPriced('shard', 'batch', ...shard);
      await abortUpload(role, PART);
      expectExact(role);
    });

    test('of monitoring allow to score, train and compact', async () => {
      anybody();
      const store = openStore(`s3://${fake.bucket}`);
      const at = Math.floor(Date.now() / HOUR - 30) * HOUR;
      await openActualsLog({ store, domain: 'electricity' }).append({
        ...{ receivedAt: Date.now(), frequencyMinutes: 60, client: null, idempotencyKey: null },
        actuals: [{ seriesId: 'AEP', start: at, values: [1000] }],
      });
      const since = new Date(Math.floor(Date.now() / HOUR) * HOUR - 10 * 24 * HOUR).toISOString();
      const past = ['forecast', '--since', since, '--every', '12'];
      expect(await run('anybody', ...past)).toMatchObject({ code: 0 });
      const role = as('prod-monitoring', /TaskRole/);
      const once = ['schedule', '--only', 'monitoring', '--once'];
      await expectAsPriced('monitoring', 'monitoring', ...once);
      // The policy trains by the same code; here it has no reason to.
      const args = ['train', ...QUICK_TRAINING];
      expect(await run('monitoring', ...args)).toMatchObject({ code: 0 });
      await abortUpload(role, PART);
      expectExact(role);
    });

    /** A service with the role of a stack, asked; `headers` go with each request. */
    async function serve(
      name: string,
      settings: Record<string, string>,
      headers: Record<string, string> = {},
    ): Promise<{ role: Enforced; posted: string }> {
      const role = as(name, /^Role/);
      const temporary = path.join(folder, `lambda-${name}`);
      await mkdir(temporary);
      const { HEADWAY_STORE, HEADWAY_DOMAIN } = environment(name);
      const instance = await startLambda({
        folder: path.join(place(), 'lambda'),
        temporary,
        environment: {
          ...{ HEADWAY_STORE, HEADWAY_DOMAIN, HEADWAY_STALE_AFTER: '0' },
          ...{ ...credentials(), ...settings },
        },
      });
      try {
        const ask = (method: string, url: string, more: object = {}) => {
          const event = httpApiEvent(method, url);
          const sent = { ...event.headers, ...headers, 'content-type': 'application/json' };
          return instance.invoke({ ...event, headers: sent, ...more });
        };
        const { statusCode, body } = await ask('GET', '/v1/series/AEP/forecast?horizon=24');
        expect([statusCode, JSON.parse(body).fallback]).toEqual([200, undefined]);
        for (const url of [
          '/v1/decisions',
          '/v1/models',
          '/v1/series',
          '/v1/jobs',
          '/v1/monitoring',
        ])
          expect(await ask('GET', url)).toMatchObject({ statusCode: 200 });
        const start = new Date(Math.floor(Date.now() / HOUR - 2) * HOUR).toISOString();
        const actuals = JSON.stringify({ actuals: [{ seriesId: 'AEP', start, values: [1000] }] });
        return { role, posted: (await ask('POST', '/v1/actuals', { body: actuals })).body };
      } finally {
        await instance.stop();
      }
    }

    test('of the service suffice, with posted actuals and with keys', async () => {
      const open = await serve('everything-inference', { HEADWAY_ACTUALS: 'on' });
      expect(JSON.parse(open.posted)).toMatchObject({ isNew: true, values: 1 });
      expectExact(open.role);

      anybody();
      const log = openKeyLog({ store: openStore(`s3://${fake.bucket}`), domain: 'electricity' });
      const owner = { name: 'x', scopes: SCOPE_NAMES, requestsPerMinute: null, expiresAt: null };
      const { key, record } = makeKey({ ...owner, createdAt: 0 }, newSecret);
      await log.publish(0, () => [record]);
      const bearer = { authorization: `Bearer ${key}` };
      const keyed = await serve('prod-inference', { HEADWAY_API_KEYS: 'store' }, bearer);
      expect(JSON.parse(keyed.posted)).toMatchObject({ code: 'ACTUALS_OFF' });
      expectExact(keyed.role);
    });
  });
}
