/** Purpose: infra/compose/make-secrets.js, which the compose file runs once a machine. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { ROOT } from '../../tidy/source-tree.ts';

describe('generated secrets', () => {
  const make = (folder: string, given: Record<string, string> = {}) => {
    const user = String(process.getuid?.() ?? 0);
    const { status, stdout, stderr } = spawnSync(
      process.execPath,
      ['infra/compose/make-secrets.js', user],
      {
        cwd: ROOT,
        env: { SECRETS_FOLDER: folder, ...given },
        encoding: 'utf8',
      },
    );
    expect([status, stderr, stdout]).toEqual([0, '', '']);
    return Object.fromEntries(
      readdirSync(folder).map((name) => [name, readFileSync(join(folder, name), 'utf8')]),
    );
  };

  test('are new per machine, stable and private, and given values override them', () => {
    const [one, other] = [0, 1].map(() => mkdtempSync(join(tmpdir(), 'headway-secrets-'))) as [
      string,
      string,
    ];
    try {
      const first = make(one);
      expect(Object.keys(first).sort()).toEqual([
        'aws',
        'grafana-password',
        'mc.json',
        'minio-password',
        'minio-user',
      ]);
      expect(make(one)).toEqual(first);
      const elsewhere = make(other);
      for (const name of Object.keys(first)) {
        expect(elsewhere[name]).not.toBe(first[name]);
        expect(statSync(join(one, name)).mode & 0o777).toBe(0o440);
      }
      const given = make(one, { MINIO_ROOT_PASSWORD: 'of-my-own', GRAFANA_PASSWORD: '' });
      expect(given).toMatchObject({
        'minio-password': 'of-my-own',
        'minio-user': first['minio-user'],
      });
      expect(given['grafana-password']).toBe(first['grafana-password']);
      expect(given.aws).toBe(
        `[default]\naws_access_key_id = ${first['minio-user']}\naws_secret_access_key = of-my-own\n`,
      );
      expect(JSON.parse(given['mc.json']!).aliases.s3).toMatchObject({
        accessKey: first['minio-user'],
        secretKey: 'of-my-own',
      });
    } finally {
      for (const folder of [one, other]) rmSync(folder, { recursive: true, force: true });
    }
  });
});
