/**
 * Purpose: `npm start`: the end-to-end run once, then the service and its schedule; needs only
 * Node.
 * Invariants: features and training run in child processes, as in the schedule; a second start
 * updates the features, and trains first only if there is no champion; a training that was due
 * while nothing ran is made up for once the service is up; Ctrl-C stops cleanly.
 * Fails: with the error of the first step that fails; what was committed stays, and the next start
 * continues from there.
 */
import { join } from 'node:path';
import { meanOf, targetOf } from '../../forecasting/panel/panel.ts';
import { HeadwayError } from '../../platform/errors.ts';
import { createHttpClient } from '../../platform/http/client.ts';
import { runChildJob } from '../../platform/jobs/child-job.ts';
import { forecastInTerminal } from '../../reports/terminal/forecast.ts';
import type { IssuedForecasts } from '../../services/inference/batch/issue-forecasts.ts';
import { requireFreePort } from '../../services/inference/server.ts';
import { modelLater } from '../../services/training/short-history.ts';
import type { CommandContext } from '../context.ts';
import { writeOutput } from '../output.ts';
import { stopOf } from '../stop.ts';
import { chartOf, modelFrom } from './forecast.ts';
import { issue, keepIssue } from './issue-batch.ts';
import { lastRunsOf, startSchedule } from './schedule.ts';
import { openServer } from './serve.ts';

export interface StartFlags {
  readonly once?: boolean;
  readonly quick?: boolean;
}

/**
 * Somebody waits for the first model, so it trains on fewer batches than those of the schedule, and
 * is served as it was scored: half as many batches, twice, were 1.4 % worse in pinball loss. The
 * schedule's models are fitted again on all data.
 */
const FIRST_STEPS = '700';
const QUICK_STEPS = '200';

export async function startCommand(context: CommandContext, flags: StartFlags): Promise<void> {
  const { domain, settings, clock, logger } = context;
  const started = clock.elapsedMs();
  const step = (number: number, text: string) => context.print(`\n[${number}/4] ${text}`);
  const environment = { ...context.childEnvironment, ...quickSource(context, flags) };
  const stop = stopOf(context);
  const child = (args: string[]) => {
    const signal = AbortSignal.any([
      stop.signal,
      AbortSignal.timeout(settings.jobMinutes * 60_000),
    ]);
    return runChildJob({ args, env: environment, logger, signal, output: 'inherit' });
  };

  try {
    context.print(`Headway: ${domain.title}. Store: ${settings.store}`);
    // Before the work, and not after a minute of it.
    refuseShard(settings.shard);
    await requireFreePort(settings.host, settings.port);
    step(1, 'Features: read the raw data, check it and save a snapshot');
    await child(['features', 'run']);

    step(2, 'Model: train it, compare it with simple baselines, use it if it is better');
    const registry = await context.registry();
    const champion = await registry.champion();
    const later = champion === null ? await modelFrom(context) : null;
    if (later !== null) context.print(`${modelLater(later)} Until then the best baseline serves.`);
    else if (champion === null)
      await child(['train', '--no-refit', '--steps', flags.quick ? QUICK_STEPS : FIRST_STEPS]);
    else
      context.print(`Model ${champion.modelVersion} is in use; the schedule trains the next one.`);
    const hasModel = (await registry.champion()) !== null;

    step(3, `Forecast: the next ${domain.horizon} intervals of every series`);
    if (!hasModel && later === null)
      context.print(
        'The model is not better than the baselines (`headway models list` says by how much). ' +
          'The best of them serves; the schedule trains again.',
      );
    const shown = await showForecast(context);

    step(4, 'HTTP service');
    const server = await openServer(context);
    const seconds = ((clock.elapsedMs() - started) / 1000).toFixed(1);
    context.print(`Ready after ${seconds} s.\n${addresses(server.url, shown)}`);
    if (flags.once) {
      await checkOnce(server.url, shown, context).finally(() => server.close());
      context.print('\nFetched one forecast over HTTP. Stopping, because of --once.');
      return;
    }
    const lastTraining = (await registry.promotions()).at(-1)?.at;
    // Features were brought up to date a moment ago.
    const { features: _, training, ...known } = await lastRunsOf(context);
    const trained = Math.max(lastTraining ?? 0, training ?? 0);
    const lastRuns = trained > 0 ? { ...known, training: trained } : known;
    const scheduler = startSchedule(context, { environment, lastRuns });
    context.print(`\n${scheduleText(context)} Press Ctrl-C to stop.`);
    if (champion === null && hasModel) await firstRecord(context, child, stop.signal);
    await stop.happened;
    context.print('\nStopping: waiting for running requests and jobs.');
    await Promise.all([server.close(), scheduler.stop({ abort: true })]);
  } catch (error) {
    if (!stop.signal.aborted) throw error;
    context.print('\nStopped. Saved results stay; the next start continues from there.');
  } finally {
    stop.forget();
  }
}

function refuseShard(shard: string | null): void {
  if (shard === null) return;
  throw new HeadwayError('SETTINGS_INVALID', '`headway start` serves all series, not a shard', {
    where: 'HEADWAY_SHARD',
    fix: 'Unset it, or run `headway serve` and `headway schedule` instead.',
  });
}

/** So many days of the past get forecasts, and one every so many hours. */
const RECORD = { days: 14, everyHours: 6 };

/**
 * Gives a new system a record: what its model would have forecast over the days that it was tested
 * on, scored. The service is up meanwhile, and continues if this fails.
 */
async function firstRecord(
  context: CommandContext,
  child: (args: string[]) => Promise<void>,
  signal: AbortSignal,
): Promise<void> {
  const since = new Date(context.clock.now() - RECORD.days * 86_400_000).toISOString();
  context.print(
    `\nThe service is up. Meanwhile its first record is made: what the model would have forecast ` +
      `over the last ${RECORD.days} days,\nand how good that was, for the Accuracy and Health ` +
      'views of the page.',
  );
  try {
    await child(['forecast', '--since', since, '--every', String(RECORD.everyHours)]);
    await child(['monitor', '--no-decide']);
  } catch (error) {
    if (signal.aborted) return;
    context.logger.warn({ err: error }, 'the last two weeks have no forecasts; the service is up');
  }
}

/** Forecasts all series into the ledger and shows one of them. Returns its id. */
async function showForecast(context: CommandContext): Promise<string> {
  const issued = await issue(context, { allowsBaseline: true });
  // What a baseline forecasts while there is no model is shown, and is no record.
  if (issued.entry.modelVersion !== null) await keepIssue(context, issued);
  const series = showcase(issued);
  const chart = chartOf(context, issued, series);
  const svg = join(context.settings.work, `${context.domain.name}-forecast.svg`);
  const { forecastSvg } = await import('../../reports/svg-files.ts');
  await writeOutput(svg, forecastSvg(chart));
  const width = Math.min(process.stdout.columns ?? 100, 110);
  context.print(
    forecastInTerminal(chart, { width, height: 18, colour: process.stdout.isTTY === true }),
  );
  context.print(`Chart: ${svg}`);
  return issued.panel.seriesIds[series] as string;
}

const forecastUrl = (url: string, seriesId: string) =>
  `${url}/v1/series/${encodeURIComponent(seriesId)}/forecast`;

const addresses = (url: string, seriesId: string): string =>
  [
    '',
    `  Web page       ${url}/`,
    `  API docs       ${url}/docs`,
    `  One forecast   curl ${forecastUrl(url, seriesId)}`,
    `  All series     curl ${url}/v1/series`,
  ].join('\n');

function scheduleText({ settings }: CommandContext): string {
  const features = settings.featuresSchedule ?? 'off';
  const training = settings.trainingSchedule ?? 'off';
  const monitoring = settings.monitoringSchedule ?? 'off';
  return (
    `Schedule (cron, UTC): features "${features}", training "${training}", ` +
    `monitoring "${monitoring}".`
  );
}

/** --quick: a smaller source of the domain. */
function quickSource(
  { domain, settings }: CommandContext,
  { quick }: StartFlags,
): Record<string, string> {
  return quick && settings.source === null && domain.quickSource
    ? { HEADWAY_SOURCE: domain.quickSource }
    : {};
}

/** A busy series for the chart: at the upper eighth by mean. */
function showcase({ panel }: IssuedForecasts): number {
  const means = panel.seriesIds.map((_, series) => ({
    series,
    mean: meanOf(targetOf(panel, series)) || 0,
  }));
  means.sort((a, b) => b.mean - a.mean);
  return means[Math.floor(means.length / 8)]?.series ?? 0;
}

async function checkOnce(
  serverUrl: string,
  seriesId: string,
  { logger }: Pick<CommandContext, 'logger'>,
): Promise<void> {
  const url = forecastUrl(serverUrl, seriesId);
  // A machine that is busy with the rest of this run may refuse at first (503): it tries again.
  const { data } = await createHttpClient({ logger }).axios.get<{
    readonly horizon: number;
    readonly quantiles: Readonly<Record<string, readonly number[]>>;
  }>(url);
  const median = data.quantiles['0.5'] ?? [];
  if (median.length > 0 && median.length === data.horizon && median.every(Number.isFinite)) return;
  throw new HeadwayError('INTERNAL', 'the service returned no forecast', { where: url });
}
