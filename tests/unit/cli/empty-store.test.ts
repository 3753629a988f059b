/** Purpose: commands on a store with nothing in it: a clear error, and nothing is created. */
import { existsSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { runCommand } from '../../fixtures/cli/run-command.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'headway-empty-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const run = (args: readonly string[], store = 'nothing') =>
  runCommand(args, {
    HEADWAY_STORE: `file:${join(folder, store)}`,
    HEADWAY_WORK: join(folder, 'work'),
    HEADWAY_LOG_LEVEL: 'silent',
  });

test.each([
  [['panel', 'export'], 'SNAPSHOT_EMPTY'],
  [['train'], 'SNAPSHOT_EMPTY'],
  [['backtest'], 'SNAPSHOT_EMPTY'],
  [['forecast'], 'NO_CHAMPION'],
  [['explain', '--series', 'x'], 'NO_CHAMPION'],
  [['models', 'rollback'], 'NO_CHAMPION'],
])('%j exits with status 3 and %s', async (args, code) => {
  const { stderr, ...result } = await run(args);
  expect(stderr).toMatch(new RegExp(`^${code}: `));
  expect(result).toEqual({ code: 3, stdout: '' });
});

test('reading commands report an empty store and create nothing', async () => {
  for (const [words, text] of [
    ['store log', 'headway features run'],
    ['store verify', 'All hashes are correct.'],
    ['models list', 'headway train'],
  ] as const) {
    const { code, stdout } = await run(words.split(' '));
    expect([code, stdout]).toEqual([0, expect.stringContaining(text)]);
  }
  expect(existsSync(join(folder, 'nothing'))).toBe(false);
});

test('reports a store that is a file as STORE_UNAVAILABLE', async () => {
  await writeFile(join(folder, 'a-file'), 'x');
  const { code, stderr } = await run(['store', 'log'], 'a-file');
  expect([code, stderr]).toEqual([4, expect.stringMatching(/^STORE_UNAVAILABLE: /)]);
});
