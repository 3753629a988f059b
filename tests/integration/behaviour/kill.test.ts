/**
 * Purpose: SIGKILL of a real run at any moment leaves a store that verifies, and a next run that
 * completes. Here at one moment of each command, in `npm run test:crash` at all.
 */
import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { seededRandom } from '../../../platform/random.ts';
import { type CliWorker, cliWorker, temporaryPlace } from '../../fixtures/cli/cli-worker.ts';
import { endAll, startHeadway } from '../../fixtures/cli/headway-process.ts';
import { QUICK_TRAINING } from '../../fixtures/cli/quick-training.ts';
import { someOf } from '../../fixtures/property-runs.ts';

let place: Awaited<ReturnType<typeof temporaryPlace>>;
let warm: CliWorker;
beforeAll(async () => {
  place = await temporaryPlace();
  warm = cliWorker();
});
afterAll(async () => {
  await endAll();
  await warm.close();
  await place.remove();
});

const json = async (...args: string[]) => {
  const { code, stdout } = await warm.run([...args, '--json'], place.env);
  return { code, ...(JSON.parse(stdout) as Record<string, unknown>) };
};

/**
 * Kills `args` so long after it first says something that matches; true where it was still running.
 */
async function killed(args: string[], mark: RegExp, afterMs: number): Promise<boolean> {
  const run = startHeadway(args, { ...place.env, HEADWAY_LOG_LEVEL: 'info' });
  await Promise.race([run.until(mark), run.ended]).catch(() => {});
  await pause(afterMs);
  run.kill('SIGKILL');
  return (await run.ended).signal === 'SIGKILL';
}

const random = seededRandom(2024);

test('features run resumes after a kill at any step', async () => {
  // The whole of it takes one to three seconds after its first line.
  const moments: [RegExp, number][] = [
    [/features run/, 1200 * random()],
    [/Building features/, 20 * random()],
    [/Building features/, 600 * random()],
  ];
  let kills = 0;
  for (const [mark, afterMs] of someOf(moments, 1)) {
    if (await killed(['features', 'run'], mark, afterMs)) kills++;
    expect(await json('store', 'verify')).toMatchObject({ code: 0, problems: [] });
  }
  expect(kills).toBeGreaterThan(0);
  const { code, stderr } = await warm.run(['features', 'run'], place.env);
  expect([code, stderr.includes('RUN_IN_PROGRESS')]).toEqual([0, false]);
  expect(await json('store', 'verify')).toMatchObject({ code: 0, problems: [] });
  // All that the killed runs have left is of no harm: the panel has no hole, and every part is
  // there once.
  const [head] = JSON.parse((await warm.run(['store', 'log', '--json'], place.env)).stdout).slice(
    -1,
  );
  const spans = head.objects
    .map(({ span }: { span: { start: number; end: number } }) => span)
    .sort((a: { start: number }, b: { start: number }) => a.start - b.start);
  for (const [i, { start }] of spans.entries()) if (i > 0) expect(start).toBe(spans[i - 1].end);
});

test('train resumes after a kill at any step', async () => {
  const args = ['train', ...QUICK_TRAINING, '--steps', '8'];
  const moments: [RegExp, number][] = [
    [/training …/, 1500 * random()],
    [/backtest …/, 40 * random()],
    [/backtest: ended/, 15 * random()],
  ];
  let kills = 0;
  for (const [mark, afterMs] of someOf(moments)) {
    if (await killed(args, mark, afterMs)) kills++;
    expect(await json('store', 'verify')).toMatchObject({ code: 0, problems: [] });
  }
  expect(kills).toBeGreaterThan(0);
  const before = (await json('models', 'list')) as unknown as { models: unknown[] };
  expect((await warm.run(args, place.env)).code).toBe(0);
  const after = (await json('models', 'list')) as unknown as { models: { verdict: unknown }[] };
  expect(after.models.length).toBe(before.models.length + 1);
  expect(after.models[0]?.verdict).not.toBeNull();
});
