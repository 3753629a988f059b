/**
 * Purpose: what a forecaster reads of all series together, for panels of some of them.
 * Invariants: only the ranges of the series that the context is made of are read, where the
 * forecaster names them; a panel gets the very context that it would have as a part of the whole.
 * Fails: as reading the online view.
 */
import type { Forecaster } from '../../../forecasting/models/forecaster.ts';
import type { Panel } from '../../../forecasting/panel/panel.ts';
import {
  type OnlineSnapshot,
  pickFromRanges,
  wholePanel,
} from '../../../storage/features/online/online-snapshot.ts';

/** Gives a panel of the snapshot its context; as it is where the forecaster reads none. */
export async function contextOf(
  forecaster: Forecaster,
  snapshot: OnlineSnapshot,
): Promise<(panel: Panel) => Panel> {
  const { withContext, contextSeries } = forecaster;
  if (withContext === undefined) return (panel) => panel;
  const read =
    snapshot.ranges.length === 1 || contextSeries === undefined
      ? await wholePanel(snapshot)
      : await pickFromRanges(snapshot, contextSeries);
  const made = withContext(read);
  // The same panel as before: what a forecaster keeps of it is found again.
  return (panel) => (panel === read ? made : { ...panel, context: made.context ?? [] });
}
