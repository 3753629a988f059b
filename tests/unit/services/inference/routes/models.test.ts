/**
 * Purpose: the history of models and promotions, in pages, from a store that is asked seldom and
 * may be away.
 */
import { expect, test } from '@jest/globals';
import { HeadwayError } from '../../../../../platform/errors.ts';
import { createFixture, HOUR, NOW } from '../../../../fakes/inference.ts';

test('lists every model newest first, with the decisions about it', async () => {
  const app = await createFixture({ champion: 'model-1' }).build();
  const { models, total, nextCursor } = (await app.inject('/v1/models')).json();
  expect([total, nextCursor]).toEqual([4, null]);
  expect(models.map(({ modelVersion }: { modelVersion: string }) => modelVersion)).toEqual([
    'model-4',
    'model-3',
    'model-2',
    'model-1',
  ]);
  expect(models[3]).toMatchObject({
    isChampion: true,
    forecaster: 'network',
    quantiles: [0.1, 0.5, 0.9],
    horizon: 24,
  });
  expect(models[3].history).toEqual([
    { number: 1, at: new Date(NOW - 5 * HOUR).toISOString(), kind: 'promoted', reason: 'reason 1' },
    { number: 5, at: new Date(NOW - HOUR).toISOString(), kind: 'promoted', reason: 'reason 5' },
  ]);
  expect(models[1]).toMatchObject({ isChampion: false, history: [{ kind: 'rejected' }] });
  await app.close();
});

test('pages join without a gap; a foreign cursor is refused', async () => {
  const app = await createFixture().build();
  const seen: string[] = [];
  let cursor = '';
  do {
    const page = (await app.inject(`/v1/models?limit=3${cursor && `&cursor=${cursor}`}`)).json();
    seen.push(...page.models.map(({ modelVersion }: { modelVersion: string }) => modelVersion));
    cursor = page.nextCursor ?? '';
  } while (cursor);
  expect(seen).toEqual(['model-4', 'model-3', 'model-2', 'model-1']);
  const wrong = await app.inject('/v1/models?cursor=abc');
  expect([wrong.statusCode, wrong.json().code]).toEqual([400, 'REQUEST_INVALID']);
  await app.close();
});

test('responds 304 until a decision is made, and refreshes after a while', async () => {
  const { fixture, build, clock } = createFixture();
  const app = await build();
  const { etag } = (await app.inject('/v1/models')).headers;
  const again = () => app.inject({ url: '/v1/models', headers: { 'if-none-match': String(etag) } });
  expect((await again()).statusCode).toBe(304);
  for (const known of [String(etag).slice(2), `"other", ${etag}`, '*']) {
    expect(
      (await app.inject({ url: '/v1/models', headers: { 'if-none-match': known } })).statusCode,
    ).toBe(304);
  }
  fixture.promotions = [
    ...fixture.promotions,
    { ...fixture.promotions[0], number: 6, kind: 'rolled-back' },
  ];
  expect((await again()).statusCode).toBe(304);
  clock.advance(15_000);
  expect((await again()).statusCode).toBe(200);
  await app.close();
});

test('responds 503 until the first read succeeds, later with the last good list', async () => {
  const { fixture, build, clock } = createFixture();
  const app = await build();
  fixture.broken = { list: new HeadwayError('STORE_CORRUPT', 'a card is torn') };
  const nothing = await app.inject('/v1/models');
  expect([nothing.statusCode, nothing.json().code]).toEqual([503, 'STORE_CORRUPT']);
  fixture.broken = {};
  const good = await app.inject('/v1/models');
  fixture.broken = { list: new HeadwayError('STORE_UNAVAILABLE', 'away') };
  clock.advance(60_000);
  expect((await app.inject('/v1/models')).body).toBe(good.body);
  await app.close();
});
