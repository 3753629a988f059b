/**
 * Purpose: the store of a replay: a folder of its own, with the clock of the replay.
 * Invariants: all that a live system writes is in it, and no features: the live system serves
 * nothing of it.
 * Fails: REPLAY_FOREIGN for a folder that holds anything else.
 */
import type { Clock } from '../../../platform/clock.ts';
import { openAlertLog } from '../../../storage/alerts/alert-log.ts';
import { openDecisionLog } from '../../../storage/decisions/decision-log.ts';
import { openLedger } from '../../../storage/ledger/ledger.ts';
import { openModelRegistry } from '../../../storage/models/model-registry.ts';
import { openCheckLog } from '../../../storage/monitoring/check-log.ts';
import { openOverviews } from '../../../storage/monitoring/overviews.ts';
import { openSeriesRecords } from '../../../storage/monitoring/series-records.ts';
import { openStore } from '../../../storage/open-store.ts';
import { openCheckpoints } from '../../../storage/replay/checkpoints.ts';
import { openFiguresLog } from '../../../storage/scores/figures-log.ts';
import { openScoreLog } from '../../../storage/scores/score-log.ts';

/** Between two checks one append; a target day has forecasts of two or three days. */
const KEPT_APPENDS = 3;

export type ReplayStore = Awaited<ReturnType<typeof openReplayStore>>;

export async function openReplayStore(folder: string, domain: string, clock: Clock) {
  const store = openStore(folder);
  const options = { store, domain, clock };
  return {
    ledger: openLedger({ ...options, keepsAppends: KEPT_APPENDS }),
    /** @param plan what is replayed, in words */
    checkpoints: (plan: string) => openCheckpoints({ store, domain, plan }),
    checks: openCheckLog(options),
    scores: openScoreLog(options),
    decisions: openDecisionLog(options),
    registry: openModelRegistry(options),
    records: openSeriesRecords(options),
    alerts: openAlertLog(options),
    figures: openFiguresLog(options),
    overviews: openOverviews(options),
  };
}
