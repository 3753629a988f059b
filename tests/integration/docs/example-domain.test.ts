/**
 * Purpose: the domain of docs/fork.md goes the end-to-end run: raw lines with dirt in them,
 * features, a model, a forecast.
 */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { restoreNetwork } from '../../../forecasting/models/network/forecaster.ts';
import { targetOf, timestampAt } from '../../../forecasting/panel/panel.ts';
import { fixedClock } from '../../../platform/clock.ts';
import { silentProgress } from '../../../platform/progress.ts';
import { silentLogger } from '../../../platform/telemetry/logger.ts';
import { startTensorBackend } from '../../../platform/tensorflow/tensor-backend.ts';
import { runFeatures } from '../../../services/feature/run.ts';
import { issueForecasts } from '../../../services/inference/batch/issue-forecasts.ts';
import { train } from '../../../services/training/train.ts';
import { defaultTrainingConfig } from '../../../services/training/training-config.ts';
import { openFeatureStore } from '../../../storage/features/feature-store.ts';
import { openModelRegistry } from '../../../storage/models/model-registry.ts';
import { fileObjectStore } from '../../../storage/objects/file-object-store.ts';
import { shops } from '../../../tools/example-domain/definition.ts';

const DAYS = 100;
const HOUR = 3_600_000;
/** A Monday in summer: Berlin is two hours ahead of UTC all the time. */
const FIRST = Date.UTC(2025, 4, 5, 0) - 2 * HOUR;

describe('domain of docs/fork.md', () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'headway-fork-'));
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  const open = () => {
    const clock = fixedClock(FIRST + (DAYS + 1) * 24 * HOUR);
    const store = fileObjectStore(join(folder, 'store'));
    const context = { rawFolder: folder, clock, logger: silentLogger, progress: silentProgress };
    return {
      ...context,
      domain: shops,
      features: openFeatureStore({ store, domain: shops.name, clock }),
      registry: openModelRegistry({ store, domain: shops.name, clock }),
      source: () => shops.openSource(join(folder, 'orders'), context),
    };
  };

  /** Orders in an hour: shop 1 by day, more at noon; shop 2 one at 9 o'clock on weekdays. */
  const ordersIn = (shop: string, hour: number, weekday: number): number =>
    shop === '1' ? Math.max(0, 4 - Math.abs(12 - hour)) : hour === 9 && weekday < 5 ? 1 : 0;

  test('counts orders, accounts for every line, and a second run changes nothing', async () => {
    await mkdir(join(folder, 'orders'));
    const files = [[], []] as string[][];
    let id = 0;
    for (let day = 0; day < DAYS; day++) {
      for (let hour = 0; hour < 24; hour++) {
        for (const shop of ['1', '2']) {
          for (let n = ordersIn(shop, hour, day % 7); n > 0; n--) {
            const local = new Date(FIRST + 2 * HOUR + (day * 24 + hour) * HOUR + n * 60_000)
              .toISOString()
              .slice(0, 19);
            files[day < 30 ? 0 : 1]?.push(`${++id},${shop},${local.replace('T', ' ')}`);
          }
        }
      }
    }
    // A duplicate, no time, no shop.
    files[1]?.push(files[1].at(-1) as string, 'x1,1,soon', 'x2, ,2025-06-10 12:00:00');
    for (const [i, lines] of files.entries())
      await writeFile(
        join(folder, 'orders', `orders-${i}.csv`),
        `order_id,shop,placed_at\n${lines.join('\n')}\n`,
      );

    const { source, features, ...rest } = open();
    const run = async () =>
      runFeatures({ ...rest, source: await source(), features, workFolder: join(folder, 'work') });
    const first = await run();
    expect(first.parts).toMatchObject([
      { rowsIn: id + 3, rowsUsed: id, rejected: { duplicate: 1, bad_time: 1, missing_series: 1 } },
    ]);
    expect((await run()).changed).toBe(false);

    const panel = await features.readAsOf();
    expect(panel.seriesIds).toEqual(['1', '2']);
    for (const [series, shop] of panel.seriesIds.entries()) {
      const expected = Array.from({ length: panel.length }, (_, t) => {
        const hours = (timestampAt(panel, t) - FIRST) / HOUR;
        return ordersIn(shop, hours % 24, Math.floor(hours / 24) % 7);
      });
      expect(Array.from(targetOf(panel, series))).toEqual(expected);
    }
  });

  test('trains and forecasts every shop', async () => {
    await startTensorBackend(silentLogger, 'wasm', 'training');
    const { domain, features, registry, clock, logger, progress } = open();
    const fit = { ...defaultTrainingConfig.fit, steps: 3, batchSize: 32 };
    const { card } = await train({
      ...{ domain, features, registry, clock, logger, progress },
      config: { ...defaultTrainingConfig, fit },
      seed: 7,
      backend: 'wasm',
      drawVerdict: () => '<svg/>',
    });
    // Three batches teach nothing, and the weeks repeat exactly: the gate is right to refuse it.
    await registry.promote({
      modelVersion: card.modelVersion,
      reason: 'for the test',
      evidence: null,
    });
    const { entry } = await issueForecasts({
      ...{ domain, features, registry, restoreForecaster: restoreNetwork, issuedAt: clock.now() },
    });
    expect(entry).toMatchObject({ seriesIds: ['1', '2'], horizon: 24, quantiles: [0.1, 0.5, 0.9] });
    expect(entry.values).toHaveLength(2 * 3 * 24);
    expect(entry.values.every((value) => Number.isFinite(value) && value >= 0)).toBe(true);
  });

  test('reports what is expected if the folder is missing or holds no CSV', async () => {
    const { rawFolder, clock, logger, progress } = open();
    const context = { rawFolder, clock, logger, progress };
    await expect(shops.openSource(join(folder, 'nowhere'), context)).rejects.toMatchObject({
      code: 'SOURCE_NOT_FOUND',
    });
    await expect(shops.openSource(join(folder, 'store'), context)).rejects.toMatchObject({
      code: 'SOURCE_INVALID',
    });
  });
});
