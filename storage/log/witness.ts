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

export const writeWitness = (store: ObjectStore, domain: string, entry: Witnessed): Promise<void> =>
  store
    .put(objectKeys.witness(domain, entry.number, entry.commitId), Buffer.from('{}\n'))
    .catch(() => {});

const witnessIn = (key: string): Witnessed | null => {
  const [, number, commitId] = /\/(\d{20})-([0-9A-Za-z-]+)\.json$/.exec(key) ?? [];
  return number && commitId ? { number: Number(number), commitId } : null;
};

/** The witness of the highest entry; null for a log that was written before there were any. */
export async function newestWitness(store: ObjectStore, domain: string): Promise<Witnessed | null> {
  const witnesses = (await store.list(objectKeys.witnesses(domain))).flatMap(
    (key) => witnessIn(key) ?? [],
  );
  return witnesses.at(-1) ?? null;
}

/** All witnesses but that of the highest entry. */
export async function collectWitnesses(
  store: ObjectStore,
  domain: string,
  { remove }: { readonly remove: boolean },
): Promise<Garbage[]> {
  const found = await store.listDetails(objectKeys.witnesses(domain));
  const garbage = found
    .filter(({ key }) => witnessIn(key) !== null)
    .slice(0, -1)
    .map(({ key, bytes }): Garbage => ({ key, bytes, reason: 'old witness', action: 'remove' }));
  if (remove) for (const { key } of garbage) await store.remove(key);
  return garbage;
}
