/**
 * Purpose: `headway monitor`: one check of the live system: score, look for drift, decide, alert.
 * Invariants: reads what the other services wrote and writes logs of its own; a second check of the
 * same moment changes nothing. One check of a domain and store at a time on this machine: one that
 * trains takes hours, and could not be written after another of a later time.
 * Fails: RUN_IN_PROGRESS; SNAPSHOT_EMPTY; SETTINGS_INVALID for a policy or a channel that is wrong;
 * the training's error where the policy began one that failed.
 */
import { utcText } from '../../../platform/text/utc-text.ts';
import { monitoringPage } from '../../../reports/pages/monitoring-page.ts';
import { openChannels } from '../../../services/monitoring/alerts/open-channels.ts';
import { quietHoursOf } from '../../../services/monitoring/alerts/quiet-hours.ts';
import { cloudwatchFields } from '../../../services/monitoring/live-figures.ts';
import { CORRECTED_DAYS, monitor } from '../../../services/monitoring/monitor.ts';
import { readPolicy } from '../../../services/monitoring/policy.ts';
import { publishCheck } from '../../../services/monitoring/publish-check.ts';
import type { LiveFigures } from '../../../storage/scores/figures-log.ts';
import type { CommandContext } from '../../context.ts';
import { writeOutput } from '../../output.ts';
import { runLocked } from '../../run-lock.ts';
import { columnTexts } from './column-texts.ts';
import { reportOf } from './report-page.ts';
import { trainPort } from './train-port.ts';

export interface MonitorFlags {
  readonly decide: boolean;
  readonly page?: string;
  readonly note?: readonly string[];
  readonly days: number;
}

const DAY_MS = 86_400_000;
/** Posts that may say something about a day that is still corrected, whole days before it too. */
const POSTED_DAYS = CORRECTED_DAYS + 8;

export const monitorCommand = (context: CommandContext, flags: MonitorFlags): Promise<void> =>
  runLocked(context, 'monitoring', () => runCheck(context, flags));

async function runCheck(context: CommandContext, flags: MonitorFlags): Promise<void> {
  const { domain, settings, clock, logger } = context;
  const now = clock.now();
  const channels = await openChannels(settings, logger);
  const policy = await readPolicy(settings.policy);
  const features = await context.features();
  const panel = await features.readAsOf();
  const stores = {
    ledger: await context.ledger(),
    scores: await context.scores(),
    records: await context.seriesRecords(),
    checks: await context.checks(),
    decisions: await context.decisions(),
    registry: await context.registry(),
  };
  const actuals = await context.actuals();
  const train = trainPort(context, { features, registry: stores.registry, clock, flags: {} });
  const result = await monitor({
    ...{ domain, now, panel, ...stores, policy: flags.decide ? policy : null },
    columns: await columnTexts(features, await features.head(), logger),
    posts: await actuals.entries({ from: now - POSTED_DAYS * DAY_MS }),
    train: (request) => runLocked(context, 'training', () => train(request)),
  });
  const { alertQuietHours } = settings;
  const { dayTimeZone: timeZone = domain.timeZone } = domain;
  const figures = await publishCheck({
    ...{ domain, now, panel, result, channels, ...stores, silence: settings.alertSilence },
    quietHours: alertQuietHours === null ? null : quietHoursOf(alertQuietHours, timeZone),
    alerts: await context.alerts(),
    figures: await context.figures(),
    overviews: await context.overviews(),
    onFailure: (channel, reason) =>
      logger.warn({ channel, reason }, 'an alert could not be sent; it will be tried again'),
  });
  const { cloudwatch } = settings;
  const metrics = cloudwatch === null ? null : cloudwatchFields(cloudwatch, figures);
  if (metrics !== null) logger.info(metrics, 'monitoring');
  for (const line of linesOf(result, figures)) context.print(line);
  const page = flags.page ?? null;
  if (page !== null) {
    const report = await reportOf(context, stores, { from: now - flags.days * DAY_MS, until: now });
    await writeOutput(
      page,
      monitoringPage({ report, domain, kind: 'Monitoring', notes: flags.note ?? [] }),
    );
    context.print(`Report: ${page}`);
  }
  const { check, decided } = result;
  const { at, number, scoredDays, verdicts } = check;
  context.printJson({ at, number, scoredDays, verdicts, decided, figures, page });
}

function linesOf(
  { check, drift, decided }: Awaited<ReturnType<typeof monitor>>,
  { skill, coverage80 }: LiveFigures,
): string[] {
  const percent = (share: number | null) =>
    share === null ? 'not known yet' : `${(100 * share).toFixed(1)} %`;
  const days = check.scoredDays.length;
  return [
    `Check ${check.number} at ${utcText(check.at)}: ${days} ${days === 1 ? 'day' : 'days'} scored.`,
    `Over the last week: skill ${percent(skill)}, 80 % intervals hold ${percent(coverage80)}.`,
    ...drift.verdicts.map(
      ({ name, since, message }) => `${name} since ${utcText(since)}: ${message}`,
    ),
    ...(drift.verdicts.length === 0 ? ['No drift.'] : []),
    ...decided.map(({ kind, reason }) => `Decided: ${kind}. ${reason}`),
  ];
}
