/**
 * Purpose: features as they were known at a past time, for a replay: a store that shows what it
 * would have shown then.
 * Invariants: nothing that lies after the time is returned. A store that was fed at the time
 * returns the snapshot and the values that it had; of a store that was filled afterwards each
 * interval counts as known when it ends, and which of the two holds is stated.
 * Fails: SNAPSHOT_EMPTY where nothing was known yet; the store's own errors.
 */
import { type Panel, panelTail, panelUpTo, timestampAt } from '../../../forecasting/panel/panel.ts';
import { HeadwayError } from '../../../platform/errors.ts';
import type { FeatureStore } from '../../../storage/features/feature-store.ts';
import type { Manifest } from '../../../storage/features/manifest.ts';

type Features = Pick<FeatureStore, 'log' | 'readAsOf'>;

export interface PastFeatures {
  /** Whether the values are those that were known then, and not the later ones of the same time. */
  readonly isAsKnown: boolean;
  /** All that was known at `now`, and the snapshot it is of. */
  at(now: number): Promise<{ readonly panel: Panel; readonly manifest: Manifest }>;
  /**
   * The last `intervals` that were known at `now`, and up to a day more in front: one panel for all
   * times of a UTC day, so that what forecasters compute of a panel is computed once. From grid
   * index `end` on it may hold what was not known yet, which no forecaster reads.
   */
  view(now: number, intervals: number): Promise<PastView>;
}

export interface PastView {
  readonly panel: Panel;
  readonly manifest: Manifest;
  readonly end: number;
}

const DAY_MS = 86_400_000;

/** @param from the first time that will be asked for */
export async function pastFeatures(features: Features, from: number): Promise<PastFeatures> {
  const manifests = await features.log();
  const head = manifests.at(-1);
  if (head === undefined)
    throw new HeadwayError('SNAPSHOT_EMPTY', 'There are no features to replay', {
      fix: 'Run `headway features run` first.',
    });
  const isAsKnown = (manifests[0] as Manifest).committedAt <= from;
  let last: { readonly version: string; readonly panel: Panel } | null = null;
  const read = async ({ snapshotVersion }: Manifest): Promise<Panel> => {
    last =
      last?.version === snapshotVersion
        ? last
        : { version: snapshotVersion, panel: await features.readAsOf({ snapshotVersion }) };
    return last.panel;
  };
  const manifestAt = (now: number): Manifest =>
    isAsKnown ? (manifests.findLast(({ committedAt }) => committedAt <= now) ?? head) : head;
  const requireSome = (count: number, { start }: Panel, now: number) => {
    if (count > 0) return;
    throw new HeadwayError('SNAPSHOT_EMPTY', 'Nothing was known yet at this time', {
      where: new Date(now).toISOString(),
      fix: `The features begin at ${new Date(start).toISOString()}: start the replay later.`,
    });
  };
  let lastView: { readonly name: string; readonly panel: Panel } | null = null;
  return {
    isAsKnown,
    async at(now) {
      const manifest = manifestAt(now);
      const whole = await read(manifest);
      const ended = endedBy(whole, now);
      requireSome(ended, whole, now);
      return { panel: ended === whole.length ? whole : panelUpTo(whole, ended - 1), manifest };
    },
    async view(now, intervals) {
      const manifest = manifestAt(now);
      const whole = await read(manifest);
      const ended = endedBy(whole, now);
      requireSome(ended, whole, now);
      const { first, last } = hasMore(whole)
        ? { first: ended - intervals, last: ended }
        : dayAround(whole, ended - intervals, now);
      const from = Math.max(0, first);
      const name = `${manifest.snapshotVersion} ${from} ${last}`;
      if (lastView?.name !== name)
        lastView = { name, panel: panelTail(panelUpTo(whole, last - 1), last - from) };
      return { panel: lastView.panel, manifest, end: ended - from };
    },
  };
}

/** How many intervals have ended by `now`. */
function endedBy(panel: Panel, now: number): number {
  const interval = panel.frequencyMinutes * 60_000;
  const ended = Math.floor((now - timestampAt(panel, 0)) / interval);
  return Math.min(panel.length, Math.max(0, ended));
}

/** Whether there are inputs that are read beyond the cutoff, because they are known in advance. */
const hasMore = ({ exogenous }: Panel): boolean => Object.keys(exogenous ?? {}).length > 0;

/** From the first interval of the UTC day that interval `first` is in, to the end of the day of `now`. */
function dayAround(panel: Panel, first: number, now: number): { first: number; last: number } {
  const day = (time: number) => Math.floor(time / DAY_MS) * DAY_MS;
  const interval = panel.frequencyMinutes * 60_000;
  const begin = Math.ceil((day(timestampAt(panel, first)) - panel.start) / interval);
  return { first: begin, last: endedBy(panel, day(now) + DAY_MS) };
}
