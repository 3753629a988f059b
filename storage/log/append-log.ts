/**
 * Purpose: an append-only log of numbered objects that many writers share: the feature log and the
 * promotion log.
 * Invariants: entries are numbered 1, 2, 3 … without a gap; each is created if absent and never
 * changed; an entry that was acknowledged stays; one `append` makes at most one entry, however
 * often it has to try.
 * Fails: STORE_CORRUPT for a gap or an entry that does not parse; COMMIT_CONFLICT when the race was
 * lost too often. Keys in the folder that are not `<20 digits>.json` are foreign: readers ignore
 * them, `verify` reports them.
 */
import { randomUUID } from 'node:crypto';
import { HeadwayError } from '../../platform/errors.ts';
import type { ObjectStore } from '../objects/object-store.ts';
import { LogEnd } from './log-end.ts';

/**
 * A writer that is slower than three others at once may lose for as long as they write: it waits
 * for them rather than giving up.
 */
const MAX_TRIES = 500;

export interface LogSlot {
  readonly number: number;
  readonly key: string;
  /**
   * The same in all tries of one append: with it the writer recognises its own entry after a lost
   * reply.
   */
  readonly commitId: string;
}

export interface AppendLog<Entry> {
  head(): Promise<Entry | null>;
  /** All entries, oldest first. */
  entries(): Promise<Entry[]>;
  /** Entry `number`; OBJECT_NOT_FOUND where the log is shorter. */
  read(number: number): Promise<Entry>;
  /** How many entries there are. */
  size(): Promise<number>;
  /**
   * Appends what `build` makes of the head. If another writer was first, it is built again on the
   * new head. `build` returns null when there is nothing to do; then the head is returned. It may
   * return 'lost' when it sees that the slot was taken meanwhile, to save useless work.
   */
  append(
    build: (head: Entry | null, slot: LogSlot) => Promise<Entry | null | 'lost'>,
  ): Promise<Entry | null>;
}

export interface LogFormat<Entry> {
  readonly prefix: string;
  keyOf(number: number): string;
  parse(key: string, bytes: Uint8Array): Entry;
  serialise(entry: Entry): Uint8Array;
  /** Called with each entry that this process appended, before it is acknowledged. */
  appended?(slot: LogSlot): Promise<void>;
}

export function openAppendLog<Entry extends { commitId: string }>(
  store: ObjectStore,
  format: LogFormat<Entry>,
): AppendLog<Entry> {
  const read = async (number: number): Promise<Entry> => {
    const key = format.keyOf(number);
    return format.parse(key, await store.get(key));
  };

  const end = new LogEnd(store, format);

  async function headOf(number: number): Promise<Entry | null> {
    return number === 0 ? null : read(number);
  }

  const isMine = async (slot: LogSlot) => (await read(slot.number)).commitId === slot.commitId;

  return {
    size: () => end.size(),
    read,
    head: async () => headOf(await end.size()),
    entries: async () => {
      const last = await end.size(true);
      const entries: Entry[] = [];
      for (let number = 1; number <= last; number++) entries.push(await read(number));
      return entries;
    },
    async append(build) {
      const commitId = randomUUID();
      for (let tries = 0; tries < MAX_TRIES; tries++) {
        const last = await end.size();
        const head = await headOf(last);
        const slot = { number: last + 1, key: format.keyOf(last + 1), commitId };
        const entry = await build(head, slot);
        if (entry === null) return head;
        if (entry === 'lost') continue;
        let isMade: boolean;
        try {
          const outcome = await store.createIfAbsent(slot.key, format.serialise(entry));
          isMade = outcome === 'created' || (await isMine(slot));
        } catch (error) {
          // The reply may have been lost after the entry was made: only the slot knows.
          isMade = await isMine(slot).catch(() => false);
          if (!isMade) throw error;
        }
        if (!isMade) continue;
        await format.appended?.(slot);
        return entry;
      }
      throw new HeadwayError(
        'COMMIT_CONFLICT',
        `Other writers were first ${MAX_TRIES} times in a row`,
        {
          where: format.prefix,
          fix:
            'Run it again; nothing was lost. If it happens again, find out what writes to this ' +
            'store all the time.',
        },
      );
    },
  };
}
