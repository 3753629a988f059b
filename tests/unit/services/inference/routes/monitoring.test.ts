/** Purpose: what monitoring found, and what ran, over HTTP: also where there is nothing of it. */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { fixedClock } from '../../../../../platform/clock.ts';
import { HeadwayError } from '../../../../../platform/errors.ts';
import { newSecret } from '../../../../../platform/secrets.ts';
import { silentLogger } from '../../../../../platform/telemetry/logger.ts';
import { makeKey } from '../../../../../services/inference/access/key.ts';
import { formatKeys } from '../../../../../services/inference/access/key-file.ts';
import { openApiKeys } from '../../../../../services/inference/access/open-keys.ts';
import { SCOPE_NAMES, type Scope } from '../../../../../services/inference/access/scopes.ts';
import type { App } from '../../../../../services/inference/plugins/app.ts';
import { openJobLog } from '../../../../../storage/jobs/job-log.ts';
import { createFixture, HOUR, NOW } from '../../../../fakes/inference.ts';
import { memoryObjectStore } from '../../../../fakes/memory-object-store.ts';
import { publish, score, sourcesOf } from '../../../../fixtures/published.ts';

const iso = (ms: number) => new Date(ms).toISOString();
const ROUTES = ['/v1/monitoring', '/v1/jobs', '/v1/series/74/record', '/v1/actuals'];

describe('monitoring routes after a check', () => {
  const store = memoryObjectStore();
  let app: App;
  beforeAll(async () => {
    await publish(store);
    for (const [job, at] of [
      ['training', NOW - 2 * HOUR],
      ['features', NOW - HOUR],
    ] as const) {
      const clock = fixedClock(at);
      const log = openJobLog({ store, domain: 'demo', job, clock });
      const lease = await log.claim({ slot: at, owner: 'host-1 pid 7', leaseMs: 60_000 });
      clock.advance(2500);
      await lease.end(
        job === 'features' ? 'ok' : 'failed',
        job === 'features' ? undefined : 'full',
      );
    }
    app = await createFixture().build({ monitoring: sourcesOf(store) });
  });
  afterAll(() => app.close());

  test('GET /v1/monitoring has scores, verdicts with evidence and freshness', async () => {
    const body = (await app.inject('/v1/monitoring?limit=1')).json();
    expect([body.state, body.unit, body.timeZone]).toEqual([
      'checked',
      'orders per hour',
      'America/New_York',
    ]);
    const { overview } = body;
    expect(overview).toMatchObject({
      ...{ checkedAt: iso(NOW), check: 7, champion: 'model-1', pending: 3, served: score(0.25) },
      freshness: { forecastAt: iso(NOW - HOUR), scoredUntil: null },
      forecasters: [{ place: 'champion', modelVersion: 'model-1', skill: 0.25 }],
      verdicts: [
        {
          ...{ name: 'level', since: iso(NOW - 24 * HOUR), endedAt: null, seriesIds: ['75'] },
          evidence: { statistic: 'factor' },
        },
      ],
    });
    expect(overview.hoursOfWeek).toHaveLength(168);
    const { total, worst, best, largest } = overview.series;
    const ids = [worst, best, largest].map((all) =>
      all.map((one: { seriesId: string }) => one.seriesId),
    );
    expect([total, ids]).toEqual([4, [['a/b'], ['74'], ['75']]]);
    expect(best[0].title).toBe('North Harbour');
  });

  test('GET /v1/jobs lists runs, the newest first, and not where they ran', async () => {
    const { runs } = (await app.inject('/v1/jobs')).json();
    expect(runs).toEqual([
      {
        ...{ job: 'features', slot: iso(NOW - HOUR), startedAt: iso(NOW - HOUR), attempt: 1 },
        ...{ state: 'ok', tookSeconds: 2.5, problem: null },
      },
      {
        ...{ job: 'training', slot: iso(NOW - 2 * HOUR), startedAt: iso(NOW - 2 * HOUR) },
        ...{ attempt: 1, state: 'failed', tookSeconds: 2.5, problem: 'full' },
      },
    ]);
    expect((await app.inject('/v1/jobs?limit=1')).json().runs).toEqual([runs[0]]);
  });

  test.each(ROUTES)('%s responds 304 without a change', async (url) => {
    const { etag } = (await app.inject(url)).headers;
    const again = await app.inject({ url, headers: { 'if-none-match': String(etag) } });
    expect([again.statusCode, again.body]).toEqual([304, '']);
  });

  test.each([
    '/v1/monitoring?limit=0',
    '/v1/monitoring?days=3',
    '/v1/jobs?limit=201',
    '/v1/jobs?limit=x',
  ])('refuses %s', async (url) => {
    const reply = await app.inject(url);
    expect([reply.statusCode, reply.json().code]).toEqual([400, 'REQUEST_INVALID']);
  });
});

test('replies are empty without a check and without monitoring', async () => {
  for (const more of [{}, { monitoring: sourcesOf(memoryObjectStore()) }]) {
    const app = await createFixture().build(more);
    const monitoring = await app.inject('/v1/monitoring');
    expect(monitoring.statusCode).toBe(200);
    expect(monitoring.json()).toMatchObject({ state: 'none', overview: null });
    expect((await app.inject('/v1/jobs')).json()).toEqual({ runs: [] });
    await app.close();
  }
});

test('responds 503 while the store is away, and reads it once in 15 s', async () => {
  let [reads, isAway] = [0, true];
  const away = async <T>(reply: T) => {
    reads++;
    if (isAway) throw new HeadwayError('STORE_UNAVAILABLE', 'the store is away');
    return reply;
  };
  const { build, clock } = createFixture();
  const app = await build({
    monitoring: {
      overviews: { newest: () => away(null) },
      records: { read: () => away([]) },
      jobs: { runs: () => away([]) },
    },
  });
  const statuses = async () =>
    Promise.all(ROUTES.slice(0, 3).map(async (url) => (await app.inject(url)).statusCode));
  expect(await statuses()).toEqual([503, 503, 503]);
  isAway = false;
  expect(await statuses()).toEqual([200, 200, 200]);
  expect(await statuses()).toEqual([200, 200, 200]);
  expect(reads).toBe(6);
  clock.advance(16_000);
  await statuses();
  expect(reads).toBe(9);
  await app.close();
});

test('each route requires its scope', async () => {
  const keyOf = (scopes: readonly Scope[]) =>
    makeKey(
      { name: 'test', scopes, requestsPerMinute: null, createdAt: NOW, expiresAt: null },
      newSecret,
    );
  const [all, forecasts, models] = [
    keyOf(SCOPE_NAMES),
    keyOf(['forecasts:read']),
    keyOf(['models:read']),
  ];
  const { build, clock } = createFixture();
  const records = [all, forecasts, models].map(({ record }) => record);
  const apiKeys = await openApiKeys(formatKeys(records), { clock, logger: silentLogger });
  const app = await build({ apiKeys, monitoring: sourcesOf(memoryObjectStore()) });
  const statuses = async (key: string | null) => {
    const headers = key === null ? {} : { authorization: `Bearer ${key}` };
    return Promise.all(ROUTES.map(async (url) => (await app.inject({ url, headers })).statusCode));
  };
  expect(await statuses(null)).toEqual([401, 401, 401, 401]);
  expect(await statuses(all.key)).toEqual([200, 200, 200, 200]);
  expect(await statuses(models.key)).toEqual([200, 200, 403, 403]);
  expect(await statuses(forecasts.key)).toEqual([403, 403, 200, 200]);
  await app.close();
});
