/** Purpose: each service does its work without the packages that its image leaves out. */
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { temporaryPlace } from '../../fixtures/cli/cli-worker.ts';
import { endAll, headway, startHeadway } from '../../fixtures/cli/headway-process.ts';
import {
  packagesWithout,
  type SERVICES,
  stagesOf,
  textOf,
} from '../../fixtures/delivery/delivery-files.ts';
import { whenNotBusy } from '../../fixtures/waiting.ts';

const stages = stagesOf();
const HOOK = new URL('../../fixtures/delivery/refuse-packages.js', import.meta.url).href;

let place: Awaited<ReturnType<typeof temporaryPlace>>;
beforeAll(async () => {
  place = await temporaryPlace();
});
afterAll(async () => {
  await endAll();
  await place.remove();
});

/**
 * The environment in which a process sees what the image of this target holds; the native backend
 * is in none.
 */
const inside = (target: (typeof SERVICES)[number]) => ({
  ...place.env,
  NODE_OPTIONS: `--import ${HOOK}`,
  REFUSED_PACKAGES: [...packagesWithout(stages, target), 'tfjs-node-native'].join(','),
});

test('images omit only dependencies, and inference has no SQL engine and no data frames', () => {
  const { dependencies } = JSON.parse(textOf('package.json'));
  for (const target of ['training', 'inference'] as const) {
    expect(packagesWithout(stages, target).filter((name) => !(name in dependencies))).toEqual([]);
  }
  expect(packagesWithout(stages, 'features')).toEqual([]);
  expect(packagesWithout(stages, 'training')).toEqual(
    expect.arrayContaining(['danfojs-node', 'axios']),
  );
  expect(packagesWithout(stages, 'inference')).toEqual(
    expect.arrayContaining(['danfojs-node', 'axios', '@duckdb/node-api']),
  );
});

test('features fail without an SQL engine, because the hook refuses it', async () => {
  const { code, stderr } = await headway(['features', 'run'], inside('inference'));
  expect([code === 0, stderr]).toEqual([
    false,
    expect.stringContaining('refused: @duckdb/node-api'),
  ]);
});

test('features, training and inference run, each in its image', async () => {
  const done = { code: 0, signal: null };
  expect(
    await headway(['schedule', '--only', 'features', '--once'], inside('features')),
  ).toMatchObject(done);

  const trained = await headway(
    ['train', '--steps', '1', '--test-days', '14', '--json'],
    inside('training'),
  );
  expect(trained).toMatchObject(done);
  const { modelVersion } = JSON.parse(trained.stdout);
  expect(await headway(['models', 'promote', modelVersion], inside('training'))).toMatchObject(
    done,
  );

  const service = startHeadway(['serve', '--port', '0'], inside('inference'));
  const [, url] = await service.until(/on (http:\/\/[\d.]+:\d+)/);
  const { series } = (await (await whenNotBusy(`${url}/v1/series`)).json()) as {
    series: { seriesId: string }[];
  };
  const id = series[0]!.seriesId;
  for (const path of [
    `series/${id}/forecast`,
    `series/${id}/explanation`,
    'forecasts?horizon=1',
    'model',
    'models',
  ]) {
    expect([path, (await whenNotBusy(`${url}/v1/${path}`)).status]).toEqual([path, 200]);
  }
  for (const path of ['/', '/docs', '/metrics', '/openapi.json', '/health/ready']) {
    expect([path, (await whenNotBusy(url + path)).status]).toEqual([path, 200]);
  }
  expect(await (await fetch(`${url}/health/ready`)).json()).toMatchObject({
    status: 'ready',
    modelVersion,
  });
  service.kill('SIGTERM');
  expect(await service.ended).toMatchObject(done);
});
