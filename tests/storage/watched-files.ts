/**
 * Purpose: the file system with a listener in front, for tests that break it or die in it.
 * Invariants: `before` runs before every call and may throw, or never return.
 */
import nodeFiles from 'node:fs/promises';
import type { FileSystem } from '../../storage/file-object-store.ts';

const CALLS = ['open', 'link', 'unlink', 'mkdir', 'readdir', 'lstat', 'stat', 'realpath'] as const;

export function watched(before: (call: string, name: string) => void): FileSystem {
  const wrap =
    (call: (typeof CALLS)[number]) =>
    async (...args: unknown[]) => {
      before(call, String(args[0]));
      return (nodeFiles[call] as (...a: unknown[]) => unknown)(...args);
    };
  return Object.fromEntries(CALLS.map((call) => [call, wrap(call)])) as unknown as FileSystem;
}
