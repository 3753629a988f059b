/**
 * Purpose: `headway train`, and what it shares with `headway backtest`: the configuration and the oracle.
 * Invariants: one training of a domain and store at a time on this machine.
 * Fails: RUN_IN_PROGRESS, SNAPSHOT_EMPTY, HISTORY_TOO_SHORT, BACKEND_UNAVAILABLE.
 */
import { join } from 'node:path';
import type { Source } from '../domains/domain.ts';
import { withRunLock } from '../runtime/run-lock.ts';
import { startTensorBackend } from '../runtime/tensor-backend.ts';
import { readConfigFile } from '../services/training/config-file.ts';
import { jsonMetrics, train } from '../services/training/train.ts';
import { defaultTrainingConfig, type TrainingConfig } from '../services/training/training-config.ts';
import type { Manifest } from '../storage/manifest.ts';
import type { CommandContext } from './context.ts';
import { metricsTable } from './metrics-table.ts';

export interface TrainingFlags {
  readonly steps?: number;
  readonly testDays?: number;
  readonly config?: string;
}

export async function trainCommand(context: CommandContext, flags: TrainingFlags & { snapshot?: string }): Promise<void> {
  const { domain, settings, clock, progress, logger } = context;
  const config = await configOf(flags, domain.name);
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
      config,
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

/** The defaults, then what the file says, then what the flags say. */
export async function configOf({ steps, testDays, config: file }: TrainingFlags, domain: string): Promise<TrainingConfig> {
  const config = file === undefined ? defaultTrainingConfig : await readConfigFile(file, domain, defaultTrainingConfig);
  return {
    ...config,
    testDays: testDays ?? config.testDays,
    fit: { ...config.fit, steps: steps ?? config.fit.steps },
  };
}

/** The truth of a simulated source, where the snapshot was made from that very source. */
export async function oracleOf(context: CommandContext, manifest: Manifest): Promise<Source['oracle'] | undefined> {
  if (context.settings.source === null && context.domain.defaultSource === null) return undefined;
  const source = await context.source();
  // Asked first, because listing the parts of a simulated source would simulate it.
  if (source.oracle === undefined || !manifest.reason.endsWith(source.description)) return undefined;
  const parts = new Set((await source.parts()).map(({ name, fingerprint }) => `${name} ${fingerprint}`));
  const isSame = manifest.objects.every(({ part, fingerprint }) => parts.has(`${part} ${fingerprint}`));
  return isSame ? (id, timestamp, quantile) => source.oracle?.(id, timestamp, quantile) ?? Number.NaN : undefined;
}
