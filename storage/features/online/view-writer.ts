/**
 * Purpose: write the online view of a snapshot that is about to be committed, range by range.
 * Invariants: one range is in memory at a time. A view of one range is an object named by the
 * snapshot; each of several is named by the number of the snapshot and its content, so writing
 * one twice is harmless.
 * Fails: as the store.
 */
import { lastObserved, type Panel, timestampAt } from '../../../forecasting/panel/panel.ts';
import { sha256 } from '../../../platform/files/content-hash.ts';
import { objectKeys } from '../../objects/object-keys.ts';
import type { ObjectStore } from '../../objects/object-store.ts';
import type { Manifest, ViewRange } from '../manifest.ts';
import { formatOf, snapshotVersionOf } from '../manifest-format.ts';
import { encodeOnlineView } from './online-view.ts';

/** A manifest before its view is written. */
export type Draft = Omit<Manifest, 'format' | 'snapshotVersion' | 'online'>;

/**
 * Writes the online view of the snapshot to be, and completes its manifest.
 * @param isLost asked before anything is written: true where it would be for nothing
 * @returns null where that was so
 */
export async function withOnlineView(
  store: ObjectStore,
  draft: Draft,
  panels: AsyncIterable<Panel> | Iterable<Panel>,
  isLost: () => Promise<boolean> = async () => false,
): Promise<Manifest | null> {
  const { domain, number } = draft;
  const ranges: ViewRange[] = [];
  let span = { start: 0, end: 0 };
  // The first range is held: alone it is a view of one object.
  let held: Uint8Array | null = null;
  for await (const panel of panels) {
    const bytes = encodeOnlineView(panel);
    const hash = sha256(bytes);
    const last = lastObserved(panel);
    const range = {
      ...{ key: objectKeys.viewRange(domain, number, hash), sha256: hash, bytes: bytes.length },
      ...{ series: panel.seriesIds.length, first: panel.seriesIds[0] ?? '' },
      observed: last < 0 ? null : timestampAt(panel, last),
    };
    ranges.push(range);
    span = { start: panel.start, end: timestampAt(panel, panel.length) };
    if (ranges.length === 1) {
      held = bytes;
      continue;
    }
    if (await isLost()) return null;
    if (held !== null) await store.put((ranges[0] as ViewRange).key, held);
    held = null;
    await store.put(range.key, bytes);
  }
  if (await isLost()) return null;
  if (held === null) return manifestOf(draft, { span, ranges });
  const [{ sha256: hash, bytes }] = ranges as [ViewRange];
  const whole = manifestOf(draft, { key: '', sha256: hash, bytes, span });
  const key = objectKeys.online(domain, whole.snapshotVersion);
  await store.put(key, held);
  return { ...whole, online: { key, sha256: hash, bytes, span } };
}

/** The manifest of a draft and its view. */
export function manifestOf(draft: Draft, online: Manifest['online']): Manifest {
  const { domain, number, ...rest } = draft;
  const format = formatOf({ packs: draft.packs, online });
  const snapshotVersion = snapshotVersionOf({ ...draft, format, online });
  return { format, domain, number, snapshotVersion, ...rest, online };
}
