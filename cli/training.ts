/**
 * Purpose: `headway backtest` and `headway train`.
 * Invariants: `backtest` writes nothing; one training of a domain and store at a time on this machine.
 * Fails: RUN_IN_PROGRESS, SNAPSHOT_EMPTY, HISTORY_TOO_SHORT, BACKEND_UNAVAILABLE.
 */
import { join } from 'node:path';
import type { Source } from '../domains/domain.ts';
import { withRunLock } from '../runtime/run-lock.ts';
import { startTensorBackend } from '../runtime/tensor-backend.ts';
import { evaluate, oracleForecaster } from '../services/training/evaluation.ts';
import { jsonMetrics, readTrainingPanel, train } from '../services/training/train.ts';
import { defaultTrainingConfig, type TrainingConfig } from '../services/training/training-config.ts';
import { isExogenous } from '../storage/coverage.ts';
import type { Manifest } from '../storage/manifest.ts';
import type { CommandContext } from './context.ts';
import { metricsTable } from './metrics-table.ts';

interface Flags {
  readonly steps?: number;
  readonly testDays?: number;
  readonly snapshot?: string;
  readonly demandOnly?: boolean;
}

export async function backtestCommand(context: CommandContext, flags: Flags): Promise<void> {
  const { settings, clock, progress, logger } = context;
  const domain = modelled(context, flags);
  await startTensorBackend(logger, settings.backend, 'training');
  const features = await context.features();
  const { manifest, panel } = await readTrainingPanel(features, domain);
  const oracle = await oracleOf(context, manifest);
  const evaluation = await evaluate({
    domain,
    panel,
    config: configOf(flags),
    seed: settings.seed,
    clock,
    progress,
    beside: oracle ? [oracleForecaster(domain.quantiles, oracle)] : [],
  });
  const metrics = jsonMetrics(evaluation);
  context.print(metricsTable(metrics, domain.unit));
  context.printJson({
    domain: domain.name,
    snapshotVersion: manifest.snapshotVersion,
    series: panel.seriesIds.length,
    cutoffs: evaluation.result.cutoffs.length,
    seconds: { train: evaluation.trainingSeconds },
    metrics,
  });
}

export async function trainCommand(context: CommandContext, flags: Flags): Promise<void> {
  const { settings, clock, progress, logger } = context;
  const domain = modelled(context, flags);
  const backend = await startTensorBackend(logger, settings.backend, 'training');
  const store = await context.store();
  const features = await context.features();
  const registry = await context.registry();
  const lock = { folder: join(settings.work, 'locks'), store: `${store.location} ${domain.name}`, kind: 'training', clock };
  const { card, verdict, evaluation } = await withRunLock(lock, async () => {
    const head = await features.head();
    const oracle = head ? await oracleOf(context, head) : undefined;
    return train({
      domain,
      features,
      registry,
      config: configOf(flags),
      seed: settings.seed,
      backend,
      clock,
      logger,
      progress,
      ...(flags.snapshot ? { snapshotVersion: flags.snapshot } : {}),
      ...(oracle ? { oracle } : {}),
    });
  });
  const metrics = jsonMetrics(evaluation);
  context.print(metricsTable(metrics, domain.unit));
  context.print(`\nModel ${card.modelVersion} (${backend}, ${card.trainingSeconds.toFixed(1)} s) ${verdict.reason}`);
  context.printJson({
    modelVersion: card.modelVersion,
    promoted: verdict.promoted,
    reason: verdict.reason,
    comparisons: verdict.comparisons,
    seconds: { train: card.trainingSeconds },
    metrics,
  });
}

/** The domain as the model is to see it. */
const modelled = ({ domain }: CommandContext, { demandOnly }: Flags) =>
  demandOnly ? { ...domain, pastExogenous: [], futureExogenous: [] } : domain;

function configOf({ steps, testDays }: Flags): TrainingConfig {
  const { fit } = defaultTrainingConfig;
  return {
    ...defaultTrainingConfig,
    testDays: testDays ?? defaultTrainingConfig.testDays,
    fit: { ...fit, steps: steps ?? fit.steps },
  };
}

/** The truth of a simulated source, where the snapshot was made from that very source. */
async function oracleOf(context: CommandContext, manifest: Manifest): Promise<Source['oracle'] | undefined> {
  if (context.settings.source === null && context.domain.defaultSource === null) return undefined;
  const source = await context.source();
  // Asked first, because listing the parts of a simulated source would simulate it.
  if (source.oracle === undefined || !manifest.reason.endsWith(source.description)) return undefined;
  const parts = new Set((await source.parts()).map(({ name, fingerprint }) => `${name} ${fingerprint}`));
  const demand = manifest.objects.filter(({ feed }) => !isExogenous(feed));
  const isSame = demand.every(({ part, fingerprint }) => parts.has(`${part} ${fingerprint}`));
  return isSame ? (id, timestamp, quantile) => source.oracle?.(id, timestamp, quantile) ?? Number.NaN : undefined;
}
