/** Purpose: what served at a time, and why, over HTTP, from a store that is asked seldom. */
import { expect, test } from '@jest/globals';
import { HeadwayError } from '../../../../../platform/errors.ts';
import { openDecisionLog } from '../../../../../storage/decisions/decision-log.ts';
import { createFixture, HOUR, NOW } from '../../../../fakes/inference.ts';
import { memoryObjectStore } from '../../../../fakes/memory-object-store.ts';

const iso = (ms: number) => new Date(ms).toISOString();

async function fixtureWithDecisions() {
  const store = memoryObjectStore();
  const log = openDecisionLog({ store, domain: 'demo' });
  for (const [i, kind] of (['retrain', 'challenge', 'promote'] as const).entries())
    await log.append({
      ...{ at: NOW - (3 - i) * HOUR, kind, actor: 'policy', modelVersion: 'model-1' },
      ...{ before: 'model-1', after: 'model-1', reason: `reason of ${kind}`, policyHash: 'abc' },
      ...{
        evidence: { skill: 0.25, verdicts: [{ name: 'level' }] },
        promotion: i === 2 ? 5 : null,
      },
    });
  let reads = 0;
  const decisions = {
    recent: (query: { at?: number; limit: number }) => {
      reads++;
      return log.recent(query);
    },
  };
  const made = createFixture({ champion: 'model-1' });
  const app = await made.build({ decisions });
  return { ...made, app, store, reads: () => reads };
}

test('returns the champion of a time and the decisions until then with their evidence', async () => {
  const { app } = await fixtureWithDecisions();
  const now = (await app.inject('/v1/decisions')).json();
  expect(now).toMatchObject({
    at: null,
    served: { modelVersion: 'model-1', since: iso(NOW - HOUR), promotion: 5, reason: 'reason 5' },
    decisions: [{ kind: 'promote' }, { kind: 'challenge' }, { kind: 'retrain' }],
  });
  expect(now.decisions[0]).toEqual({
    ...{ number: 3, at: iso(NOW - HOUR), kind: 'promote', actor: 'policy', promotion: 5 },
    ...{ modelVersion: 'model-1', before: 'model-1', after: 'model-1', policyHash: 'abc' },
    ...{ reason: 'reason of promote', evidence: { skill: 0.25, verdicts: [{ name: 'level' }] } },
  });
  const at = iso(NOW - 2 * HOUR);
  const then = (await app.inject(`/v1/decisions?at=${at}&limit=1`)).json();
  expect(then).toMatchObject({ at, decisions: [{ kind: 'challenge' }] });
  const early = (await app.inject('/v1/decisions?at=2000-01-01T00:00:00Z')).json();
  expect(early).toMatchObject({ served: null, decisions: [] });
  await app.close();
});

test('refuses an invalid time, a limit out of range and an unknown parameter', async () => {
  const { app } = await fixtureWithDecisions();
  const wrong = ['at=2024-02-30T00:00:00Z', 'at=yesterday', 'limit=0', 'limit=201', 'from=1'];
  for (const query of wrong) {
    const reply = await app.inject(`/v1/decisions?${query}`);
    expect([query, reply.statusCode, reply.json().code]).toEqual([query, 400, 'REQUEST_INVALID']);
  }
  await app.close();
});

test('reads the store once in 15 s and responds 304 without a change', async () => {
  const { app, clock, reads } = await fixtureWithDecisions();
  const { etag } = (await app.inject('/v1/decisions')).headers;
  const again = await app.inject({
    url: '/v1/decisions',
    headers: { 'if-none-match': String(etag) },
  });
  expect([again.statusCode, reads()]).toEqual([304, 1]);
  clock.advance(16_000);
  await app.inject('/v1/decisions');
  expect(reads()).toBe(2);
  await app.close();
});

test('responds 503 while the store is away; without a log there are no decisions', async () => {
  let isAway = true;
  const decisions = {
    recent: async () => {
      if (isAway) throw new HeadwayError('STORE_UNAVAILABLE', 'the store is away');
      return [];
    },
  };
  const app = await createFixture().build({ decisions });
  expect((await app.inject('/v1/decisions')).statusCode).toBe(503);
  isAway = false;
  expect((await app.inject('/v1/decisions')).statusCode).toBe(200);
  await app.close();
  const without = await createFixture().build();
  expect((await without.inject('/v1/decisions')).json().decisions).toEqual([]);
  await without.close();
});
