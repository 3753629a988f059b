/**
 * Purpose: `headway keys` on the command line: a key's way from its making to its end, and that it
 * is shown once.
 */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, test } from '@jest/globals';
import { keySet } from '../../../../services/inference/access/key.ts';
import { parseKeys } from '../../../../services/inference/access/key-file.ts';
import { type CliWorker, cliWorker } from '../../../fixtures/cli/cli-worker.ts';
import { endAll, startHeadway } from '../../../fixtures/cli/headway-process.ts';

let warm: CliWorker;
let folder: string;
let file: string;
let env: Record<string, string>;
beforeAll(async () => {
  warm = cliWorker();
  folder = await mkdtemp(join(tmpdir(), 'headway-keys-'));
  file = join(folder, 'keys.json');
  env = { HEADWAY_API_KEYS: file, HEADWAY_WORK: join(folder, 'work') };
});
afterAll(async () => {
  await warm.close();
  await rm(folder, { recursive: true, force: true });
});

afterEach(endAll);

const json = async (args: string[], given = env) => {
  const { code, stdout, stderr } = await warm.run([...args, '--json'], given);
  expect([code, stderr]).toEqual([0, '']);
  return JSON.parse(stdout);
};
const judge = async (key: string, now = Date.now()) => {
  const verdict = keySet(parseKeys(await readFile(file, 'utf8'), file)).judge(key, now);
  return typeof verdict === 'string' ? verdict : 'active';
};

test('create, rotate, revoke, list', async () => {
  const create = ['keys', 'create', '--name', 'dispatch', '--scopes', 'forecasts:read,models:read'];
  const first = await json([...create, '--expires-days', '30', '--requests-per-minute', '50']);
  expect(first.key).toMatch(/^hw_[0-9a-f]{12}_[0-9a-f]{64}$/);
  expect(first).toMatchObject({
    name: 'dispatch',
    scopes: ['forecasts:read', 'models:read'],
    requestsPerMinute: 50,
  });
  const lifetime = Date.parse(first.expiresAt) - Date.parse(first.createdAt);
  expect(lifetime).toBe(30 * 86_400_000);
  expect(await judge(first.key)).toBe('active');

  const second = await json(['keys', 'rotate', first.id, '--overlap-hours', '2']);
  expect(second).toMatchObject({ name: 'dispatch', scopes: first.scopes, requestsPerMinute: 50 });
  expect(Date.parse(second.expiresAt) - Date.parse(second.createdAt)).toBe(lifetime);
  const made = Date.parse(second.createdAt);
  expect([await judge(first.key), await judge(second.key)]).toEqual(['active', 'active']);
  expect([
    await judge(first.key, made + 7_200_000),
    await judge(second.key, made + 7_200_000),
  ]).toEqual(['expired', 'active']);

  await json(['keys', 'revoke', second.id]);
  expect([await judge(first.key), await judge(second.key)]).toEqual(['active', 'revoked']);
  const { keys } = await json(['keys', 'list']);
  expect(keys.map(({ id, state }: { id: string; state: string }) => [id, state])).toEqual([
    [first.id, 'active'],
    [second.id, 'revoked'],
  ]);
  const shown = `${JSON.stringify(keys)}${(await warm.run(['keys', 'list'], env)).stdout}${await readFile(file, 'utf8')}`;
  for (const { key } of [first, second]) expect(shown).not.toContain(key.slice(16));

  const refused = await warm.run(['keys', 'rotate', second.id], env);
  expect([refused.code, refused.stdout]).toEqual([2, '']);
  expect(refused.stderr).toContain('is revoked');
});

test('for people the key stands on a line of its own, and a service may get the same as text', async () => {
  const other = join(folder, 'other.json');
  const args = ['keys', 'create', '--name', 'x', '--scopes', 'metrics:read', '--api-keys', other];
  const { stdout } = await warm.run(args, env);
  expect(stdout).toMatch(/^hw_[0-9a-f_]+\n\nThis is the only time/);
  const inline = { ...env, HEADWAY_API_KEYS: await readFile(other, 'utf8') };
  expect((await json(['keys', 'list'], inline)).keys).toHaveLength(1);
  const { stderr } = await warm.run(
    ['keys', 'create', '--name', 'x', '--scopes', 'metrics:read'],
    inline,
  );
  expect(stderr).toMatch(/^USAGE: .*cannot be changed from here/);
  expect((await warm.run(['config'], inline)).stdout).not.toContain(
    JSON.parse(inline.HEADWAY_API_KEYS).keys[0].hash,
  );
});

test('what is wrong is said, nothing is written, and a secret that was given by mistake is not repeated', async () => {
  const before = await readFile(file, 'utf8');
  for (const [args, text] of [
    [
      ['keys', 'create', '--name', 'x', '--scopes', 'forecasts:all'],
      'The scopes are forecasts:read',
    ],
    [['keys', 'create', '--name', 'x'], "'--scopes <list>' not specified"],
    [['keys', 'create', '--name', 'a\nb', '--scopes', 'models:read'], 'has not the form'],
    [['keys', 'revoke', `hw_0123456789ab_${'5'.repeat(64)}`], 'no key has this id'],
  ] as const) {
    const { code, stdout, stderr } = await warm.run([...args], env);
    expect([code, stdout]).toEqual([2, '']);
    expect(stderr).toContain(text);
    expect(stderr).not.toContain('55555');
  }
  expect(await readFile(file, 'utf8')).toBe(before);
  const unnamed = await warm.run(['keys', 'list'], { HEADWAY_WORK: env.HEADWAY_WORK as string });
  expect(unnamed.stderr).toMatch(/^USAGE: no file of API keys is named/);
  await writeFile(file, '{"keys":');
  expect((await warm.run(['keys', 'list'], env)).stderr).toMatch(/^SETTINGS_INVALID: .*not JSON/);
});

test('a service that runs takes a new key, and refuses a revoked one, without a restart', async () => {
  const served = join(folder, 'served.json');
  const given = {
    ...env,
    HEADWAY_API_KEYS: served,
    HEADWAY_STORE: `file:${join(folder, 'store')}`,
  };
  const create = ['keys', 'create', '--name', 'x', '--scopes', 'metrics:read'];
  const first = await json(create, given);
  const service = startHeadway(['serve', '--port', '0'], given);
  const [, url] = await service.until(/ on (http:\S+) /);
  // Figures are answered under any load, and without a snapshot.
  const ask = async (key?: string) =>
    (await fetch(`${url}/metrics`, key ? { headers: { authorization: `Bearer ${key}` } } : {}))
      .status;
  expect([await ask(), await ask(first.key)]).toEqual([401, 200]);
  const second = await json(create, given);
  await json(['keys', 'revoke', first.id], given);
  // Within two seconds; what is asked meanwhile is answered by the keys of before.
  while ((await ask(first.key)) === 200);
  expect([await ask(first.key), await ask(second.key)]).toEqual([401, 200]);
  service.kill('SIGTERM');
  const { code, stderr } = await service.ended;
  expect(code).toBe(0);
  for (const { key } of [first, second]) expect(stderr).not.toContain(key.slice(16));
  expect(stderr).not.toContain('open mode');
});

test('a service whose keys are not there does not start', async () => {
  const { code, stdout, stderr } = await startHeadway(['serve', '--port', '0'], {
    ...env,
    HEADWAY_API_KEYS: join(folder, 'none.json'),
    HEADWAY_STORE: `file:${join(folder, 'store')}`,
  }).ended;
  expect([code, stdout]).toEqual([2, '']);
  expect(stderr).toMatch(/SETTINGS_INVALID: the file of API keys cannot be read \(ENOENT\)/);
});
