/** Purpose: a policy is read from YAML or JSON; what is wrong with it is named by its field. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { DEFAULT_POLICY, parsePolicy, readPolicy } from '../../../../services/monitoring/policy.ts';

test('takes defaults without a file, and for fields that a file omits', async () => {
  const { policy, hash } = await readPolicy(null);
  expect(policy).toEqual(DEFAULT_POLICY);
  const folder = await mkdtemp(join(tmpdir(), 'headway-policy-'));
  try {
    const file = join(folder, 'policy.yaml');
    await writeFile(file, 'format: 1\nretrain: # often\n  everyHours: 12\n');
    const read = await readPolicy(file);
    expect(read.policy.retrain).toEqual({ ...DEFAULT_POLICY.retrain, everyHours: 12 });
    expect(read.policy.rollback).toEqual(DEFAULT_POLICY.rollback);
    expect(read.hash).not.toBe(hash);
  } finally {
    await rm(folder, { recursive: true });
  }
});

test('hashes the values, whatever the format, order and comments of the file', async () => {
  const texts = [
    'format: 1\nretrain:\n  onSkill: null\n  everyHours: 24\n',
    '{"retrain": {"everyHours": 24, "onSkill": null}, "format": 1}',
    '# ours\nformat: 1\nretrain: {everyHours: 24, onSkill: null, atMostEveryHours: 24}\n',
  ];
  const hashes = await Promise.all(texts.map(async (text) => (await parsePolicy(text, 'p')).hash));
  expect(new Set(hashes).size).toBe(1);
  const nested = ['{below: 0.1, days: 3}', '{days: 3, below: 0.1}'].map(
    async (onSkill) => (await parsePolicy(`format: 1\nretrain: {onSkill: ${onSkill}}`, 'p')).hash,
  );
  expect(new Set(await Promise.all(nested)).size).toBe(1);
  // Stored decisions name it.
  expect((await readPolicy(null)).hash).toBe('a34e3a52311e52f2');
});

test.each([
  ['format: 1\nretrain: {everyHuors: 3}', 'p.yaml: retrain.everyHuors', 'is not a field of it'],
  ['format: 1\nretrain: {everyHours: soon}', 'p.yaml: retrain.everyHours', 'must be'],
  ['format: 1\nrollback: {falseAlarmRate: 2}', 'p.yaml: rollback.falseAlarmRate', 'must be'],
  ['format: 1\nrollback: {blockHours: 5}', 'p.yaml: rollback.blockHours', 'must be'],
  ['format: 1\nrollback: {against: [foo]}', 'p.yaml: rollback.against.0', 'must be'],
  ['format: 1\nretrain: {onSkill: {below: 0}}', 'p.yaml: retrain.onSkill', 'days'],
  ['format: 2', 'p.yaml: format', 'must be'],
  ['retrain: {}', 'p.yaml', 'format'],
  ['', 'p.yaml', 'must be object'],
  ['a: [', 'p.yaml', 'neither YAML nor JSON'],
  ['a: &x [1]\nb: *x', 'p.yaml', 'neither YAML nor JSON'],
])('%j is refused at %s', async (text, where, problem) => {
  const error = await parsePolicy(text, 'p.yaml').catch((thrown: unknown) => thrown);
  expect(error).toMatchObject({ code: 'SETTINGS_INVALID', where });
  expect((error as Error).message).toContain(problem);
});

test('names a missing file', async () => {
  await expect(readPolicy('/no/such/policy.yaml')).rejects.toMatchObject({
    code: 'SETTINGS_INVALID',
    where: '/no/such/policy.yaml',
  });
});
