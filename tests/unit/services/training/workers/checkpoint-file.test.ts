/** Purpose: a checkpoint on disk is the one that was written, bit for bit, or none. */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { Checkpoint } from '../../../../../forecasting/models/network/member.ts';
import { sha256 } from '../../../../../platform/files/content-hash.ts';
import {
  readCheckpoint,
  writeCheckpoint,
} from '../../../../../services/training/workers/checkpoint-file.ts';

let folder = '';
let path = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'headway-checkpoint-'));
  path = join(folder, 'one.bin');
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const numbers = fc.float32Array({ minLength: 3, maxLength: 3 });
const count = fc.nat(1e6);
const checkpoints: fc.Arbitrary<Checkpoint> = fc.record({
  ...{ step: count, optimizerSteps: count, skipped: count, bestStep: count },
  ...{ weights: numbers, mean: numbers, variance: numbers },
  early: fc.option(numbers),
  best: fc.option(numbers),
  bestLoss: fc.oneof(
    fc.constant(Number.POSITIVE_INFINITY),
    fc.double({ noNaN: true, noDefaultInfinity: true, min: 0 }),
  ),
});
const bitsOf = ({ weights, mean, variance, early, best, ...rest }: Checkpoint) => ({
  ...rest,
  arrays: [weights, mean, variance, early, best].map(
    (values) => values && Buffer.from(values.buffer).toString('hex'),
  ),
});

test('reads a checkpoint back for its own fit only', async () => {
  await fc.assert(
    fc.asyncProperty(checkpoints, async (checkpoint) => {
      await writeCheckpoint(path, 'mine', checkpoint);
      expect(bitsOf((await readCheckpoint(path, 'mine')) as Checkpoint)).toEqual(
        bitsOf(checkpoint),
      );
      expect(await readCheckpoint(path, 'another')).toBeNull();
    }),
    { numRuns: 20, seed: 1 },
  );
  expect(await readCheckpoint(join(folder, 'absent.bin'), 'mine')).toBeNull();
  expect(await readCheckpoint(folder, 'mine')).toBeNull();
});

test('ignores a checkpoint with a changed, lost or extra byte', async () => {
  const [checkpoint] = fc.sample(checkpoints, { numRuns: 1, seed: 1 }) as [Checkpoint];
  await writeCheckpoint(path, 'mine', checkpoint);
  const whole = await readFile(path);
  const changed = (at: number) => Buffer.from(whole.map((byte, i) => (i === at ? byte ^ 1 : byte)));
  await fc.assert(
    fc.asyncProperty(
      fc.nat(whole.length - 1),
      fc.constantFrom('changed', 'cut off', 'longer'),
      async (at, how) => {
        const bytes =
          how === 'changed'
            ? changed(at)
            : how === 'cut off'
              ? whole.subarray(0, at)
              : Buffer.concat([whole, whole]);
        await writeFile(path, bytes);
        expect(await readCheckpoint(path, 'mine')).toBeNull();
      },
    ),
    { numRuns: 40, seed: 2 },
  );
});

test.each([
  '',
  'no line',
  'no JSON\n',
  'null\n',
  '{"lengths":[1]}\n',
  '{"lengths":["x"]}\n',
  '{"header":null,"lengths":[]}\n',
])('ignores a foreign file with a valid hash: %j', async (body) => {
  await writeFile(path, `${body}${sha256(Buffer.from(body))}`);
  expect(await readCheckpoint(path, 'mine')).toBeNull();
});
