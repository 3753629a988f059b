/**
 * Purpose: the contract of object stores, over the file store and over the double that other tests
 * use.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileObjectStore } from '../../../../storage/objects/file-object-store.ts';
import { memoryObjectStore } from '../../../fakes/memory-object-store.ts';
import { describeObjectStore } from '../../../fixtures/object-store-contract.ts';

describeObjectStore('files', async () => {
  const folder = await mkdtemp(path.join(tmpdir(), 'headway-files-'));
  return {
    store: fileObjectStore(folder),
    close: () => rm(folder, { recursive: true, force: true }),
  };
});

describeObjectStore('memory', async () => {
  const store = memoryObjectStore();
  return { store, close: store.close };
});
