/**
 * Purpose: settings on the command line: precedence, `headway config`, and clear errors.
 */
import { describe, expect, test } from '@jest/globals';
import type { SettingRow } from '../../../platform/settings/settings.ts';
import { runCommand } from '../../fixtures/cli/run-command.ts';

const config = async (args: string[], env: Record<string, string> = {}) => {
  const { code, stdout, stderr } = await runCommand(['config', '--json', ...args], env);
  expect([code, stderr]).toEqual([0, '']);
  return new Map((JSON.parse(stdout) as SettingRow[]).map((row) => [row.name, row]));
};

describe('config', () => {
  test('lists every setting with its value, default, unit and meaning', async () => {
    const rows = await config([]);
    expect([...rows.keys()]).toEqual(
      expect.arrayContaining([
        'PORT',
        'HOST',
        'HEADWAY_STORE',
        'HEADWAY_DOMAIN',
        'HEADWAY_SOURCE',
        'HEADWAY_SEED',
      ]),
    );
    for (const { name, description, source, value } of rows.values()) {
      expect([name, description === '', source, value === '']).toEqual([
        name,
        false,
        'default',
        false,
      ]);
    }
    expect(rows.get('HEADWAY_STORE')).toMatchObject({
      value: 'file:./.headway',
      default: 'file:./.headway',
    });
  });

  test('a flag overrides the environment, which overrides the default', async () => {
    const rows = await config(['--store', 'file:/a'], {
      HEADWAY_STORE: 'file:/b',
      HEADWAY_WORK: '/c',
      PORT: '',
    });
    expect(rows.get('HEADWAY_STORE')).toMatchObject({ value: 'file:/a', source: 'flag' });
    expect(rows.get('HEADWAY_WORK')).toMatchObject({ value: '/c', source: 'environment' });
    expect(rows.get('PORT')).toMatchObject({ value: '8080', source: 'default' });
  });

  test('lists quantiles as written and refuses invalid ones', async () => {
    const rows = await config([], { HEADWAY_QUANTILES: '0.05,0.5,0.95' });
    expect(rows.get('HEADWAY_QUANTILES')).toMatchObject({
      value: '0.05,0.5,0.95',
      source: 'environment',
    });
    const { code, stderr } = await runCommand(['train', '--quantiles', '0.1,0.9'], {});
    expect(code).toBe(2);
    expect(stderr).toMatch(
      /^SETTINGS_INVALID: HEADWAY_QUANTILES is "0.1,0.9" \(from the command line\).*0\.5 among them/,
    );
  });

  test('takes a bare path as a folder', async () => {
    expect((await config(['--store', './here'])).get('HEADWAY_STORE')?.value).toBe('file:./here');
  });

  test('prints a table by default', async () => {
    const { code, stdout } = await runCommand(['config']);
    expect(code).toBe(0);
    expect(stdout).toContain('HEADWAY_FEATURES_SCHEDULE');
    expect(() => JSON.parse(stdout)).toThrow();
  });
});

describe('an invalid setting is SETTINGS_INVALID, exit status 2, and lists what is allowed', () => {
  test.each([
    ['a port out of range', { PORT: '99999' }, [], /PORT is "99999".*0 to 65535/],
    [
      'a seed that is not a number',
      {},
      ['train', '--seed', 'lucky'],
      /HEADWAY_SEED is "lucky" \(from the command line\)/,
    ],
    ['an unknown backend', {}, ['train', '--backend', 'abacus'], /auto, native, wasm or cpu/],
    ['an unknown kind of store', {}, ['store', 'log', '--store', 'ftp://x'], /file:FOLDER or s3:/],
    ['an invalid schedule', { HEADWAY_TRAINING_SCHEDULE: 'daily' }, [], /cron expression/],
    [
      'a misspelt variable',
      { HEADWAY_STOER: 'file:/a' },
      [],
      /HEADWAY_STOER is not a setting.*HEADWAY_STORE\?/,
    ],
    [
      'an S3 store with an unknown parameter',
      {},
      ['store', 'log', '--store', 's3://bucket/p?key=x'],
      /unknown or repeated parameter "key"/,
    ],
  ])('for %s', async (_title, env, args, message) => {
    const { code, stdout, stderr } = await runCommand(args.length > 0 ? args : ['config'], env);
    expect(stderr).toMatch(/^SETTINGS_INVALID: /);
    expect(stderr).toMatch(message);
    expect([code, stdout]).toEqual([2, '']);
    expect(stderr).not.toMatch(/\n\s+at /);
  });

  test('reports an unknown domain as DOMAIN_UNKNOWN and lists the known ones', async () => {
    const { code, stderr } = await runCommand(['config', '--domain', 'boats']);
    expect(stderr).toMatch(/^DOMAIN_UNKNOWN: there is no domain "boats"\. Use one of: .*taxi/);
    expect(code).toBe(2);
  });

  test('does not repeat a password of an address', async () => {
    const { stderr } = await runCommand(['config', '--store', 'http://me:secret@host/x']);
    expect(stderr).not.toContain('secret');
  });
});
