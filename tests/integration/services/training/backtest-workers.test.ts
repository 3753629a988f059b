/** Purpose: a backtest in two processes gives the bits of one. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { fixedClock } from '../../../../platform/clock.ts';
import { silentProgress } from '../../../../platform/progress.ts';
import { silentLogger } from '../../../../platform/telemetry/logger.ts';
import { backtest } from '../../../../services/training/backtest/run.ts';
import { startBackend } from '../../../fixtures/toy-network.ts';
import { learnable, toyConfig, toyDomain } from '../../../fixtures/toy-store.ts';

let folder: string;
beforeAll(async () => {
  await startBackend();
  folder = await mkdtemp(join(tmpdir(), 'headway-backtest-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

test('two processes give the same bits as one', async () => {
  const run = (workers: number) =>
    backtest({
      domain: toyDomain,
      panel: learnable(),
      config: { ...toyConfig, fit: { ...toyConfig.fit, steps: 12 } },
      seed: 1,
      backend: 'wasm',
      refitDays: 11,
      workers,
      cores: 2,
      folder: join(folder, String(workers)),
      logger: silentLogger,
      progress: silentProgress,
      clock: fixedClock(0),
    });
  const [one, two] = [await run(1), await run(2)];
  expect([one.workers, two.workers, one.segments.length]).toEqual([1, 2, 2]);
  expect(two.result).toEqual(one.result);
});
