/**
 * Purpose: `npm start`: the end-to-end run once, then the service and its schedule, on a machine with
 * nothing but Node.
 * Invariants: features and training run in processes of their own, as the schedule runs them; a
 * second start brings the features up to date and trains only if there is no champion; Ctrl-C stops
 * cleanly.
 * Fails: with the first step's error; what was committed until then stays, and the next start goes
 * on from there.
 */
import { join } from 'node:path';
import { meanOf, targetOf } from '../../forecasting/panel/panel.ts';
import { HeadwayError } from '../../platform/errors.ts';
import { runChildJob } from '../../platform/jobs/child-job.ts';
import { forecastSvg } from '../../reports/charts/forecast-chart.ts';
import { forecastInTerminal } from '../../reports/terminal/forecast.ts';
import type { IssuedForecasts } from '../../services/inference/batch/issue-forecasts.ts';
import type { CommandContext } from '../context.ts';
import { writeOutput } from '../output.ts';
import { issue, pictureOf } from './forecast.ts';
import { startSchedule } from './schedule.ts';
import { openServer, stopSignal } from './serve.ts';

interface Flags {
  readonly once?: boolean;
  readonly quick?: boolean;
}

/**
 * The first model, which somebody waits for, learns from fewer batches than those of the schedule.
 */
const FIRST_STEPS = '700';
const QUICK_STEPS = '200';

export async function startCommand(context: CommandContext, flags: Flags): Promise<void> {
  const { domain, settings, clock, logger } = context;
  const started = clock.elapsedMs();
  const step = (number: number, text: string) => context.print(`\n[${number}/4] ${text}`);
  const environment = { ...context.childEnvironment, ...quickSource(context, flags) };
  const stop = stopSignal();
  const child = (args: string[]) =>
    runChildJob({ args, env: environment, logger, signal: stop.signal, output: 'inherit' });

  try {
    context.print(`Headway: ${domain.title}. Store: ${settings.store}`);
    step(1, 'Features: raw data in, a snapshot committed');
    await child(['features', 'run']);

    step(2, 'Model: fit, backtest against the naive baselines, promote if better');
    const registry = await context.registry();
    const champion = await registry.champion();
    if (champion === null)
      await child(['train', '--steps', flags.quick ? QUICK_STEPS : FIRST_STEPS]);
    else
      context.print(
        `Model ${champion.modelVersion} is champion; the schedule trains again (HEADWAY_TRAINING_SCHEDULE).`,
      );
    const hasModel = (await registry.champion()) !== null;

    step(3, 'Forecast: every series, the next hours, with intervals');
    const shown = hasModel ? await showForecast(context) : null;
    if (!hasModel)
      context.print(
        'The gate did not promote the model, so there is nothing to forecast with yet; the schedule trains again.',
      );

    step(4, 'Service');
    const server = await openServer(context);
    context.print(
      `Ready ${((clock.elapsedMs() - started) / 1000).toFixed(1)} s after the start.\n${addresses(server.url, shown)}`,
    );
    if (flags.once) {
      await checkOnce(server.url, shown, domain.horizon).finally(() => server.close());
      context.print('\nOne forecast was fetched over HTTP. Stopping, as --once asks.');
      return;
    }
    const scheduler = startSchedule(context, { environment });
    context.print(`\n${scheduleText(context)} Ctrl-C stops.`);
    await stop.happened;
    context.print('\nStopping: running requests finish, running jobs are asked to end.');
    await Promise.all([server.close(), scheduler.stop({ abort: true })]);
  } catch (error) {
    if (!stop.signal.aborted) throw error;
    context.print('\nStopped. What was committed stays; the next start goes on from there.');
  } finally {
    stop.forget();
  }
}

/** Forecasts all series into the log and shows one of them. Returns its id. */
async function showForecast(context: CommandContext): Promise<string> {
  const issued = await issue(context);
  await (await context.forecasts()).append(issued.entry);
  const series = showcase(issued);
  const picture = pictureOf(context, issued, series);
  const svg = join(context.settings.work, `${context.domain.name}-forecast.svg`);
  await writeOutput(svg, forecastSvg(picture));
  const width = Math.min(process.stdout.columns ?? 100, 110);
  context.print(
    forecastInTerminal(picture, { width, height: 18, colour: process.stdout.isTTY === true }),
  );
  context.print(`Picture: ${svg}`);
  return issued.panel.seriesIds[series] as string;
}

const forecastUrl = (url: string, seriesId: string) =>
  `${url}/v1/series/${encodeURIComponent(seriesId)}/forecast`;

const addresses = (url: string, seriesId: string | null): string =>
  [
    '',
    `  Page           ${url}/`,
    `  API            ${url}/docs`,
    ...(seriesId === null ? [] : [`  One forecast   curl ${forecastUrl(url, seriesId)}`]),
    `  All series     curl ${url}/v1/series`,
  ].join('\n');

const scheduleText = ({ settings }: CommandContext): string =>
  `Features are brought up to date at "${settings.featuresSchedule ?? 'off'}", the model is trained again at "${settings.trainingSchedule ?? 'off'}" (cron, UTC).`;

/** --quick: the domain's own source, cut short. */
function quickSource(
  { domain, settings }: CommandContext,
  { quick }: Flags,
): Record<string, string> {
  return quick && settings.source === null && domain.quickSource
    ? { HEADWAY_SOURCE: domain.quickSource }
    : {};
}

/** A series worth looking at: the one at the upper quartile of the busiest. */
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
  seriesId: string | null,
  horizon: number,
): Promise<void> {
  if (seriesId === null)
    throw new HeadwayError('NO_CHAMPION', 'no model was promoted', {
      fix: 'Train longer, or bring more history.',
    });
  const url = forecastUrl(serverUrl, seriesId);
  const response = await fetch(url);
  const body = (await response.json()) as { quantiles?: Record<string, number[]> };
  const median = body.quantiles?.['0.5'] ?? [];
  if (response.ok && median.length === horizon && median.every(Number.isFinite)) return;
  throw new HeadwayError(
    'INTERNAL',
    `the service answered ${response.status} instead of ${horizon} steps`,
    { where: url },
  );
}
