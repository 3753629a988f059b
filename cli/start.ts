/**
 * Purpose: `npm start`: the whole way once, then the service and its schedule, on a machine with nothing but Node.
 * Invariants: features and training run in processes of their own, as the schedule runs them; a second start brings the
 * features up to date and trains only if there is no champion; Ctrl-C stops cleanly.
 * Fails: with the first step's error; what was committed until then stays, and the next start goes on from there.
 */
import { join } from 'node:path';
import { forecastInTerminal } from '../dashboard/forecast-terminal.ts';
import { meanOf } from '../forecasting/metrics.ts';
import { targetOf } from '../forecasting/panel.ts';
import { runChildJob } from '../runtime/child-job.ts';
import { HeadwayError } from '../runtime/errors.ts';
import type { IssuedForecasts } from '../services/inference/issue-forecasts.ts';
import type { CommandContext } from './context.ts';
import { issue, pictureOf, writeSvg } from './forecast.ts';
import { startSchedule } from './schedule.ts';
import { openServer, untilSignal } from './serve.ts';

interface Flags {
  readonly once?: boolean;
  readonly quick?: boolean;
}

const QUICK_STEPS = '60';

export async function startCommand(context: CommandContext, flags: Flags): Promise<void> {
  const { domain, settings, clock, logger } = context;
  const started = clock.elapsedMs();
  const step = (number: number, text: string) => context.print(`\n[${number}/4] ${text}`);
  const child = (args: string[]) => runChildJob({ args: [...args, ...context.childFlags], logger, output: 'inherit' });

  context.print(`Headway: ${domain.title}. Store: ${settings.store}`);
  step(1, 'Features: raw data in, a snapshot committed');
  await child(['features', 'run', ...quickSource(context, flags)]);

  step(2, 'Model: backtest against the naive baselines, fit, promote if better');
  const champion = await (await context.registry()).champion();
  if (champion === null) await child(['train', ...quickSource(context, flags), ...(flags.quick ? ['--steps', QUICK_STEPS] : [])]);
  else context.print(`Model ${champion.modelVersion} is champion; the schedule trains anew (HEADWAY_TRAINING_SCHEDULE).`);

  step(3, 'Forecast: every series, the next hours, with intervals');
  const issued = await issue(context);
  await (await context.forecasts()).append(issued.entry);
  const shown = showcase(issued);
  const picture = pictureOf(context, issued, shown);
  const svg = join(settings.work, `${domain.name}-forecast.svg`);
  await writeSvg(svg, picture);
  context.print(
    forecastInTerminal(picture, {
      width: Math.min(process.stdout.columns ?? 100, 110),
      height: 18,
      colour: process.stdout.isTTY === true,
    }),
  );
  context.print(`Picture: ${svg}`);

  step(4, 'Service');
  const server = await openServer(context);
  const url = `${server.url}/v1/series/${encodeURIComponent(issued.panel.seriesIds[shown] as string)}/forecast`;
  context.print(`Ready ${((clock.elapsedMs() - started) / 1000).toFixed(1)} s after the start.

  Page           ${server.url}/
  API            ${server.url}/docs
  One forecast   curl ${url}
  All series     curl ${server.url}/v1/series`);
  if (flags.once) {
    await checkOnce(url, issued.entry.horizon).finally(() => server.close());
    context.print('\nOne forecast was fetched over HTTP. Stopping, as --once asks.');
    return;
  }
  const scheduler = startSchedule(context);
  context.print(
    `\nFeatures are brought up to date at "${settings.featuresSchedule ?? 'off'}", the model is trained anew at "${settings.trainingSchedule ?? 'off'}" (cron, UTC). Ctrl-C stops.`,
  );
  await untilSignal();
  context.print('\nStopping: running requests finish, running jobs are asked to end.');
  await Promise.all([server.close(), scheduler.stop({ abort: true })]);
}

/** --quick: the domain's own source, cut short. */
function quickSource({ domain, settings }: CommandContext, { quick }: Flags): string[] {
  return quick && settings.source === null && domain.quickSource ? ['--source', domain.quickSource] : [];
}

/** A series worth looking at: the one at the upper quartile of the busiest. */
function showcase({ panel }: IssuedForecasts): number {
  const means = panel.seriesIds.map((_, series) => ({ series, mean: meanOf(targetOf(panel, series)) || 0 }));
  means.sort((a, b) => b.mean - a.mean);
  return means[Math.floor(means.length / 8)]?.series ?? 0;
}

async function checkOnce(url: string, horizon: number): Promise<void> {
  const response = await fetch(url);
  const body = (await response.json()) as { quantiles?: Record<string, number[]> };
  const median = body.quantiles?.['0.5'] ?? [];
  if (response.ok && median.length === horizon && median.every(Number.isFinite)) return;
  throw new HeadwayError('INTERNAL', `the service answered ${response.status} instead of ${horizon} steps`, { where: url });
}
