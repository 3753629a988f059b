/**
 * Purpose: how the next snapshot reads, before it is committed: what a run is judged by.
 * Invariants: the panel is the one that a commit of the same objects upon the same head makes
 * readable, bit for bit: it is computed by the same code. Nothing is written. Exogenous columns are
 * left out.
 * Fails: PANEL_INVALID for an object that does not fit the head; as reading a snapshot does.
 */
import type { Panel } from '../../../forecasting/panel/panel.ts';
import { withSqlSession } from '../../../platform/duckdb/session.ts';
import { type FeatureFiles, withStaged } from '../feature-files.ts';
import { demandOf } from '../manifest.ts';
import { withExtended } from '../online/online-increment.ts';
import { joinPanels, onlySeriesOf } from '../online/online-snapshot.ts';
import type { NextSnapshot } from '../requests.ts';
import { requireFitting } from '../staging.ts';

export async function readNext(
  files: FeatureFiles,
  { head, staged, from, takes }: NextSnapshot,
): Promise<Panel> {
  const { schema } = staged;
  const fresh = demandOf(staged.objects);
  requireFitting(fresh, head?.packs[0] ?? head?.objects[0], schema);
  // Not in the store yet: they are read where they are.
  const added = fresh.map((object) => ({ ...object, key: object.path }));
  const snapshot = {
    schema,
    packs: demandOf(head?.packs ?? []),
    objects: [...demandOf(head?.objects ?? []), ...added],
  };
  const readable = withStaged(files, fresh, false);
  return withSqlSession((session) =>
    withExtended(readable, session, head, snapshot, added, { from }, (panels) =>
      joinPanels(takes === undefined ? panels : onlySeriesOf(panels, takes)),
    ),
  );
}
