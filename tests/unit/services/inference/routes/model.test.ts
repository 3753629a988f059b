/** Purpose: what is served, in one response. */
import { expect, test } from '@jest/globals';
import { CUTOFF, createFixture, IDS } from '../../../../fakes/inference.ts';

test('names champion, promotion, snapshot and figures', async () => {
  const app = await createFixture().build();
  const response = (await app.inject('/v1/model')).json();
  expect(response.model).toMatchObject({
    modelVersion: 'model-1',
    horizon: 24,
    minimumHistory: 3,
    backend: 'wasm',
  });
  expect(response.model.metrics.all.network.mae).toBe(0.667);
  expect(response.promotion).toMatchObject({ number: 1, kind: 'promoted' });
  expect(response.snapshot).toMatchObject({
    snapshotVersion: '1-0f1e2d3c4b5a',
    cutoff: new Date(CUTOFF).toISOString(),
    series: IDS.length,
  });
  expect(response.domain).toMatchObject({
    timeZone: 'America/New_York',
    seasonLengths: [24, 168],
  });
  await app.close();
});
