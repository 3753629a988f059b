/**
 * Purpose: from the address of a store, as people write it, to the store.
 * Invariants: `file:./path` and a bare path are the same folder; nothing is created before the first write.
 * Fails: SETTINGS_INVALID for an address of a kind there is no store for.
 */
import { fileURLToPath } from 'node:url';
import type { Clock } from '../runtime/clock.ts';
import { HeadwayError } from '../runtime/errors.ts';
import { fileObjectStore } from './file-object-store.ts';
import type { ObjectStore } from './object-store.ts';

/** With a clock, the store also clears away what killed writers left behind more than a day ago. */
export function openStore(url: string, clock?: Clock): ObjectStore {
  const fix = 'Use a folder: `--store file:./.headway`.';
  const scheme = /^([a-z][a-z0-9+.-]+):/i.exec(url)?.[1]?.toLowerCase();
  if (scheme === 's3') {
    throw new HeadwayError(
      'SETTINGS_INVALID',
      'A store on S3 is not supported yet: it arrives with the issue "feature store on S3"',
      {
        where: url.replace(/\/\/[^/]*@/, '//'),
        fix,
      },
    );
  }
  if (scheme !== undefined && scheme !== 'file') {
    throw new HeadwayError('SETTINGS_INVALID', `There is no store of the kind "${scheme}:"`, { fix });
  }
  const folder = url.startsWith('file://') ? fileURLToPath(url) : scheme === 'file' ? url.slice('file:'.length) : url;
  if (folder.trim() === '' || folder.includes('\0')) {
    throw new HeadwayError('SETTINGS_INVALID', 'The address of the store is empty', { fix });
  }
  return fileObjectStore(folder, clock ? { clock } : {});
}
