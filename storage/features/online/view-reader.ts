/**
 * Purpose: read an online view of the store.
 * Invariants: only the objects of the ranges that are asked for are read; nothing is returned that
 * was not verified against its hash and against what the manifest says of it. A view of one object
 * is read when it is opened.
 * Fails: SNAPSHOT_EMPTY where a snapshot has no view; STORE_CORRUPT with the key.
 */
import { lastObserved, type Panel, timestampAt } from '../../../forecasting/panel/panel.ts';
import { HeadwayError, isHeadwayError } from '../../../platform/errors.ts';
import { sha256 } from '../../../platform/files/content-hash.ts';
import { compareText } from '../../../platform/text/compare-text.ts';
import type { ObjectStore } from '../../objects/object-store.ts';
import { isRanged, type Manifest, type RangedView, type ViewObject } from '../manifest.ts';
import { heldSnapshot, type OnlineSnapshot, type SeriesRange } from './online-snapshot.ts';
import { decodeOnlineView } from './online-view.ts';

export async function openView(store: ObjectStore, manifest: Manifest): Promise<OnlineSnapshot> {
  const { online } = manifest;
  if (online === null)
    throw new HeadwayError('SNAPSHOT_EMPTY', 'The newest snapshot has no online view', {});
  if (isRanged(online)) return rangedSnapshot(store, manifest, online);
  return heldSnapshot(decodeOnlineView(online.key, await getNamed(store, online)), manifest);
}

function rangedSnapshot(store: ObjectStore, manifest: Manifest, view: RangedView): OnlineSnapshot {
  const { frequencyMinutes } = manifest.schema;
  const step = frequencyMinutes * 60_000;
  const { start, end } = view.span;
  let series = 0;
  const ranges = view.ranges.map((range, index): SeriesRange => {
    const from = series;
    series += range.series;
    return { from, to: series, first: index === 0 ? null : range.first };
  });
  const range = async (index: number) => {
    const object = view.ranges[index] as ViewObject;
    return checkedRange(manifest, view, index, await getNamed(store, object));
  };
  return {
    ...{ manifest, start, frequencyMinutes, length: (end - start) / step, series, ranges, range },
    rangeOf(seriesId) {
      const next = view.ranges.findIndex(({ first }) => compareText(first, seriesId) > 0);
      return next < 0 ? view.ranges.length - 1 : Math.max(0, next - 1);
    },
    async lastObserved(before) {
      if (before === undefined) {
        const last = Math.max(...view.ranges.map(({ observed }) => observed ?? start - step));
        return (last - start) / step;
      }
      let last = -1;
      for (const index of ranges.keys())
        last = Math.max(last, lastObserved(await range(index), before));
      return last;
    },
  };
}

/** The panel in the bytes of a range, which is what the manifest says of it. */
export function checkedRange(
  { schema }: Manifest,
  { span, ranges }: RangedView,
  index: number,
  bytes: Uint8Array,
): Panel {
  const { key, series, first, observed } = ranges[index] as RangedView['ranges'][number];
  const panel = decodeOnlineView(key, bytes);
  const { seriesIds, start, length, frequencyMinutes } = panel;
  const last = lastObserved(panel);
  const next = ranges[index + 1];
  const isSo =
    seriesIds.length === series &&
    seriesIds[0] === first &&
    (next === undefined || compareText(seriesIds.at(-1) as string, next.first) < 0) &&
    frequencyMinutes === schema.frequencyMinutes &&
    start === span.start &&
    timestampAt(panel, length) === span.end &&
    (last < 0 ? null : timestampAt(panel, last)) === observed;
  if (isSo) return panel;
  throw new HeadwayError(
    'STORE_CORRUPT',
    'A range of the online view does not match its manifest',
    {
      where: key,
      fix: 'Commit again (a feature run with new data) to write a new view.',
    },
  );
}

/** An object that a manifest names, or STORE_CORRUPT. */
export async function getNamed(
  store: ObjectStore,
  { key, sha256: hash }: Pick<ViewObject, 'key' | 'sha256'>,
): Promise<Uint8Array> {
  const corrupt = (problem: string, cause?: unknown) =>
    new HeadwayError('STORE_CORRUPT', `An object that a manifest names ${problem}`, {
      where: key,
      fix:
        'Restore it from a backup of the store; `headway store verify` lists everything ' +
        'that is wrong.',
      cause,
    });
  const bytes = await store.get(key, hash).catch((error: unknown) => {
    throw isHeadwayError(error, 'OBJECT_NOT_FOUND') ? corrupt('is missing', error) : error;
  });
  if (sha256(bytes) !== hash) throw corrupt('does not match its SHA-256');
  return bytes;
}
