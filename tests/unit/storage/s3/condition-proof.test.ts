/**
 * Purpose: a server that accepts "If-None-Match: *" and ignores it gets no commit; one that honours
 * it is asked once.
 */
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { type FakeS3, type FakeS3Options, startFakeS3 } from '../../../fakes/fake-s3.ts';
import { temporaryFolder } from '../../../fixtures/storage/features.ts';
import { openOnFakeS3 } from '../../../fixtures/storage/s3-stores.ts';

let folder: string;
let remove: () => Promise<void>;
let double: FakeS3;
beforeEach(async () => {
  ({ folder, remove } = await temporaryFolder());
});
afterEach(async () => {
  await double.close();
  await remove();
});

async function open(options: FakeS3Options = {}) {
  double = await startFakeS3(options);
  return openOnFakeS3(double, folder, { isProven: false });
}

test.each([
  ['always', /ignores it for a write to a key that exists/],
  ['at once', /ignores it for writes to one key at once/],
] as const)('names and refuses a server that ignores the condition (%s)', async (kind, message) => {
  const store = await open({ ignoresCondition: kind });
  for (let i = 0; i < 2; i++)
    await expect(store.createIfAbsent('log/1.json', Buffer.from('1'))).rejects.toMatchObject({
      code: 'STORE_UNAVAILABLE',
      message: expect.stringMatching(message),
      where: expect.stringContaining('http://127.0.0.1:'),
      fix: expect.stringContaining('docs/store-protocol.md'),
    });
  expect([...double.objects.keys()]).toEqual([]);
  expect(double.uploads.size).toBe(0);
});

test('warns about a server that ignores the condition for multipart uploads alone', async () => {
  double = await startFakeS3({ ignoresCondition: 'multipart' });
  const warnings: string[] = [];
  const onWarning = (message: string) => void warnings.push(message);
  const store = openOnFakeS3(double, folder, { isProven: false, onWarning });
  for (const key of ['log/1.json', 'log/2.json'])
    expect(await store.createIfAbsent(key, Buffer.from('1'))).toBe('created');
  expect(warnings).toEqual([expect.stringContaining('for multipart uploads')]);
});

test('proves the condition once and leaves nothing of the proof in the store', async () => {
  const store = await open();
  expect(await store.createIfAbsent('log/1.json', Buffer.from('1'))).toBe('created');
  const before = double.requests.length;
  expect(await store.createIfAbsent('log/2.json', Buffer.from('2'))).toBe('created');
  expect(double.requests.length).toBe(before + 1);
  expect([...double.objects.keys()].sort()).toEqual([
    'some/prefix/log/1.json',
    'some/prefix/log/2.json',
  ]);
});

test('passes without the permission to remove objects, and reads need no proof', async () => {
  const store = await open();
  expect(await store.list('')).toEqual([]);
  expect(double.requests.length).toBe(1);
  double.fault = ({ method }) =>
    method === 'DELETE' ? { kind: 'status', status: 403, code: 'AccessDenied' } : undefined;
  expect(await store.createIfAbsent('log/1.json', Buffer.from('1'))).toBe('created');
});

test('takes lost responses during the proof for no violation', async () => {
  const store = await open();
  let left = 20;
  double.fault = ({ number }) =>
    number % 2 === 0 && left-- > 0 ? { kind: 'lost-reply' } : undefined;
  expect(await store.createIfAbsent('log/1.json', Buffer.from('1'))).toBe('created');
});
