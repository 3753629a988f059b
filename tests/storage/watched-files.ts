/**
 * Purpose: the file system with a listener in front, for tests that break it or die in it.
 * Invariants: `before` runs before every call and may throw, or never return. With `handles` also
 * before every call of an open file (`file.sync`, `file.writeFile` …); a write hands `tear` on,
 * which writes the first half of it.
 */
import { writeSync } from 'node:fs';
import nodeFiles from 'node:fs/promises';
import type { FileSystem } from '../../storage/file-object-store.ts';

type Listener = (call: string, name: string, tear?: () => void) => void;

const CALLS = ['open', 'link', 'unlink', 'mkdir', 'readdir', 'lstat', 'stat', 'realpath'] as const;

export function watched(before: Listener, { handles = false } = {}): FileSystem {
  const wrap =
    (call: (typeof CALLS)[number]) =>
    async (...args: unknown[]) => {
      const name = String(args[0]);
      before(call, name);
      const result = await (nodeFiles[call] as (...a: unknown[]) => unknown)(...args);
      return handles && call === 'open'
        ? watchedHandle(result as nodeFiles.FileHandle, name, before)
        : result;
    };
  return Object.fromEntries(CALLS.map((call) => [call, wrap(call)])) as unknown as FileSystem;
}

function watchedHandle(
  handle: nodeFiles.FileHandle,
  name: string,
  before: Listener,
): nodeFiles.FileHandle {
  return new Proxy(handle, {
    get(target, property) {
      const value = Reflect.get(target, property, target);
      if (typeof value !== 'function') return value;
      return (...args: unknown[]) => {
        const bytes = args[0];
        const tear =
          bytes instanceof Uint8Array
            ? () => void writeSync(target.fd, bytes, 0, bytes.length >> 1)
            : undefined;
        before(`file.${String(property)}`, name, tear);
        return value.apply(target, args);
      };
    },
  });
}
