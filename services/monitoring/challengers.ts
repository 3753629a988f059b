/**
 * Purpose: which models run in shadow now, by the decision log.
 * Fails: as the log does.
 */
import type { DecisionLog } from '../../storage/decisions/decision-log.ts';
import { openChallenger } from './decide.ts';

/** Decisions among which the last one about a challenger is. */
const RECENT = 200;

/** Their versions: one, or none. */
export async function challengersOf(log: Pick<DecisionLog, 'recent'>): Promise<string[]> {
  const challenger = openChallenger(await log.recent({ limit: RECENT }));
  return challenger === null ? [] : [challenger.modelVersion];
}
