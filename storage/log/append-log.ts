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
import { logNumber } from '../objects/object-keys.ts';
import type { ObjectStore } from '../objects/object-store.ts';

/**
 * A writer that is slower than three others at once may lose for as long as they go on: it waits
 * for them rather than give up.
 */
const MAX_TRIES = 500;
/** As many entries as S3 lists at once. */
const PROBE = 1000;
/** As many are asked for by name at once, where a store can be asked so: it divides PROBE. */
const STEP = 100;

export interface LogSlot {
  readonly number: number;
  readonly key: string;
  /**
   * The same through all tries of one append: by it the writer recognises its own entry after a
   * lost reply.
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
   * Appends what `build` makes of the head. Where another writer was first, it is built again on
   * the new head. `build` returns null when nothing is to be done; then the head is returned. It
   * may return 'lost' when it sees that the slot was taken meanwhile, to spare itself work that
   * would be for nothing.
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

  /**
   * An entry that exists, a multiple of PROBE, from which on listing is cheap; 0 for a short log.
   * It never has to be right.
   */
  let floor = 0;
  async function probe(): Promise<number> {
    const has = (probes: number) => store.has(format.keyOf(probes * PROBE));
    let low = floor / PROBE;
    if (low > 0 && !(await has(low))) low = 0; // the folder is another one than before
    let high = Math.max(1, low + 1);
    for (; await has(high); high *= 2) low = high;
    while (high - low > 1) {
      const middle = Math.floor((low + high) / 2);
      if (await has(middle)) low = middle;
      else high = middle;
    }
    floor = low * PROBE;
    return floor;
  }

  const numbered = (from: number, count: number, step = 1) =>
    Array.from({ length: count }, (_, i) => format.keyOf(from + (i + 1) * step));

  async function listedAfter(from: number): Promise<number[]> {
    const keys = await store.list(format.prefix, from > 0 ? format.keyOf(from) : undefined);
    return keys.flatMap((key) => {
      const number = key.lastIndexOf('/') === format.prefix.length - 1 ? logNumber(key) : null;
      return number !== null && (from === 0 || number > from) ? [number] : [];
    });
  }

  /** An entry near the end, and the numbers behind it, ascending. */
  async function nearEnd(): Promise<{ from: number; numbers: number[] }> {
    const far = await probe();
    if (far === 0 || store.present === undefined)
      return { from: far, numbers: await listedAfter(far) };
    const steps = await store.present(numbered(far, PROBE / STEP, STEP));
    const from = far + steps.length * STEP;
    // One is missing before one that is there: the list says what.
    if (steps.length > 0 && steps.at(-1) !== format.keyOf(from))
      return { from: far, numbers: await listedAfter(far) };
    const numbers: number[] = [];
    for (let past = from; ; past += STEP) {
      const keys = await store.present(numbered(past, STEP));
      if (keys.length === 0) return { from, numbers };
      numbers.push(...keys.map((key) => logNumber(key) as number));
    }
  }

  /**
   * The highest number. All entries are looked at, or those after an entry that exists: they are
   * few, however long the log is.
   */
  async function size(everything = false): Promise<number> {
    const { from, numbers } = everything
      ? { from: 0, numbers: await listedAfter(0) }
      : await nearEnd();
    const present = new Set(numbers);
    const last = [...present].at(-1) ?? from;
    if (present.size === last - from && !present.has(0)) return last;
    for (let number = from === 0 ? 0 : from + 1; number <= last; number++) {
      // A folder that grows while it is listed may show entry 8 without entry 7: ask before calling
      // it a gap.
      const wanted = number > 0;
      if (present.has(number) === wanted || (wanted && (await store.has(format.keyOf(number)))))
        continue;
      throw new HeadwayError(
        'STORE_CORRUPT',
        wanted ? 'The log has a gap: this entry is missing' : 'A log starts at 1',
        {
          where: format.keyOf(number),
          fix:
            'Restore the folder from a backup of the store; nothing is written to a log ' +
            'with a gap.',
        },
      );
    }
    return last;
  }

  async function headOf(number: number): Promise<Entry | null> {
    return number === 0 ? null : read(number);
  }

  const isMine = async (slot: LogSlot) => (await read(slot.number)).commitId === slot.commitId;

  return {
    size: () => size(),
    read,
    head: async () => headOf(await size()),
    entries: async () => {
      const last = await size(true);
      const entries: Entry[] = [];
      for (let number = 1; number <= last; number++) entries.push(await read(number));
      return entries;
    },
    async append(build) {
      const commitId = randomUUID();
      for (let tries = 0; tries < MAX_TRIES; tries++) {
        const last = await size();
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
            'Run it again; nothing was lost. If it stays, find out what writes to this ' +
            'store all the time.',
        },
      );
    },
  };
}
