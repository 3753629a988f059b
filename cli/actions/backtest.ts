/**
 * Purpose: `headway backtest`: the leaderboard of all forecasters over many cutoffs, as tables,
 * JSON and a page.
 * Invariants: does not write to the store; checkpoints and page are in the work folder (or where
 * --page names).
 * Fails: SNAPSHOT_EMPTY, HISTORY_TOO_SHORT, BACKEND_UNAVAILABLE, SETTINGS_INVALID for cutoffs a
 * share of the day apart.
 */
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { type Leaderboard, leaderboardOf } from '../../forecasting/evaluation/leaderboard.ts';
import { timestampAt } from '../../forecasting/panel/panel.ts';
import { seasonsOf } from '../../forecasting/panel/seasons.ts';
import { startTensorBackend } from '../../platform/tensorflow/tensor-backend.ts';
import { leaderboardPage } from '../../reports/pages/leaderboard-page.ts';
import { backtest } from '../../services/training/backtest/run.ts';
import { oracleForecaster, scoreResult } from '../../services/training/evaluation.ts';
import { jsonMetrics } from '../../services/training/train.ts';
import { readTrainingPanel } from '../../services/training/training-panel.ts';
import type { CommandContext } from '../context.ts';
import { metricsTable, stepTable } from '../metrics-table.ts';
import { writeOutput } from '../output.ts';
import { configOf, modelled, oracleOf, type TrainingFlags } from './train.ts';
import { checkpointsIn } from './workers.ts';

export interface BacktestFlags extends TrainingFlags {
  readonly cutoffStep?: number;
  readonly refitDays?: number;
  readonly workers?: number;
  readonly page?: string;
}

export async function backtestCommand(
  context: CommandContext,
  flags: BacktestFlags,
): Promise<void> {
  const { settings, clock, progress, logger } = context;
  const domain = modelled(context, flags);
  const backend = await startTensorBackend(logger, settings.backend, 'training');
  const config = await configOf(flags, context.domain);
  const { manifest, panel } = await readTrainingPanel(await context.features(), domain, {
    maxValues: config.maxValues,
    logger,
  });
  const oracle = await oracleOf(context, manifest);
  const started = clock.elapsedMs();
  const { result, segments, kept, workers, seconds, folder } = await backtest({
    domain,
    panel,
    config: { ...config, cutoffStep: flags.cutoffStep ?? config.cutoffStep },
    seed: settings.seed,
    backend,
    refitDays: flags.refitDays ?? null,
    workers: flags.workers ?? null,
    cores: availableParallelism(),
    checkpoints: checkpointsIn(settings),
    folder: join(settings.work, 'backtests'),
    clock,
    logger,
    progress,
    others: oracle ? [oracleForecaster(domain.quantiles, oracle)] : [],
  });
  const elapsed = (clock.elapsedMs() - started) / 1000;
  const { day, baseline: season } = seasonsOf(domain);
  const scores = scoreResult(result, panel, season);
  const leaderboard = leaderboardOf({
    ...scores,
    result,
    panel,
    subject: 'network',
    timeZone: domain.timeZone,
    day,
    season,
  });
  const metrics = jsonMetrics(scores);
  const page = flags.page ?? join(settings.work, `backtest-${domain.name}.html`);
  await writeOutput(
    page,
    leaderboardPage({
      leaderboard,
      domain,
      snapshotVersion: manifest.snapshotVersion,
      madeBy: `seed ${settings.seed}, backend ${backend}`,
      writtenAt: clock.now(),
      refits: segments.map((segment) => timestampAt(panel, segment[0] as number)),
    }),
  );
  if (kept > 0) {
    context.print(
      `Resumed: ${kept} of ${segments.length} segments come from an earlier run (${folder}).`,
    );
  }
  context.print(metricsTable(metrics, domain.unit));
  context.print(stepTable(metrics, domain.unit));
  const fits = segments.length === 1 ? 'one fit' : `${segments.length} fits`;
  const processes = workers === 1 ? 'one process' : `${workers} processes`;
  const scope = `${result.cutoffs.length} cutoffs, ${fits} in ${processes}`;
  context.print(`\n${scope}, ${elapsed.toFixed(1)} s. Report: ${page}`);
  context.printJson({
    domain: domain.name,
    snapshotVersion: manifest.snapshotVersion,
    series: panel.seriesIds.length,
    cutoffs: result.cutoffs.length,
    segments: segments.length,
    kept,
    workers,
    page,
    seconds: { train: seconds.network ?? 0, fits: seconds, all: elapsed },
    metrics,
    ...jsonProfiles(leaderboard),
  });
}

/**
 * Where the network errs, with times in ISO 8601 (numbers that are not finite become null in JSON).
 */
function jsonProfiles({
  subject,
  bestNaive,
  byHourOfWeek,
  byCutoff,
  series,
  worstForecasts,
}: Leaderboard) {
  const iso = (timestamp: number) => new Date(timestamp).toISOString();
  return {
    subject,
    bestNaive,
    maeByHourOfWeek: Object.fromEntries(
      Object.entries(byHourOfWeek).map(([name, { mae }]) => [name, mae]),
    ),
    maeByCutoff: { cutoffs: byCutoff.timestamps.map(iso), ...byCutoff.mae },
    worstSeries: series.slice(0, 20),
    worstForecasts: worstForecasts.map((window) => ({ ...window, cutoff: iso(window.cutoff) })),
  };
}
