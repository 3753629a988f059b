/**
 * Purpose: how the next snapshot reads, before it is committed: what a run is judged by.
 * Invariants: the panel is the one that a commit of the same objects upon the same head makes
 * readable, bit for bit: it is computed by the same code. Nothing is written. Exogenous columns are
 * left out.
 * Fails: PANEL_INVALID for a file that the commit will not take; as reading a snapshot does.
 */
import { stat } from 'node:fs/promises';
import type { Panel } from '../../../forecasting/panel/panel.ts';
import { withSqlSession } from '../../../platform/duckdb/session.ts';
import { objectKeys } from '../../objects/object-keys.ts';
import type { ObjectStore } from '../../objects/object-store.ts';
import {
  demandOf,
  type FeatureObject,
  type FeatureSchema,
  type Manifest,
  type NewFeatureObject,
} from '../manifest.ts';
import { requireContent, requireFitting } from '../new-objects.ts';
import { nextOnlinePanel } from '../online/online-increment.ts';
import { readSnapshot } from './snapshot-reader.ts';

export interface NextSnapshot {
  /** What the new objects are to be added to; null for nothing. */
  readonly head: Manifest | null;
  readonly schema: FeatureSchema;
  readonly newObjects: readonly NewFeatureObject[];
  /** Start of the first interval to be read. */
  readonly from: number;
}

export async function readNext(
  store: ObjectStore,
  domain: string,
  { head, schema, newObjects, from }: NextSnapshot,
): Promise<Panel> {
  const fresh = demandOf(newObjects);
  requireFitting(fresh, head?.packs[0] ?? head?.objects[0], schema);
  return withSqlSession(async (session) => {
    const paths = new Map<string, string>();
    const added: FeatureObject[] = [];
    for (const object of fresh) {
      const sha256 = await requireContent(session, object, schema);
      const { path, ...claims } = object;
      const key = objectKeys.featureData(domain, sha256);
      paths.set(key, path);
      added.push({ ...claims, key, sha256, bytes: (await stat(path)).size });
    }
    const withNew: ObjectStore = {
      ...store,
      localPath: async (key) => paths.get(key) ?? store.localPath(key),
    };
    const snapshot = {
      schema,
      packs: demandOf(head?.packs ?? []),
      objects: [...demandOf(head?.objects ?? []), ...added],
    };
    const query = { from };
    const next = head && (await nextOnlinePanel(withNew, session, head, snapshot, added, query));
    return next ?? readSnapshot(withNew, snapshot, query, session);
  });
}
