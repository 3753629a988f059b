/**
 * Purpose: `headway score`: the issued forecasts of the ledger next to what happened, as tables,
 * JSON and a page; one table for each model version.
 * Invariants: does not write to the store; the figures are those of a backtest, of forecasts as
 * they were issued; what has not happened yet is counted as pending, and not scored.
 * Fails: SNAPSHOT_EMPTY; USAGE for a timestamp that cannot be read.
 */
import { join } from 'node:path';
import { leaderboardOf } from '../../forecasting/evaluation/leaderboard.ts';
import { timestampAt } from '../../forecasting/panel/panel.ts';
import { seasonsOf } from '../../forecasting/panel/seasons.ts';
import { leaderboardPage } from '../../reports/pages/leaderboard-page.ts';
import { type IssuedResult, issuedForecasts } from '../../services/monitoring/issued-forecasts.ts';
import { type Scores, scoreResult } from '../../services/training/evaluation.ts';
import { jsonMetrics } from '../../services/training/train.ts';
import type { CommandContext } from '../context.ts';
import { timestamp } from '../flags.ts';
import { metricsTable } from '../metrics-table.ts';
import { writeOutput } from '../output.ts';

export interface ScoreFlags {
  readonly from?: string;
  readonly until?: string;
  readonly page?: string;
}

export async function scoreCommand(context: CommandContext, flags: ScoreFlags): Promise<void> {
  const { domain, settings } = context;
  const features = await context.features();
  const snapshotVersion = (await features.head())?.snapshotVersion;
  const results = await issuedForecasts({
    ...{ features, snapshotVersion },
    ledger: await context.ledger(),
    actuals: await context.actuals(),
    ...{ season: seasonsOf(domain).week, closedWeekdays: domain.closedWeekdays },
    ...(flags.from === undefined ? {} : { from: timestamp(flags.from, '--from') }),
    ...(flags.until === undefined ? {} : { until: timestamp(flags.until, '--until') }),
  });
  if (results.length === 0)
    context.print(
      'The ledger holds no forecasts of this time. `headway forecast` issues those of all series.',
    );
  const scored = results.map((one) => {
    const scores = scoreResult(one.result, one.panel, seasonsOf(domain).week);
    const metrics = jsonMetrics(scores);
    const known = Number(metrics.all?.network?.count ?? 0);
    const { result, pending, unknownSeries } = one;
    const [first, last] = [result.cutoffs[0], result.cutoffs.at(-1)] as [number, number];
    const iso = (cutoff: number) => new Date(timestampAt(one.panel, cutoff)).toISOString();
    context.print(
      `Model ${one.modelVersion}: ${result.cutoffs.length} cutoffs from ${iso(first)} to ` +
        `${iso(last)}, ${known} values scored, ${pending} not known yet.`,
    );
    if (unknownSeries.length > 0)
      context.print(
        `Not in the newest snapshot, and not scored: ${unknownSeries.slice(0, 8).join(', ')}.`,
      );
    if (known > 0) context.print(metricsTable(metrics, domain.unit));
    return { ...one, known, scores, metrics };
  });
  const newest = scored.findLast(({ known }) => known > 0);
  const page = flags.page ?? join(settings.work, `score-${domain.name}.html`);
  if (newest) {
    await writeOutput(page, pageOf(context, newest, String(snapshotVersion)));
    context.print(`Report: ${page}`);
  }
  context.printJson({
    domain: domain.name,
    page: newest ? page : null,
    models: scored.map(({ modelVersion, result, known, pending, unknownSeries, metrics }) => ({
      ...{ modelVersion, cutoffs: result.cutoffs.length, scored: known, pending, unknownSeries },
      metrics,
    })),
  });
}

function pageOf(
  { domain, clock }: CommandContext,
  one: IssuedResult & { readonly scores: Scores },
  snapshotVersion: string,
): string {
  const { day, week: season } = seasonsOf(domain);
  return leaderboardPage({
    leaderboard: leaderboardOf({
      ...one.scores,
      result: one.result,
      panel: one.panel,
      subject: 'network',
      timeZone: domain.timeZone,
      day,
      season,
    }),
    domain,
    snapshotVersion,
    madeBy: `model ${one.modelVersion}`,
    isLive: true,
    writtenAt: clock.now(),
    refits: [],
  });
}
