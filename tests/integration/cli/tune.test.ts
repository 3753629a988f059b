/** Purpose: `headway tune` in real processes: killed, resumed, and its configuration used. */
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { type CliWorker, cliWorker, temporaryPlace } from '../../fixtures/cli/cli-worker.ts';
import {
  endAll,
  headway,
  processesWith,
  startHeadway,
} from '../../fixtures/cli/headway-process.ts';

const SEARCH = [
  'tune',
  '--candidates',
  '2',
  '--steps',
  '4',
  '--folds',
  '1',
  '--test-days',
  '7',
  '--workers',
  '1',
];
const TRIALS = 2;

let place: Awaited<ReturnType<typeof temporaryPlace>>;
let env: Record<string, string>;
let warm: CliWorker;
beforeAll(async () => {
  place = await temporaryPlace();
  env = { ...place.env, HEADWAY_LOG_LEVEL: 'info' };
  warm = cliWorker();
  expect(await warm.run(['features', 'run'], env)).toMatchObject({ code: 0 });
});
afterAll(async () => {
  await endAll();
  await warm.close();
  await place.remove();
});

const trialFiles = async () => {
  const searches = (
    await readdir(join(place.folder, 'work', 'tuning'), { withFileTypes: true }).catch(() => [])
  ).filter((entry) => entry.isDirectory());
  const names = await Promise.all(
    searches.map(({ name }) => readdir(join(place.folder, 'work', 'tuning', name))),
  );
  return names.flat().filter((name) => name.endsWith('.json'));
};

describe('headway tune', () => {
  test('leaves no process after a kill, and resumes', async () => {
    const killed = startHeadway(SEARCH, env);
    await killed.until(/tuning …/);
    while ((await trialFiles()).length === 0) await new Promise((resolve) => setImmediate(resolve));
    killed.kill('SIGKILL');
    await killed.ended;
    const done = (await trialFiles()).length;
    expect(done).toBeLessThan(TRIALS);
    while ((processesWith(place.folder) ?? []).length > 0)
      await new Promise((resolve) => setImmediate(resolve));

    const { code, stdout, stderr } = await headway([...SEARCH, '--json'], env);
    expect(code).toBe(0);
    expect(stderr).toContain('trials of an earlier run are used again');
    const report = JSON.parse(stdout);
    expect(report).toMatchObject({
      domain: 'taxi',
      trials: TRIALS,
      failedTrials: 0,
      backend: expect.any(String),
    });
    expect(report.resumedTrials).toBeGreaterThanOrEqual(done);
  });

  test('writes a table, a page and a file that train and backtest use', async () => {
    const { code, stdout } = await warm.run(SEARCH, env);
    expect(code).toBe(0);
    const [, page] = /Report: (.*)/.exec(stdout) as RegExpExecArray;
    const [, config] = /Configuration: (.*)/.exec(stdout) as RegExpExecArray;
    expect(stdout).toMatch(/default[ *│]/);
    expect(stdout).toMatch(/No candidate beats the default|is best at 4 steps/);
    expect(await readFile(page as string, 'utf8')).toContain('<!doctype html>');
    expect(config).toBe(join(place.folder, 'work', 'tuning', 'taxi.json'));

    const file = JSON.parse(await readFile(config as string, 'utf8'));
    file.network.width = 24;
    await writeFile(config as string, JSON.stringify(file));
    const used = ['--config', config as string, '--test-days', '14', '--steps', '1'];
    expect(await warm.run(['backtest', ...used, '--json'], env)).toMatchObject({ code: 0 });
    const trained = JSON.parse((await warm.run(['train', ...used, '--json'], env)).stdout);
    const store = join(place.folder, 'store', 'models', 'taxi', trained.modelVersion, 'card.json');
    const card = JSON.parse(await readFile(store, 'utf8'));
    expect(card.config).toMatchObject({
      network: { ...file.network, width: 24 },
      fit: { ...file.fit, steps: 1 },
      testDays: 14,
    });
  });

  test('an invalid configuration is refused before any work', async () => {
    const path = join(place.folder, 'wrong.json');
    await writeFile(path, '{"format": 1, "fit": {"droupout": 0.1}}');
    for (const command of ['train', 'backtest']) {
      const { code, stdout, stderr } = await warm.run([command, '--config', path], env);
      expect([code, stdout]).toEqual([2, '']);
      expect(stderr).toMatch(
        /^SETTINGS_INVALID: .*\/fit\/droupout is not a field of it \[.*wrong\.json\]/,
      );
    }
  });

  test('refuses too little history with a fix', async () => {
    const { code, stderr } = await warm.run(['tune', '--folds', '8'], env);
    expect(code).toBe(3);
    expect(stderr).toMatch(/^HISTORY_TOO_SHORT: .*--folds/);
  });
});
