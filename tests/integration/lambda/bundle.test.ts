/**
 * Purpose: what stands in the Lambda bundle for libraries, against those: calendars from tables,
 * and the kernels of a prediction.
 */
import { execFile } from 'node:child_process';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import * as tf from '@tensorflow/tfjs-core';
import { build } from 'esbuild';
import { type CalendarPlace, createCalendar } from '../../../forecasting/features/calendar.ts';
import { networkForecaster } from '../../../forecasting/models/network/forecaster.ts';
import { calendarLibraries, tabledCalendar } from '../../../infra/lambda/bundle-calendar.ts';
import { KERNELS } from '../../../infra/lambda/bundle-shims.ts';
import { panelOf } from '../../fixtures/random-panels.ts';
import { temporaryFolder } from '../../fixtures/storage/features.ts';
import { fitToy, startBackend } from '../../fixtures/toy-network.ts';

const REPOSITORY = fileURLToPath(new URL('../../../', import.meta.url));
const NEW_YORK: CalendarPlace = {
  timeZone: 'America/New_York',
  holidays: { country: 'US', state: 'NY' },
};
let folder: string;
let remove: () => Promise<void>;
beforeAll(async () => {
  ({ folder, remove } = await temporaryFolder());
});
afterAll(() => remove());

test('calendars are the same from tables: within them, at and beyond their ends, and of places that they do not hold', async () => {
  const from = (year: number, month: number) => Date.UTC(year, month, 1);
  const asked: readonly (readonly [
    start: number,
    minutes: number,
    length: number,
    place: CalendarPlace,
  ])[] = [
    [from(2024, 9), 60, 24 * 300, NEW_YORK],
    [from(1999, 5), 60, 24 * 400, NEW_YORK],
    [from(2060, 0), 1440, 900, NEW_YORK],
    [from(2024, 0), 30, 5000, { timeZone: 'Australia/Lord_Howe', holidays: { country: 'AU' } }],
    [from(2024, 0), 60, 24, { timeZone: 'UTC', holidays: null }],
  ];
  const options = {
    bundle: true,
    platform: 'node',
    format: 'cjs',
    absWorkingDir: REPOSITORY,
    logLevel: 'error',
  } as const;
  const contents = `
    import { createCalendar } from './forecasting/features/calendar.ts';
    console.log(JSON.stringify(${JSON.stringify(asked)}.map((each) => createCalendar(...each))));`;
  const outfile = path.join(folder, 'calendars.cjs');
  await build({
    ...options,
    stdin: { contents, resolveDir: REPOSITORY },
    outfile,
    plugins: [tabledCalendar([NEW_YORK])],
  });
  for (const { file, contents } of calendarLibraries) {
    await build({
      ...options,
      stdin: { contents, resolveDir: REPOSITORY },
      outfile: path.join(folder, file),
    });
  }
  const { stdout } = await promisify(execFile)(process.execPath, [outfile], {
    maxBuffer: 64 << 20,
  });
  expect(JSON.parse(stdout)).toEqual(
    JSON.parse(JSON.stringify(asked.map((each) => createCalendar(...each)))),
  );
});

test('the kernels that the bundle has are all that forecasts and explanations compute with', async () => {
  await startBackend();
  const ids = ['a', 'b', 'c'];
  const panel = panelOf(
    ids,
    12 * 168,
    (series, t) => 10 + series + Math.sin(t / 4) + ((t * 7919) % 13),
  );
  const forecaster = networkForecaster(await fitToy(panel, { steps: 4 }));
  const cutoff = panel.length - 1;
  const { kernelNames } = await tf.profile(() => {
    forecaster.predict(panel, cutoff, 6);
    forecaster.predictStored(panel, 1, cutoff, 6, [
      new Set(['recent']),
      new Set(['calendar', 'series']),
    ]);
    // What the backend is tested with when it starts.
    return tf.relu(tf.matMul(tf.tensor2d([1, 2, 3, -4], [2, 2]), tf.tensor2d([1, 1], [2, 1])));
  });
  expect(kernelNames.length).toBeGreaterThan(5);
  expect(kernelNames.filter((name) => !(KERNELS as readonly string[]).includes(name))).toEqual([]);
});
