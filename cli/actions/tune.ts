/**
 * Purpose: `headway tune`: search for a better configuration in worker processes, and write it to a
 * file with a report.
 * Invariants: one search of a domain and store at a time on this machine; the test span is never
 * used; the store is only read.
 * Fails: RUN_IN_PROGRESS, SNAPSHOT_EMPTY, HISTORY_TOO_SHORT, BACKEND_UNAVAILABLE.
 */
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import Table from 'cli-table3';
import { replaceFile } from '../../platform/files/replace-file.ts';
import { withRunLock } from '../../platform/jobs/run-lock.ts';
import { openWorkerPool } from '../../platform/jobs/worker-pool.ts';
import { tuningPage } from '../../reports/pages/tuning-page.ts';
import { configFileOf } from '../../services/training/config-file.ts';
import { defaultConfigOf } from '../../services/training/training-config.ts';
import { readTrainingPanel } from '../../services/training/training-panel.ts';
import {
  type ReportedCandidate,
  type TuningReport,
  tuningReport,
} from '../../services/training/tuning/report.ts';
import { type TuningResult, tune } from '../../services/training/tuning/tuning.ts';
import type { TrialScore } from '../../services/training/tuning/worker.ts';
import type { CommandContext } from '../context.ts';

export interface TuneFlags {
  readonly candidates: number;
  readonly steps: number;
  readonly folds: number;
  readonly workers?: number;
  readonly testDays?: number;
  readonly snapshot?: string;
  readonly configOut?: string;
  readonly page?: string;
}

export async function tuneCommand(context: CommandContext, flags: TuneFlags): Promise<void> {
  const { domain, settings, clock, progress, logger } = context;
  const defaults = defaultConfigOf(domain);
  const testDays = flags.testDays ?? defaults.testDays;
  const store = await context.store();
  const lock = {
    folder: join(settings.work, 'locks'),
    store: `${store.location} ${domain.name}`,
    kind: 'tuning',
    clock,
  };
  const folder = join(settings.work, 'tuning');
  const started = clock.elapsedMs();
  const { result, report } = await withRunLock(lock, async () => {
    const { manifest, panel } = await readTrainingPanel(await context.features(), domain, {
      maxValues: defaults.maxValues,
      logger,
      ...(flags.snapshot === undefined ? {} : { snapshotVersion: flags.snapshot }),
    });
    const pool = openWorkerPool({
      module: new URL('../../services/training/tuning/worker.ts', import.meta.url),
      size: flags.workers ?? availableParallelism(),
    });
    try {
      const result = await tune({
        domain,
        panel,
        config: { ...defaults, testDays },
        candidates: flags.candidates,
        steps: flags.steps,
        folds: flags.folds,
        seed: settings.seed,
        backend: settings.backend,
        folder,
        runTrial: (input, onSteps) =>
          pool.run<TrialScore>(input, {
            onProgress: (steps) => typeof steps === 'number' && onSteps(steps),
          }),
        progress,
        logger,
      });
      const { snapshotVersion } = manifest;
      const seconds = (clock.elapsedMs() - started) / 1000;
      const about = {
        domain,
        panel,
        snapshotVersion,
        seed: settings.seed,
        testDays,
        generatedAt: clock.now(),
        seconds,
      };
      return { result, report: tuningReport(result, about) };
    } finally {
      await pool.close();
    }
  });
  const configPath = flags.configOut ?? join(folder, `${domain.name}.json`);
  const pagePath = flags.page ?? join(settings.work, 'reports', `${domain.name}-tuning.html`);
  await replaceFile(
    configPath,
    `${JSON.stringify(configFileOf(result.config, domain.name, originOf(report)), null, 2)}\n`,
  );
  await replaceFile(pagePath, tuningPage(report));
  context.print(candidateTable(report));
  for (const line of failureLines(report)) context.print(line);
  context.print(`\n${verdictOf(report)}`);
  context.print(trialsLine(report, result));
  context.print(
    `\nReport: ${pagePath}\nConfiguration: ${configPath}\n` +
      `To use it: headway train --config ${configPath}`,
  );
  context.printJson({
    ...report,
    config: { network: result.config.network, fit: result.config.fit },
    configPath,
    pagePath,
  });
}

const SHOWN = 12;

function candidateTable(report: TuningReport): string {
  const { parameters, rungs, candidates } = report;
  const right = rungs.map(() => 'right' as const);
  const table = new Table({
    head: ['', ...rungs.map(({ steps }) => `loss at ${steps}`), `MAE (${report.unit})`, 'values'],
    style: { head: [], border: [] },
    colAligns: ['left', ...right, 'right', 'left'],
    colWidths: [null, ...rungs.map(() => null), null, 64],
    wordWrap: true,
  });
  for (const candidate of candidates.slice(0, SHOWN)) {
    const name = candidate.number === 0 ? 'default' : candidate.number;
    table.push([
      `${name}${candidate.number === report.best ? ' *' : ''}`,
      ...rungs.map((_, rung) => lossText(candidate, rung)),
      candidate.rungs.at(-1)?.mae?.toPrecision(4) ?? '',
      parameters.map(({ name }) => `${name}\u00a0${candidate.values[name]}`).join(', '),
    ]);
  }
  const rest =
    candidates.length > SHOWN ? `\n… and ${candidates.length - SHOWN} more, in the report.` : '';
  const folds = `mean of ${report.folds.length} folds`;
  const legend =
    `Loss: pinball loss divided by the MAE of the best baseline, ${folds}; lower is better. ` +
    'Compare within a column. MAE: of the last round reached.';
  return `${table.toString()}${rest}\n${legend}`;
}

function lossText({ rungs }: ReportedCandidate, rung: number): string {
  const standing = rungs[rung];
  return standing === undefined ? '' : (standing.loss?.toFixed(4) ?? 'failed');
}

function failureLines({ candidates }: TuningReport): string[] {
  return candidates.flatMap(({ number, rungs }) =>
    rungs.flatMap(({ steps, failures }) =>
      failures.map((text) => `Candidate ${number} failed at ${steps} steps: ${text}`),
    ),
  );
}

function verdictOf({ best, gain, rungs }: TuningReport): string {
  const steps = rungs.at(-1)?.steps;
  if (best === 0)
    return `No candidate beats the default at ${steps} steps: the file has the default.`;
  const how =
    gain === null
      ? 'the default failed'
      : `${(100 * gain).toFixed(1)} % less loss than the default`;
  return (
    `Candidate ${best} is best at ${steps} steps: ${how}. ` +
    'Check it on new days with `headway backtest --config`.'
  );
}

function trialsLine(report: TuningReport, { folder }: TuningResult): string {
  const resumed =
    report.resumedTrials > 0 ? `, ${report.resumedTrials} of them from an earlier run` : '';
  const seconds = report.seconds.toFixed(1);
  return `${report.trials} trials${resumed}, in ${seconds} s, stored in ${folder}.`;
}

function originOf(report: TuningReport): string {
  const { best, candidates, rungs, seed, snapshotVersion, gain } = report;
  return [
    `headway tune: candidate ${best} of ${candidates.length} (0 is the default)`,
    `seed ${seed}`,
    `snapshot ${snapshotVersion}`,
    `${rungs.at(-1)?.steps} steps in the last round`,
    ...(gain === null ? [] : [`${(100 * gain).toFixed(1)} % less loss than the default`]),
  ].join(', ');
}
