/**
 * Purpose: whether the intervals of a refit should follow what its twin's held of the test span
 * (docs/decisions/0055): twin and refit as `headway train` makes them, scored on the span after the
 * refit, once with the twin's calibration as it is, once as it follows.
 *   npm run bench:refit -- --domain NAME --source SPEC [--skip-days DAYS,…] [--steps COUNT]
 * Invariants: the span that is scored lies after everything that the two have learnt from and were
 * calibrated on.
 * Fails: as the pipeline and the fits do.
 */

import { Command } from 'commander';
import { workersOf } from '../../cli/actions/workers.ts';
import type { CommandContext } from '../../cli/context.ts';
import type { Domain } from '../../domains/domain.ts';
import { findDomain } from '../../domains/index.ts';
import { runBacktest } from '../../forecasting/evaluation/backtest.ts';
import type { Metrics } from '../../forecasting/evaluation/metrics.ts';
import { networkForecaster } from '../../forecasting/models/network/forecaster.ts';
import { type Panel, panelUpTo, timestampAt } from '../../forecasting/panel/panel.ts';
import { seasonsOf } from '../../forecasting/panel/seasons.ts';
import { startTensorBackend } from '../../platform/tensorflow/tensor-backend.ts';
import { fitUpTo, scoreResult, testCutoffs } from '../../services/training/evaluation.ts';
import { refit } from '../../services/training/refit.ts';
import { defaultConfigOf, networkSpecOf } from '../../services/training/training-config.ts';
import { runBench } from '../support/run-bench.ts';
import { STEPS_OPTION, withSteps } from '../support/steps-option.ts';
import { benchContext, panelOfSource } from './panel-of-source.ts';

interface Flags {
  readonly domain: string;
  readonly source: string;
  readonly skipDays: string;
  readonly steps?: string;
}

const CALIBRATIONS = ['carried', 'follows'] as const;

/** Series group → calibration → one a span. */
type Figures = Record<string, Record<string, Metrics[]>>;

async function bench(flags: Flags, folder: string): Promise<void> {
  const context = benchContext(folder);
  const domain = findDomain(flags.domain);
  const whole = await panelOfSource(context, domain, flags, folder);
  const figures: Figures = {};
  for (const skipDays of flags.skipDays.split(',').map(Number)) {
    const last = whole.length - 1 - (skipDays * 1440) / domain.frequencyMinutes;
    const panel = panelUpTo(whole, last);
    const { metrics, said } = await scoreSpan(context, domain, panel, flags.steps);
    console.log(
      `\nup to ${new Date(timestampAt(panel, last)).toISOString().slice(0, 10)}: ${said}`,
    );
    for (const [group, byName] of Object.entries(metrics))
      for (const name of CALIBRATIONS) {
        const one = byName[name] as Metrics;
        const before = figures[group]?.[name] ?? [];
        figures[group] = { ...figures[group], [name]: [...before, one] };
        console.log(`  ${group}, ${name}: ${line([one])}`);
      }
  }
  for (const [group, byName] of Object.entries(figures)) {
    const { carried = [], follows = [] } = byName;
    const ratio = mean(follows.map(({ pinball }, i) => pinball / (carried[i] as Metrics).pinball));
    console.log(`\n${group}, ${carried.length} spans: pinball loss × ${ratio.toFixed(4)}`);
    for (const name of CALIBRATIONS) console.log(`  ${name}: ${line(byName[name] ?? [])}`);
  }
}

/** The last test span of the panel, forecast by a refit on all that precedes it. */
async function scoreSpan(context: CommandContext, domain: Domain, panel: Panel, steps?: string) {
  const { clock, logger, progress, settings } = context;
  const config = withSteps(defaultConfigOf(domain), steps);
  const cutoffs = testCutoffs(domain, panel, config);
  const past = panelUpTo(panel, cutoffs[0] as number);
  const spanBefore = testCutoffs(domain, past, config);
  const lastTarget = spanBefore[0] as number;
  const backend = await startTensorBackend(logger, settings.backend, 'training');
  const workers = workersOf(context, backend);
  const request = { domain, panel: past, config, seed: settings.seed, clock, progress, workers };
  const twin = await fitUpTo(request, networkSpecOf(domain, past, config, lastTarget), lastTarget);
  const { fitted, checks } = await refit(request, twin, spanBefore);
  const both = [
    { ...networkForecaster({ ...fitted, calibration: twin.calibration }), name: CALIBRATIONS[0] },
    { ...networkForecaster(fitted), name: CALIBRATIONS[1] },
  ];
  const result = await runBacktest(panel, both, cutoffs, domain.horizon);
  const { metrics } = scoreResult(result, panel, seasonsOf(domain).week);
  return { metrics, said: checks.find((text) => text.includes('times as wide')) };
}

const mean = (values: readonly number[]): number =>
  values.reduce((sum, value) => sum + value, 0) / values.length;

function line(spans: readonly Metrics[]): string {
  const percent = (share: number) => `${(100 * share).toFixed(1)} %`;
  const missOf = ({ coverage, nominalCoverage }: Metrics) => Math.abs(coverage - nominalCoverage);
  const missBySteps = ({ coveragePerStep, nominalCoverage }: Metrics) =>
    mean(quarters(coveragePerStep).map((share) => Math.abs(share - nominalCoverage)));
  return (
    `covers ${percent(mean(spans.map(({ coverage }) => coverage)))}, distance ` +
    `${percent(mean(spans.map(missOf)))}, by quarters of the steps ` +
    `${percent(mean(spans.map(missBySteps)))}, pinball ` +
    mean(spans.map(({ pinball }) => pinball)).toPrecision(5)
  );
}

const quarters = (steps: readonly number[]): number[] =>
  [0, 1, 2, 3].map((i) =>
    mean(steps.slice((i * steps.length) / 4, Math.ceil(((i + 1) * steps.length) / 4))),
  );

const command = new Command('bench:refit')
  .description('Score refits with the calibration of their twin, as it is and as it follows.')
  .requiredOption('--domain <name>', 'a folder in domains/')
  .requiredOption('--source <spec>', 'raw data, as for `headway features run`')
  .option('--skip-days <days>', 'for each span, how many days before the end it ends', '0')
  .option(...STEPS_OPTION);

await runBench(command, bench);
