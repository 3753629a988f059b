/**
 * Purpose: what is served changes whole or not at all, and whatever breaks, the last good state
 * goes on.
 * Invariants: the numbers of a response always belong to the model and the snapshot that it names.
 * Fails: with the response that mixed them.
 */
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { HeadwayError } from '../../../../../platform/errors.ts';
import { createFixture, IDS, LENGTH, panelOf, weeklyNaive } from '../../../../fakes/inference.ts';
import { runs } from '../../../../fixtures/property-runs.ts';

const corrupt = () =>
  new HeadwayError('MODEL_CORRUPT', 'weights.bin does not match its hash', { fix: 'Roll back.' });

describe('serving state', () => {
  test('is live but not ready with nothing to serve, and data routes name the reason', async () => {
    for (const [changes, code] of [
      [{ snapshot: 0 }, 'SNAPSHOT_EMPTY'],
      [
        { broken: { online: new HeadwayError('STORE_CORRUPT', 'torn', { where: 'k' }) } },
        'STORE_CORRUPT',
      ],
      [{ broken: { head: new Error('boom at /home/somebody') } }, 'INTERNAL'],
      [{ ids: ['dead'] }, 'SNAPSHOT_EMPTY'],
    ] as const) {
      const app = await createFixture(changes).build();
      expect((await app.inject('/health/live')).statusCode).toBe(200);
      for (const url of ['/health/ready', '/v1/series', '/v1/series/74/forecast', '/v1/model']) {
        const response = await app.inject(url);
        expect([url, response.statusCode, response.json().status, response.json().code]).toEqual([
          url,
          503,
          503,
          code,
        ]);
        expect(response.body).not.toContain('somebody');
      }
      expect((await app.inject('/')).statusCode).toBe(200);
      await app.close();
    }
  });

  test('becomes ready once a model is there', async () => {
    const { fixture, build } = createFixture({ champion: null });
    const app = await build();
    fixture.champion = 'model-2';
    expect(await app.serving.refresh()).toBe('changed');
    expect((await app.inject('/health/ready')).json().modelVersion).toBe('model-2');
    expect(await app.serving.refresh()).toBe('unchanged');
    expect(fixture.loads).toBe(1);
    await app.close();
  });

  test('keeps the good model for a corrupt challenger, takes new data and shows it', async () => {
    const { fixture, build } = createFixture();
    const app = await build();
    Object.assign(fixture, {
      champion: 'model-2',
      promotion: 2,
      snapshot: 5,
      broken: { load: corrupt() },
    });
    expect(await app.serving.refresh()).toBe('failed');
    const ready = await app.inject('/health/ready');
    expect(ready.statusCode).toBe(200);
    expect(ready.json()).toMatchObject({
      modelVersion: 'model-1',
      snapshotVersion: '5-0f1e2d3c4b5a',
      refreshFailure: { code: 'MODEL_CORRUPT' },
    });
    expect((await app.inject('/metrics')).body).toContain(
      'headway_refresh_total{outcome="failed"} 1',
    );
    fixture.broken = {};
    expect(await app.serving.refresh()).toBe('changed');
    expect((await app.inject('/health/ready')).json()).toMatchObject({
      modelVersion: 'model-2',
      refreshFailure: null,
    });
    await app.close();
  });

  test('does not serve a challenger with implausible forecasts', async () => {
    const { fixture, build } = createFixture();
    const app = await build();
    fixture.makeForecaster = () => ({
      ...weeklyNaive(),
      predict: (panel) => new Float32Array(panel.seriesIds.length * 72).fill(Infinity),
    });
    Object.assign(fixture, { champion: 'model-2', promotion: 2, snapshot: 2 });
    expect(await app.serving.refresh()).toBe('failed');
    expect((await app.inject('/v1/series/74/forecast')).json()).toMatchObject({
      modelVersion: 'model-1',
      snapshotVersion: '2-0f1e2d3c4b5a',
    });
    await app.close();
  });

  test('keeps the last good snapshot if the next is corrupt or the store is away', async () => {
    const { fixture, build } = createFixture();
    const app = await build();
    const before = (await app.inject('/v1/series/74/forecast')).json();
    for (const broken of [
      { online: new HeadwayError('STORE_CORRUPT', 'torn') },
      { head: new Error('away') },
      { champion: new Error('away') },
    ]) {
      fixture.snapshot = broken.online ? 2 : 1;
      fixture.broken = broken;
      expect(await app.serving.refresh()).toBe('failed');
      const { fallback, ...after } = (await app.inject('/v1/series/74/forecast')).json();
      expect(after).toEqual(before);
      expect(fallback.reason).toBe(broken.champion ? 'MODEL_UNAVAILABLE' : 'FEATURES_UNAVAILABLE');
    }
    await app.close();
  });

  test('shows a second promotion of the same model without loading it again', async () => {
    const { fixture, build } = createFixture();
    const app = await build();
    const { etag } = (await app.inject('/v1/model')).headers;
    fixture.promotion = 9;
    expect(await app.serving.refresh()).toBe('changed');
    const model = await app.inject('/v1/model');
    expect(model.json().promotion.number).toBe(9);
    expect(model.headers.etag).not.toBe(etag);
    expect(fixture.loads).toBe(1);
    await app.close();
  });

  test('no response mixes versions, whatever the order of refreshes and requests', async () => {
    const { target } = panelOf(IDS, 1).columns;
    const lastWeek = target[LENGTH - 168];
    await fc.assert(
      fc.asyncProperty(
        fc.scheduler(),
        fc.array(fc.constantFrom('model', 'snapshot', 'refresh', 'get', 'post'), {
          minLength: 5,
          maxLength: 25,
        }),
        async (scheduler, actions) => {
          // Close to one another, so that no model goes beyond what the history allows.
          const scaleOf = (version: string) => 1 + Number(version.split('-')[1]) / 50;
          const { fixture, build } = createFixture({
            makeForecaster: (version) => weeklyNaive(scaleOf(version)),
          });
          const app = await build();
          fixture.pause = () => scheduler.schedule(Promise.resolve());
          const check = (one: {
            modelVersion: string;
            snapshotVersion: string;
            quantiles: Record<string, number[]>;
          }) => {
            const level = 10 * Number.parseInt(one.snapshotVersion, 10);
            const scale = scaleOf(one.modelVersion);
            expect(one.quantiles['0.5'][0] / (lastWeek * level * scale)).toBeCloseTo(1, 4);
          };
          const running: Promise<unknown>[] = [];
          for (const action of actions) {
            if (action === 'model') fixture.champion = `model-${++fixture.promotion}`;
            if (action === 'snapshot') fixture.snapshot++;
            if (action === 'refresh') running.push(app.serving.refresh());
            if (action === 'get') {
              const got = app.inject('/v1/series/74/forecast?horizon=1');
              running.push(
                got.then((response) => {
                  check(response.json());
                  const { modelVersion, snapshotVersion } = response.json();
                  expect(response.headers.etag).toContain(modelVersion);
                  expect(response.headers.etag).toContain(snapshotVersion);
                }),
              );
            }
            if (action === 'post') {
              const got = app.inject({
                method: 'POST',
                url: '/v1/forecasts',
                payload: { seriesIds: ['74'], horizon: 1 },
              });
              running.push(got.then((response) => check(response.json().forecasts[0])));
            }
            if (scheduler.count() > 0) await scheduler.waitOne();
          }
          await Promise.all([scheduler.waitIdle(), ...running]);
          await app.close();
        },
      ),
      { numRuns: runs(10), seed: 5 },
    );
  }, 60_000);
});
