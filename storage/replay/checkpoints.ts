/**
 * Purpose: checkpoints of a store that a replay alone writes: after a kill the store returns to the
 * last one, so that the replay goes on as if it had never stopped.
 * Invariants: only what no checkpoint lists is removed, and only inside this store; the log of
 * checkpoints is append-only. Never for a store that anything else writes.
 * Fails: STORE_CORRUPT with the key for a checkpoint that is torn; REPLAY_FOREIGN for a store that
 * holds objects and no checkpoint.
 */
import { HeadwayError } from '../../platform/errors.ts';
import {
  decodeChecksummedJson,
  encodeChecksummedJson,
} from '../../platform/files/checksummed-json.ts';
import { lazyValidator, record } from '../../platform/settings/validator.ts';
import { openAppendLog } from '../log/append-log.ts';
import { objectKeys } from '../objects/object-keys.ts';
import type { ObjectStore } from '../objects/object-store.ts';

const text = { type: 'string', minLength: 1 };
const validator = lazyValidator(
  record({
    format: { const: 1 },
    number: { type: 'integer', minimum: 1 },
    commitId: text,
    at: { type: 'integer' },
    plan: text,
    keys: { type: 'array', items: text },
  }),
);

interface Entry {
  readonly number: number;
  readonly commitId: string;
  /** The replayed time up to which all is done. */
  readonly at: number;
  /** What is replayed, in words: another plan wants another store. */
  readonly plan: string;
  /** Objects that were added since the checkpoint before. */
  readonly keys: readonly string[];
}

export interface Checkpoints {
  /** Removes what was written since the last checkpoint, and returns its time; null: none yet. */
  restore(): Promise<number | null>;
  save(at: number): Promise<void>;
}

export function openCheckpoints(options: {
  readonly store: ObjectStore;
  readonly domain: string;
  readonly plan: string;
}): Checkpoints {
  const { store, domain, plan } = options;
  const prefix = objectKeys.checkpoints(domain);
  const log = openAppendLog<Entry>(store, {
    prefix,
    keyOf: (number) => objectKeys.checkpoint(domain, number),
    parse: (key, bytes) => decodeChecksummedJson(key, bytes, validator, 'STORE_CORRUPT') as Entry,
    serialise: (entry) => encodeChecksummedJson({ format: 1, ...entry }, { compact: true }),
  });
  /** What the checkpoints list: read once, because nobody else writes here. */
  let known: Promise<Set<string>> | null = null;
  const listed = () => {
    known ??= log.entries().then((all) => new Set(all.flatMap(({ keys }) => keys)));
    return known;
  };
  const present = async () => (await store.list('')).filter((key) => !key.startsWith(prefix));
  const refused = (problem: string, fix: string) =>
    new HeadwayError('REPLAY_FOREIGN', problem, { where: store.location, fix });
  return {
    async restore() {
      const head = await log.head();
      const before = await listed();
      if (head !== null && head.plan !== plan)
        throw refused(
          `this store holds another replay (${head.plan}), not the one of these settings (${plan})`,
          'Use the settings that it began with, or another folder with --into.',
        );
      const added = (await present()).filter((key) => !before.has(key));
      if (head === null && added.length > 0)
        throw refused(
          'this store holds objects that were not written by a replay',
          'Name an empty folder with --into.',
        );
      for (const key of added) await store.remove(key);
      return head?.at ?? null;
    },
    async save(at) {
      const before = await listed();
      const keys = (await present()).filter((key) => !before.has(key));
      await log.append(async (_head, { number, commitId }) => ({
        ...{ number, commitId, at, plan, keys },
      }));
      for (const key of keys) before.add(key);
    },
  };
}
