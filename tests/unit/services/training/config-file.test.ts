/** Purpose: a configuration in a file is used whole, or refused with the field that is wrong. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { isHeadwayError } from '../../../../platform/errors.ts';
import { configFileOf, readConfigFile } from '../../../../services/training/config-file.ts';
import {
  defaultConfigOf,
  defaultTrainingConfig,
  networkSpecOf,
  type TrainingConfig,
} from '../../../../services/training/training-config.ts';
import { panelOf } from '../../../fixtures/random-panels.ts';
import { toyDomain } from '../../../fixtures/toy-store.ts';

let folder = '';
let path = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'headway-config-'));
  path = join(folder, 'tuned.json');
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const read = async (content: string) => {
  await writeFile(path, content);
  return readConfigFile(path, 'toy', defaultTrainingConfig);
};
const readValue = (value: unknown) => read(JSON.stringify(value));

test('reads a tuned configuration back, with the default budget of steps', async () => {
  const tuned: TrainingConfig = {
    ...defaultTrainingConfig,
    network: { ...defaultTrainingConfig.network, width: 64, windowIntervals: 336 },
    fit: { ...defaultTrainingConfig.fit, peakRate: 0.002, steps: 180 },
  };
  const { steps } = defaultTrainingConfig.fit;
  expect(await readValue(configFileOf(tuned, 'toy', 'a test'))).toEqual({
    ...tuned,
    fit: { ...tuned.fit, steps },
  });
});

test('fields that the file omits keep their defaults', async () => {
  expect(await readValue({ format: 1 })).toEqual(defaultTrainingConfig);
  const config = await readValue({ format: 1, fit: { steps: 50 }, network: { width: 32 } });
  expect(config).toEqual({
    ...defaultTrainingConfig,
    network: { ...defaultTrainingConfig.network, width: 32 },
    fit: { ...defaultTrainingConfig.fit, steps: 50 },
  });
  const still = await readValue({ format: 1, followsCoverage: false });
  expect(still).toEqual({ ...defaultTrainingConfig, followsCoverage: false });
});

test('passes the window to the network, omits the longest season and refuses too long ones', () => {
  const panel = panelOf(['a'], 200, () => 1);
  const specWith = (window: { windowIntervals: number }) => {
    const network = { ...defaultTrainingConfig.network, ...window };
    return networkSpecOf(toyDomain, panel, { ...defaultTrainingConfig, network }, 199);
  };
  const plain = specWith({ windowIntervals: 168 });
  expect(plain.features).not.toHaveProperty('windowIntervals');
  expect(specWith({ windowIntervals: 36 })).toStrictEqual({
    ...plain,
    features: { ...plain.features, windowIntervals: 36 },
  });
  expect(specWith({ windowIntervals: 8 * 168 + 24 }).features.windowIntervals).toBe(1368);
  expect(() => specWith({ windowIntervals: 8 * 168 + 25 })).toThrow(
    expect.objectContaining({
      code: 'SETTINGS_INVALID',
      where: 'toy',
      fix: expect.stringContaining('1368 or less'),
    }),
  );
});

test.each([
  [[24, 168], 60, 48, 14 * 24],
  [[24], 60, 48, 14 * 24],
  [[96, 672], 15, 192, 14 * 96],
  [[7], 1440, 28, 56],
])(
  'two days are seen and two weeks calibrate, or four and eight weeks of daily data: %j',
  (seasonLengths, frequencyMinutes, window, calibration) => {
    const { network, fit } = defaultConfigOf({ seasonLengths, frequencyMinutes });
    expect([network.windowIntervals, fit.calibrationIntervals]).toEqual([window, calibration]);
  },
);

describe('SETTINGS_INVALID with the file and the field', () => {
  test.each([
    [
      'a field that is misspelt',
      { format: 1, fit: { peakrate: 0.01 } },
      '/fit/peakrate is not a field of it',
    ],
    ['a part that does not exist', { format: 1, nets: {} }, '/nets is not a field of it'],
    ['another format', { format: 2 }, '/format must be equal to constant'],
    ['no format', { fit: {} }, 'format'],
    ['a width of 0', { format: 1, network: { width: 0 } }, '/network/width must be >= 1'],
    [
      'a window of 0',
      { format: 1, network: { windowIntervals: 0 } },
      '/network/windowIntervals must be >= 1',
    ],
    ['half a batch', { format: 1, fit: { batchSize: 0.5 } }, '/fit/batchSize must be integer'],
    ['a learning rate of 0', { format: 1, fit: { peakRate: 0 } }, '/fit/peakRate must be > 0'],
    ['a dropout of 1', { format: 1, fit: { dropout: 1 } }, '/fit/dropout must be <= 0.95'],
    ['a number in quotes', { format: 1, fit: { dropout: '0.1' } }, '/fit/dropout must be number'],
    ['no object', [], 'must be object'],
    ['another domain', { format: 1, domain: 'other' }, 'was tuned for other, not for toy'],
  ])('for %s', async (_title, value, problem) => {
    const error = await readValue(value).catch((thrown: unknown) => thrown);
    expect(isHeadwayError(error, 'SETTINGS_INVALID')).toBe(true);
    expect(error).toMatchObject({
      message: expect.stringContaining(problem),
      where: path,
      fix: expect.stringMatching(/\S/),
    });
  });

  test('for text that is not JSON, and for a missing file', async () => {
    await expect(read('{"format": 1,')).rejects.toMatchObject({
      code: 'SETTINGS_INVALID',
      message: expect.stringContaining('not JSON'),
    });
    const absent = readConfigFile(join(folder, 'absent.json'), 'toy', defaultTrainingConfig);
    await expect(absent).rejects.toMatchObject({
      code: 'SETTINGS_INVALID',
      message: expect.stringContaining('cannot be read'),
    });
  });
});
