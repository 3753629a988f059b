/**
 * Purpose: a graph that gets stuck, or a library that cannot be loaded, is an error, and never the
 * reply to another question.
 */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { type OnnxSession, openOnnxSession } from '../../../../platform/onnx/session.ts';

/** Doubles its input; for one of 0 it gives no reply. */
const LIBRARY = `
exports.Tensor = class { constructor(data, dims) { Object.assign(this, { data, dims }); } };
exports.InferenceSession = {
  create: async () => ({
    inputNames: ['x'],
    outputNames: ['y'],
    run: async ({ x }) => {
      if (x.data[0] === 0) await new Promise(() => {});
      return { y: { dims: [1], data: [2 * x.data[0]] } };
    },
  }),
};`;

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'headway-onnx-'));
  await writeFile(join(folder, 'good.cjs'), LIBRARY);
  await writeFile(join(folder, 'bad.cjs'), "throw new Error('GLIBC_9 not found');");
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const open = (library: string, timeoutMs?: number) =>
  openOnnxSession(new Uint8Array([1]), 'a graph', {
    library: join(folder, library),
    ...(timeoutMs !== undefined && { timeoutMs }),
  });
const twice = (session: OnnxSession, x: number) =>
  session.run({ x: { shape: [1], values: Float32Array.of(x) } }, ['y'])[0]?.values[0];

test('runs a graph', async () => {
  const session = open('good.cjs');
  expect([session.inputNames, session.outputNames]).toEqual([['x'], ['y']]);
  expect([twice(session, 1), twice(session, 2)]).toEqual([2, 4]);
  await session.close();
});

test('after a call without a reply there is none', async () => {
  const session = open('good.cjs');
  const slow = open('good.cjs', 150);
  expect(() => twice(slow, 0)).toThrow(/no reply \(timed-out\)/);
  expect(() => twice(slow, 3)).toThrow(/an earlier call got no reply/);
  expect(twice(session, 3)).toBe(6);
  await Promise.all([session.close(), slow.close()]);
});

test('a library that cannot be loaded is named at once', () => {
  expect(() => open('bad.cjs')).toThrow(/GLIBC_9 not found/);
});
