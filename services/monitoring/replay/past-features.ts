/**
 * Purpose: features as they were known at a past time, for a replay: a store that shows what it
 * would have shown then.
 * Invariants: nothing that lies after the time is returned. A store that was fed at the time
 * returns the snapshot and the values that it had; of a store that was filled afterwards each
 * interval counts as known when it ends, and which of the two holds is stated.
 * Fails: SNAPSHOT_EMPTY where nothing was known yet; the store's own errors.
 */
import { type Panel, panelUpTo, timestampAt } from '../../../forecasting/panel/panel.ts';
import { HeadwayError } from '../../../platform/errors.ts';
import type { FeatureStore } from '../../../storage/features/feature-store.ts';
import type { Manifest } from '../../../storage/features/manifest.ts';

type Features = Pick<FeatureStore, 'log' | 'readAsOf'>;

export interface PastFeatures {
  /** Whether the values are those that were known then, and not the later ones of the same time. */
  readonly isAsKnown: boolean;
  /** All that was known at `now`, and the snapshot it is of. */
  at(now: number): Promise<{ readonly panel: Panel; readonly manifest: Manifest }>;
}

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
  return {
    isAsKnown,
    async at(now) {
      const known = manifests.findLast(({ committedAt }) => committedAt <= now) ?? head;
      const manifest = isAsKnown ? known : head;
      const panel = upTo(await read(manifest), now);
      if (panel.length > 0) return { panel, manifest };
      throw new HeadwayError('SNAPSHOT_EMPTY', 'Nothing was known yet at this time', {
        where: new Date(now).toISOString(),
        fix: `The features begin at ${new Date(panel.start).toISOString()}: replay from later on.`,
      });
    },
  };
}

/** The intervals that have ended by `now`. */
function upTo(panel: Panel, now: number): Panel {
  const interval = panel.frequencyMinutes * 60_000;
  const ended = Math.floor((now - timestampAt(panel, 0)) / interval);
  return ended >= panel.length ? panel : panelUpTo(panel, Math.max(0, ended) - 1);
}
