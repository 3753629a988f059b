/**
 * Purpose: a witness of each acknowledged entry of a log, outside of the log's folder: without it,
 * a log whose newest entry was deleted looks like one that never had it.
 * Invariants: written after the entry, so an entry may lack its witness but no witness lacks its
 * entry; its name says all, so its content does not matter.
 * Fails: never on writing, because the entry is committed; as the store does on reading.
 */
import type { Garbage } from '../features/garbage/feature-gc.ts';
import { objectKeys } from '../objects/object-keys.ts';
import type { ObjectStore } from '../objects/object-store.ts';

export interface Witnessed {
  readonly number: number;
  readonly commitId: string;
}

/** @param folder that of the log's witnesses */
export const writeWitness = (store: ObjectStore, folder: string, entry: Witnessed): Promise<void> =>
  store
    .put(objectKeys.witness(folder, entry.number, entry.commitId), Buffer.from('{}\n'))
    .catch(() => {});

const witnessIn = (key: string): Witnessed | null => {
  const [, number, commitId] = /\/(\d{20})-([0-9A-Za-z-]+)\.json$/.exec(key) ?? [];
  return number && commitId ? { number: Number(number), commitId } : null;
};

/** The witness of the highest entry; null for a log that was written before there were any. */
export async function newestWitness(store: ObjectStore, folder: string): Promise<Witnessed | null> {
  const witnesses = (await store.list(folder)).flatMap((key) => witnessIn(key) ?? []);
  return witnesses.at(-1) ?? null;
}

/**
 * What is wrong where the log does not hold the entry of the witness; null where it does, or where
 * the entry is there and cannot be read, which is reported by itself.
 * @param last the highest number in the log's folder
 * @param head the entry of the highest number that can be read
 */
export function witnessProblem(
  witness: Witnessed | null,
  last: number,
  head: Witnessed | null,
): string | null {
  if (witness === null) return null;
  if (last < witness.number)
    return 'STORE_CORRUPT: this entry was committed and is missing. Restore it from a backup';
  if (head?.number !== witness.number || head.commitId === witness.commitId) return null;
  return 'STORE_CORRUPT: another entry is in the place of the one that was committed';
}

/** All witnesses but that of the highest entry. */
export async function collectWitnesses(
  store: ObjectStore,
  folder: string,
  { remove }: { readonly remove: boolean },
): Promise<Garbage[]> {
  const found = await store.listDetails(folder);
  const garbage = found
    .filter(({ key }) => witnessIn(key) !== null)
    .slice(0, -1)
    .map(({ key, bytes }): Garbage => ({ key, bytes, reason: 'old witness', action: 'remove' }));
  if (remove) for (const { key } of garbage) await store.remove(key);
  return garbage;
}
