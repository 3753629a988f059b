/**
 * Purpose: the report of a span of monitoring as a page.
 * Fails: as the store and the file do.
 */
import { knownEvents } from '../../../services/monitoring/drift/known-events.ts';
import { type MonitoringReport, monitoringReport } from '../../../services/monitoring/report.ts';
import { openDaysOf } from '../../../services/monitoring/scoring/score-ledger.ts';
import type { DecisionLog } from '../../../storage/decisions/decision-log.ts';
import type { CheckLog } from '../../../storage/monitoring/check-log.ts';
import type { ScoreLog } from '../../../storage/scores/score-log.ts';
import type { CommandContext } from '../../context.ts';

export interface ReportSources {
  readonly scores: Pick<ScoreLog, 'days'>;
  readonly checks: Pick<CheckLog, 'entries'>;
  readonly decisions: Pick<DecisionLog, 'recent'>;
}

/** Of the targets and checks in [from, until], epoch milliseconds. */
export async function reportOf(
  { domain }: CommandContext,
  { scores, checks, decisions }: ReportSources,
  { from, until }: { readonly from: number; readonly until: number },
): Promise<MonitoringReport> {
  const { timeZone, holidays } = domain;
  return monitoringReport({
    ...{ from, until, timeZone },
    days: await openDaysOf(scores, domain, { from, until }),
    checks: await checks.entries({ from }),
    decisions: (await decisions.recent({ at: until, limit: 10_000 })).reverse(),
    knownDays: knownEvents({ timeZone, holidays }, from, until).map(({ start, title }) => ({
      at: start,
      name: title,
    })),
  });
}
