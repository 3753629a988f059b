/**
 * Purpose: garbage of a domain's models: files of models that have no card, and which snapshots the
 * cards name.
 * Invariants: a model with a card is never touched, champion or not; a model's version holds the
 * second of its making, so that its names are never used again.
 * Fails: MODEL_CORRUPT for a card that cannot be read: what it names cannot be known, so nothing
 * may be collected.
 */
import type { Garbage } from '../features/garbage/feature-gc.ts';
import { objectKeys } from '../objects/object-keys.ts';
import type { ObjectStore } from '../objects/object-store.ts';
import { parseModelCard } from './model-card.ts';

/** The snapshots that the cards of a domain name. */
export async function snapshotsOfModels(store: ObjectStore, domain: string): Promise<string[]> {
  const versions: string[] = [];
  for (const key of await store.list(objectKeys.models(domain))) {
    if (/^[^/]+\/card\.json$/.test(key.slice(objectKeys.models(domain).length))) {
      versions.push(parseModelCard(key, await store.get(key)).snapshotVersion);
    }
  }
  return versions;
}

export async function collectModels(
  store: ObjectStore,
  domain: string,
  { before, remove }: { before: number; remove: boolean },
): Promise<Garbage[]> {
  const prefix = objectKeys.models(domain);
  const found = await store.listDetails(prefix);
  const whole = new Set(
    found.map(({ key }) => /^([^/]+)\/card\.json$/.exec(key.slice(prefix.length))?.[1]),
  );
  const garbage: Garbage[] = [];
  for (const { key, bytes, writtenAt } of found) {
    const version = /^(\d{8}T\d{6}Z-[0-9a-f]{12})\/(model\.json|weights\.bin)$/.exec(
      key.slice(prefix.length),
    )?.[1];
    if (version === undefined || whole.has(version) || writtenAt > before) continue;
    garbage.push({ key, bytes, reason: 'model without card', action: 'remove' });
  }
  if (remove) for (const { key } of garbage) await store.remove(key);
  return garbage;
}
