/**
 * Purpose: one whole training on the native backend and on WASM, from the same store: `npm run
 * test:native`. It prints what each took, for docs/benchmarks.md.
 * Fails: as a test. Where the backend cannot be built it is skipped under a name that says why.
 */
import { cp } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { temporaryPlace } from '../fixtures/cli/cli-worker.ts';
import { skipped } from '../fixtures/skipped.ts';
import { headwayOn, nativeUnavailable, type Training } from './training.ts';

const SOURCE = 'city:months=2,places=20';
const TRAIN = ['train', '--steps', '200', '--test-days', '14', '--no-refit', '--json'];
/** Of the loss: sums in another order, through all steps of a training. */
const MAX_DIFFERENCE = 0.03;

interface Report {
  readonly outcome: string;
  readonly comparisons: readonly { readonly reference: string; readonly skill: number }[];
}

const unavailable = await nativeUnavailable();

if (unavailable !== null) skipped(`the native backend cannot be built: ${unavailable}`);
else
  test('native and WASM reach the same verdict with nearly the same skill', async () => {
    const place = await temporaryPlace();
    const environment = { ...place.env, HEADWAY_SOURCE: SOURCE, HEADWAY_LOG_LEVEL: 'info' };
    const costs = (name: string) => join(place.folder, 'costs', name);
    await headwayOn(costs('features'), environment, ['features', 'run', '--json']);
    const trainings = {} as Record<'native' | 'wasm', Training>;
    for (const backend of ['native', 'wasm'] as const) {
      const store = join(place.folder, backend);
      await cp(join(place.folder, 'store'), store, { recursive: true });
      trainings[backend] = await headwayOn(
        costs(backend),
        { ...environment, HEADWAY_STORE: `file:${store}` },
        [...TRAIN, '--backend', backend],
      );
      const { log, cpuSeconds, wallSeconds, peakMb } = trainings[backend];
      expect(log).toContain(`TensorFlow.js runs on the ${backend} backend`);
      console.info(
        `${backend}: ${cpuSeconds.toFixed(1)} s of CPU, ${wallSeconds.toFixed(1)} s, ` +
          `${peakMb.toFixed(0)} MB`,
      );
    }
    const [native, wasm] = [trainings.native, trainings.wasm].map(
      ({ report }) => report as unknown as Report,
    ) as [Report, Report];
    expect(native.outcome).toBe(wasm.outcome);
    for (const [index, { reference, skill }] of wasm.comparisons.entries()) {
      const other = native.comparisons[index];
      expect(other?.reference).toBe(reference);
      expect(Math.abs((other?.skill ?? 1) - skill)).toBeLessThan(MAX_DIFFERENCE);
    }
    await place.remove();
  });
