/**
 * Purpose: an ensemble fitted in processes of its own has the weights of one process, also when it
 * was killed on the way.
 */
import { mkdtemp, readdir, readFile, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import pino from 'pino';
import type { FitProgress } from '../../../../forecasting/models/network/member.ts';
import { type FittedNetwork, fitNetwork } from '../../../../forecasting/models/network/training.ts';
import { randomStreams } from '../../../../platform/random.ts';
import { membersInWorkers } from '../../../../services/training/workers/members.ts';
import { panelOf } from '../../../fixtures/random-panels.ts';
import { startBackend, toyFit, toyNetwork } from '../../../fixtures/toy-network.ts';

const SEED = 3;
const NOW = Date.UTC(2024, 0, 20);
const DAY = 86_400_000;
const STEPS = 130;
const panel = panelOf(
  ['a', 'b'],
  168 * 10,
  (s, t) => 3 + 2 * s + Math.sin((2 * Math.PI * t) / 24) + ((t * 7919) % 13) / 13,
);
const options = { ...toyFit, members: 2, steps: STEPS, batchSize: 4, patience: 0.5 };

let folder = '';
let alone: FittedNetwork;
beforeAll(async () => {
  await startBackend();
  folder = await mkdtemp(join(tmpdir(), 'headway-members-'));
  alone = await fitNetwork(
    panel,
    toyNetwork(panel.seriesIds),
    panel.length - 1,
    options,
    randomStreams(SEED),
  );
});
afterAll(() => rm(folder, { recursive: true, force: true }));

interface LogLine {
  readonly msg: string;
  readonly member: number;
  readonly step: number;
}

async function inWorkers(cores: number, onProgress: (progress: FitProgress) => void = () => {}) {
  const lines: LogLine[] = [];
  const logger = pino({ level: 'info' }, { write: (line: string) => lines.push(JSON.parse(line)) });
  const fitMembers = membersInWorkers(SEED, { backend: 'wasm', cores, folder, logger, now: NOW });
  const spec = toyNetwork(panel.seriesIds);
  const fitted = await fitNetwork(
    panel,
    spec,
    panel.length - 1,
    options,
    randomStreams(SEED),
    onProgress,
    { fitMembers },
  );
  return { fitted, resumed: lines.map(({ msg, member, step }) => ({ msg, member, step })) };
}

const bits = ({ members, calibration }: FittedNetwork) => ({
  members: members.map((weights) =>
    Buffer.from(weights.buffer, weights.byteOffset, weights.byteLength).toString('base64'),
  ),
  // Made from the weights after the first pass.
  calibration: JSON.stringify(calibration),
});

test('two at once give the weights of one process and remove only own checkpoints', async () => {
  await writeFile(join(folder, 'abandoned.bin'), 'x');
  await utimes(join(folder, 'abandoned.bin'), NOW / 1000, (NOW - 8 * DAY) / 1000);
  await writeFile(join(folder, 'another.bin'), 'x');
  await utimes(join(folder, 'another.bin'), NOW / 1000, (NOW - 6 * DAY) / 1000);
  const heard: FitProgress[] = [];
  const { fitted, resumed } = await inWorkers(2, (progress) => void heard.push(progress));
  expect(bits(fitted)).toEqual(bits(alone));
  expect(fitted.calibration).not.toBeNull();
  expect(resumed).toEqual([]);
  expect(heard.at(-1)).toMatchObject({ step: 2 * STEPS, steps: 2 * STEPS });
  expect(heard.every(({ step }, i) => i === 0 || step > (heard[i - 1] as FitProgress).step)).toBe(
    true,
  );
  expect(await readdir(folder)).toEqual(['another.bin']);
  await rm(join(folder, 'another.bin'));
});

test('a killed training resumes from checkpoints to the same weights', async () => {
  // One at a time: the first is done, the second has passed its checkpoint at 100.
  const killed = inWorkers(1, ({ step }) => {
    if (step >= STEPS + 120) throw new Error('enough');
  });
  await expect(killed).rejects.toThrow('enough');
  const left = await readdir(folder);
  expect(left).toHaveLength(2);
  const bytes = await Promise.all(left.map((name) => readFile(join(folder, name))));

  const { fitted, resumed } = await inWorkers(2);
  const msg = 'training continues from a checkpoint';
  expect(resumed).toEqual([
    { msg, member: 0, step: 100 },
    { msg, member: 1, step: 100 },
  ]);
  expect(bits(fitted)).toEqual(bits(alone));
  expect(await readdir(folder)).toEqual([]);

  // Torn, and another member's: of no use, and of no harm.
  await writeFile(join(folder, left[0] as string), (bytes[0] as Buffer).subarray(0, -1));
  await writeFile(join(folder, left[1] as string), bytes[0] as Buffer);
  const again = await inWorkers(2);
  expect(again.resumed).toEqual([]);
  expect(bits(again.fitted)).toEqual(bits(alone));
  expect(await readdir(folder)).toEqual([]);
});
