/** Purpose: a service follows the changes that `headway keys` makes. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, test } from '@jest/globals';
import { endAll, startHeadway } from '../../fixtures/cli/headway-process.ts';
import { runCommand } from '../../fixtures/cli/run-command.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'headway-keys-'));
});
afterEach(endAll);
afterAll(() => rm(folder, { recursive: true, force: true }));

async function createKey(env: Record<string, string>): Promise<{ id: string; key: string }> {
  const args = ['keys', 'create', '--name', 'x', '--scopes', 'metrics:read', '--json'];
  return JSON.parse((await runCommand(args, env)).stdout);
}

test('a running service accepts a new key and refuses a revoked one', async () => {
  const served = join(folder, 'served.json');
  const given = {
    HEADWAY_WORK: join(folder, 'work'),
    HEADWAY_API_KEYS: served,
    HEADWAY_STORE: `file:${join(folder, 'store')}`,
  };
  const first = await createKey(given);
  const service = startHeadway(['serve', '--port', '0'], given);
  const [, url] = await service.until(/ on (http:\S+) /);
  // /metrics responds without a snapshot.
  const ask = async (key?: string) =>
    (await fetch(`${url}/metrics`, key ? { headers: { authorization: `Bearer ${key}` } } : {}))
      .status;
  expect([await ask(), await ask(first.key)]).toEqual([401, 200]);
  const second = await createKey(given);
  await runCommand(['keys', 'revoke', first.id], given);
  // Within two seconds; until then the old keys apply.
  while ((await ask(first.key)) === 200);
  expect([await ask(first.key), await ask(second.key)]).toEqual([401, 200]);
  service.kill('SIGTERM');
  const { code, stderr } = await service.ended;
  expect(code).toBe(0);
  for (const { key } of [first, second]) expect(stderr).not.toContain(key.slice(16));
  expect(stderr).not.toContain('open mode');
});

test('serve does not start without its key file', async () => {
  const { code, stdout, stderr } = await startHeadway(['serve', '--port', '0'], {
    HEADWAY_WORK: join(folder, 'work'),
    HEADWAY_API_KEYS: join(folder, 'none.json'),
    HEADWAY_STORE: `file:${join(folder, 'store')}`,
  }).ended;
  expect([code, stdout]).toEqual([2, '']);
  expect(stderr).toMatch(/SETTINGS_INVALID: the file of API keys cannot be read \(ENOENT\)/);
});
