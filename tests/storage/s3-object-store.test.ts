/** Purpose: the store on S3 keeps the contract on the double, plainly and while the double fails; and what it adds to it. */
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { seededRandom } from '../../runtime/random.ts';
import { sha256 } from '../../storage/content-hash.ts';
import { describeObjectStore } from '../contracts/object-store.ts';
import { type S3Double, type S3Fault, startS3Double } from '../contracts/s3-double.ts';
import { openOnDouble, randomFaults } from './s3-stores.ts';

const bytesOf = (text: string) => Buffer.from(text);
const textOf = (bytes: Uint8Array) => Buffer.from(bytes).toString();

let double: S3Double;
let folder: string;
beforeEach(async () => {
  double = await startS3Double();
  folder = await mkdtemp(path.join(tmpdir(), 'headway-s3-'));
});
afterEach(async () => {
  await double.close();
  await rm(folder, { recursive: true, force: true });
});

async function opened(fault?: S3Double['fault'], partBytes?: number) {
  const place = await mkdtemp(path.join(tmpdir(), 'headway-s3-'));
  const server = await startS3Double({ pageSize: 3, smallestPartBytes: partBytes ?? 0 });
  server.fault = fault ?? (() => undefined);
  const store = openOnDouble(server, place, { ...(partBytes ? { partBytes } : {}) });
  const close = async () => {
    await server.close();
    await rm(place, { recursive: true, force: true });
  };
  return { store, close };
}

describeObjectStore('S3', () => opened());
describeObjectStore('S3, in parts of 64 kB', () => opened(undefined, 65_536));
let seed = 1;
describeObjectStore('S3, one request in five failing', () => opened(randomFaults(seed++, 0.2), 65_536));
