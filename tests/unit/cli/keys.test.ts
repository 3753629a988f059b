/**
 * Purpose: `headway keys` on the command line: a key from creation to expiry, and that it is shown
 * only once.
 */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { keySet } from '../../../services/inference/access/key.ts';
import { parseKeys } from '../../../services/inference/access/key-file.ts';
import { runCommand } from '../../fixtures/cli/run-command.ts';

let folder: string;
let file: string;
let env: Record<string, string>;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'headway-keys-'));
  file = join(folder, 'keys.json');
  env = { HEADWAY_API_KEYS: file, HEADWAY_WORK: join(folder, 'work') };
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const json = async (args: string[], given = env) => {
  const { code, stdout, stderr } = await runCommand([...args, '--json'], given);
  expect([code, stderr]).toEqual([0, '']);
  return JSON.parse(stdout);
};
const judge = async (key: string, now = Date.now()) => {
  const verdict = keySet(parseKeys(await readFile(file, 'utf8'), file)).judge(key, now);
  return typeof verdict === 'string' ? verdict : 'active';
};

test('keys are created, rotated, revoked and listed', async () => {
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
  const table = (await runCommand(['keys', 'list'], env)).stdout;
  const shown = JSON.stringify(keys) + table + (await readFile(file, 'utf8'));
  for (const { key } of [first, second]) expect(shown).not.toContain(key.slice(16));

  const refused = await runCommand(['keys', 'rotate', second.id], env);
  expect([refused.code, refused.stdout]).toEqual([2, '']);
  expect(refused.stderr).toContain('is revoked');
});

test('publishes keys to the store; an older file does not restore a revoked key', async () => {
  const [newer, older] = [join(folder, 'newer.json'), join(folder, 'older.json')];
  const store = { HEADWAY_STORE: `file:${join(folder, 'store')}`, HEADWAY_DOMAIN: 'electricity' };
  const given = { ...env, ...store, HEADWAY_API_KEYS: newer };
  const create = ['keys', 'create', '--name', 'x', '--scopes', 'models:read'];
  const [first, second] = [await json(create, given), await json(create, given)];
  const ids = [first.id, second.id];
  expect(await json(['keys', 'publish'], given)).toMatchObject({ number: 1, keys: ids });
  await writeFile(older, await readFile(newer));
  await json(['keys', 'revoke', first.id], given);
  expect(await json(['keys', 'publish'], given)).toMatchObject({ number: 2, dropped: [] });
  const stale = await runCommand(['keys', 'publish', '--api-keys', older], given);
  expect([stale.code, stale.stderr]).toEqual([2, expect.stringContaining(first.id)]);
  const onlyNewest = join(folder, 'one.json');
  await writeFile(onlyNewest, JSON.stringify({ format: 1, keys: [] }));
  const emptied = ['keys', 'publish', '--api-keys', onlyNewest];
  expect(await json(emptied, given)).toMatchObject({ number: 3, dropped: ids });
  const held = join(folder, 'store', 'keys', 'electricity', `${'1'.padStart(20, '0')}.json`);
  expect(await readFile(held, 'utf8')).not.toContain(first.key);
  const inStore = { ...given, HEADWAY_API_KEYS: 'store' };
  expect((await runCommand(['keys', 'publish'], inStore)).stderr).toMatch(
    /^USAGE: no API key file/,
  );
});

test('prints a new key on its own line; a service accepts the file as text', async () => {
  const other = join(folder, 'other.json');
  const args = ['keys', 'create', '--name', 'x', '--scopes', 'metrics:read', '--api-keys', other];
  const { stdout } = await runCommand(args, env);
  expect(stdout).toMatch(/^hw_[0-9a-f_]+\n\nThe key is shown only once/);
  const inline = { ...env, HEADWAY_API_KEYS: await readFile(other, 'utf8') };
  expect((await json(['keys', 'list'], inline)).keys).toHaveLength(1);
  const { stderr } = await runCommand(
    ['keys', 'create', '--name', 'x', '--scopes', 'metrics:read'],
    inline,
  );
  expect(stderr).toMatch(/^USAGE: .*this command cannot change/);
  expect((await runCommand(['config'], inline)).stdout).not.toContain(
    JSON.parse(inline.HEADWAY_API_KEYS).keys[0].hash,
  );
});

test('an error writes nothing and does not repeat a secret', async () => {
  const before = await readFile(file, 'utf8');
  for (const [args, text] of [
    [
      ['keys', 'create', '--name', 'x', '--scopes', 'forecasts:all'],
      'The scopes are forecasts:read',
    ],
    [['keys', 'create', '--name', 'x'], "'--scopes <list>' not specified"],
    [['keys', 'create', '--name', 'a\nb', '--scopes', 'models:read'], 'does not have the form'],
    [['keys', 'revoke', `hw_0123456789ab_${'5'.repeat(64)}`], 'no key has this id'],
  ] as const) {
    const { code, stdout, stderr } = await runCommand([...args], env);
    expect([code, stdout]).toEqual([2, '']);
    expect(stderr).toContain(text);
    expect(stderr).not.toContain('55555');
  }
  expect(await readFile(file, 'utf8')).toBe(before);
  const unnamed = await runCommand(['keys', 'list'], { HEADWAY_WORK: env.HEADWAY_WORK as string });
  expect(unnamed.stderr).toMatch(/^USAGE: no API key file is given/);
  await writeFile(file, '{"keys":');
  expect((await runCommand(['keys', 'list'], env)).stderr).toMatch(/^SETTINGS_INVALID: .*not JSON/);
});
