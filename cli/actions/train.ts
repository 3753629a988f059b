/**
 * Purpose: `headway train`, and what it shares with `headway backtest`: the configuration and the
 * oracle.
 * Invariants: one training of a domain and store at a time on this machine.
 * Fails: RUN_IN_PROGRESS, SNAPSHOT_EMPTY, HISTORY_TOO_SHORT, BACKEND_UNAVAILABLE.
 */
import { join } from 'node:path';
import type { Domain, Source } from '../../domains/domain.ts';
import { reliabilityJson } from '../../forecasting/evaluation/reliability.ts';
import { timestampAt } from '../../forecasting/panel/panel.ts';
import { HeadwayError } from '../../platform/errors.ts';
import { startTensorBackend } from '../../platform/tensorflow/tensor-backend.ts';
import { reliabilityPage } from '../../reports/pages/reliability-page.ts';
import { readConfigFile } from '../../services/training/config-file.ts';
import { jsonMetrics, type TrainingResult, train } from '../../services/training/train.ts';
import { defaultConfigOf, type TrainingConfig } from '../../services/training/training-config.ts';
import { demandOf, type Manifest } from '../../storage/features/manifest.ts';
import type { CommandContext } from '../context.ts';
import { timestamp } from '../flags.ts';
import { recordLineage, stored } from '../lineage.ts';
import { metricsTable, reliabilityTable } from '../metrics-table.ts';
import { writeOutput } from '../output.ts';
import { runLocked } from '../run-lock.ts';
import { workersOf } from './workers.ts';

export interface TrainingFlags {
  readonly steps?: number;
  readonly testDays?: number;
  readonly config?: string;
  readonly demandOnly?: boolean;
}

/** Flags of `train` only. */
export interface TrainFlags {
  readonly snapshot?: string;
  readonly knownAt?: string;
  readonly warmStart?: boolean;
  readonly refit?: boolean;
  readonly reproduce?: string;
  readonly panelOnly?: boolean;
}

export async function trainCommand(
  context: CommandContext,
  flags: TrainingFlags & TrainFlags,
): Promise<void> {
  if (flags.reproduce !== undefined) {
    const { reproduceCommand } = await import('./reproduce.ts');
    return reproduceCommand(context, flags.reproduce, flags.panelOnly ?? false);
  }
  if (flags.panelOnly) {
    throw new HeadwayError('USAGE', '--panel-only needs --reproduce', {
      fix: 'Add --reproduce MODEL, or omit --panel-only.',
    });
  }
  const { settings, clock, progress, logger } = context;
  const domain = modelled(context, flags);
  const config = await configOf(flags, domain);
  const adaptsToHistory = isDefaultSpan(flags);
  const backend = await startTensorBackend(logger, settings.backend, 'training');
  const features = await context.features();
  const registry = await context.registry();
  const run = async () => {
    const head = await features.head();
    const oracle = head ? await oracleOf(context, head) : undefined;
    return train({
      domain,
      features,
      registry,
      config,
      adaptsToHistory,
      seed: settings.seed,
      backend,
      workers: workersOf(context, backend),
      clock,
      logger,
      progress,
      drawVerdict: async (verdict) =>
        (await import('../../reports/svg-files.ts')).verdictSvg(verdict),
      warmStart: flags.warmStart ?? false,
      refit: flags.refit ?? true,
      ...(flags.snapshot ? { snapshotVersion: flags.snapshot } : {}),
      ...(flags.knownAt ? { knownAt: timestamp(flags.knownAt, '--known-at') } : {}),
      ...(oracle ? { oracle } : {}),
    });
  };
  const trained = await recordLineage(
    context,
    'train',
    [stored(context, 'features', flags.snapshot)],
    () => runLocked(context, 'training', run),
    ({ card: { snapshotVersion, modelVersion } }) => ({
      inputs: [stored(context, 'features', snapshotVersion)],
      outputs: [stored(context, 'models', modelVersion)],
    }),
  );
  const { card, scored, verdict, evaluation, notRefitted } = trained;
  const metrics = jsonMetrics(evaluation);
  context.print(metricsTable(metrics, domain.unit));
  context.print(`\n${reliabilityTable(trained.reliability)}`);
  const calibrationReport = await writeCalibrationReport(context, trained);
  context.print(`${calibrationNote(trained)} Calibration report: ${calibrationReport}`);
  const trainedIn = `${scored.trainingSeconds.toFixed(1)} s`;
  context.print(`\nModel ${scored.modelVersion} (${backend}, ${trainedIn}) ${verdict.reason}`);
  if (verdict.promoted) context.print(refitNote(trained));
  if (verdict.moreCutoffs !== null)
    context.print(longerSpan(trained.config, verdict.moreCutoffs, domain.frequencyMinutes));
  context.print(`Chart of the comparison: headway models show ${card.modelVersion} --svg FILE`);
  context.printJson({
    modelVersion: card.modelVersion,
    scored: scored.modelVersion,
    notRefitted,
    outcome: verdict.outcome,
    promoted: verdict.promoted,
    warmStart: trained.warmStart,
    reason: verdict.reason,
    moreCutoffs: verdict.moreCutoffs,
    comparisons: verdict.comparisons,
    groups: verdict.groups,
    seconds: { train: evaluation.trainingSeconds, refit: refitSeconds(trained) },
    calibration: {
      calibrated: trained.uncalibrated === null,
      report: calibrationReport,
      groups: reliabilityJson(trained.reliability),
    },
    metrics,
  });
}

const calibrationNote = ({
  uncalibrated,
  warmStart,
}: Pick<TrainingResult, 'uncalibrated' | 'warmStart'>): string =>
  uncalibrated === null
    ? warmStart === null
      ? 'The quantiles were calibrated on held-out data, then scored on later data.'
      : 'The quantiles were calibrated on data held out of this fit, which the champion that it ' +
        'started from may have seen, then scored on later data.'
    : `${uncalibrated.slice(0, 1).toUpperCase()}${uncalibrated.slice(1)}.`;

const isRefitted = ({ card, scored }: TrainingResult) => card.modelVersion !== scored.modelVersion;

const refitSeconds = (trained: TrainingResult): number | null =>
  isRefitted(trained) ? trained.card.trainingSeconds : null;

/** Which model is served, and why the figures are another's. */
function refitNote(trained: TrainingResult): string {
  const { card, notRefitted } = trained;
  if (!isRefitted(trained))
    return `It is served as it was scored, without the weeks of the test: ${notRefitted}.`;
  const seconds = card.trainingSeconds.toFixed(1);
  return (
    `Model ${card.modelVersion} is served: the same recipe fitted on all data in ${seconds} s, ` +
    'with as many steps, and checked against the scored model, whose figures are above.'
  );
}

async function writeCalibrationReport(
  { domain, settings }: CommandContext,
  trained: TrainingResult,
): Promise<string> {
  const { scored: card, evaluation, panel, reliability, uncalibrated } = trained;
  const { cutoffs } = evaluation.result;
  const day = (index: number) => new Date(timestampAt(panel, index)).toISOString().slice(0, 10);
  const page = reliabilityPage({
    title: domain.title,
    subtitle:
      `Model ${card.modelVersion} on snapshot ${card.snapshotVersion}: ` +
      `${cutoffs.length} cutoffs from ${day(cutoffs[0] as number)} ` +
      `to ${day(cutoffs[cutoffs.length - 1] as number)}, after all training data.`,
    groups: reliability,
    calibrated: uncalibrated === null,
    note: calibrationNote(trained),
  });
  const path = join(settings.work, `calibration-${domain.name}.html`);
  await writeOutput(path, page);
  return path;
}

/** The test span that has that many more cutoffs. */
function longerSpan(
  { testDays, cutoffStep }: TrainingConfig,
  moreCutoffs: number,
  frequencyMinutes: number,
): string {
  const days = testDays + Math.ceil((moreCutoffs * cutoffStep * frequencyMinutes) / 1440);
  return `For that many, use --test-days ${days} (needs enough history). The champion stays.`;
}

/** The domain with the inputs of the model. */
export const modelled = ({ domain }: CommandContext, { demandOnly }: TrainingFlags) =>
  demandOnly ? { ...domain, pastExogenous: [], futureExogenous: [] } : domain;

/** Nobody asked for a test span: it may follow the history. */
export const isDefaultSpan = ({ testDays, config }: TrainingFlags): boolean =>
  testDays === undefined && config === undefined;

/** Flags override the file, the file overrides the defaults. */
export async function configOf(
  { steps, testDays, config: file }: TrainingFlags,
  domain: Domain,
): Promise<TrainingConfig> {
  const defaults = defaultConfigOf(domain);
  const config = file === undefined ? defaults : await readConfigFile(file, domain.name, defaults);
  return {
    ...config,
    testDays: testDays ?? config.testDays,
    fit: { ...config.fit, steps: steps ?? config.fit.steps },
  };
}

/** The truth of a simulated source, where the snapshot was made from that very source. */
export async function oracleOf(
  context: CommandContext,
  manifest: Manifest,
): Promise<Source['oracle'] | undefined> {
  if (context.settings.source === null && context.domain.defaultSource === null) return undefined;
  const source = await context.source();
  // Checked first, because listing the parts of a simulated source runs the simulation.
  if (source.oracle === undefined || !manifest.reason.endsWith(source.description))
    return undefined;
  const parts = new Set(
    (await source.parts()).map(({ name, fingerprint }) => `${name} ${fingerprint}`),
  );
  const segments = await (await context.features()).segments(manifest);
  const demand = demandOf(segments);
  const isSame = demand.every(({ part, fingerprint }) => parts.has(`${part} ${fingerprint}`));
  return isSame
    ? (id, timestamp, quantile) => source.oracle?.(id, timestamp, quantile) ?? Number.NaN
    : undefined;
}
