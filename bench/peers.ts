/**
 * Purpose: what well-kept Python libraries reach on the panel that `headway train` learns from:
 * LightGBM, statsforecast and mlforecast with the same history, local calendar, holidays, cutoffs
 * and metrics.
 *   headway panel export --domain NAME --out panel.csv
 *   npm run bench:peers -- --domain NAME --panel panel.csv [--json FILE] [--models LIST]
 * Invariants: the libraries' versions are pinned, in an environment of their own that is made once
 * in the work folder; nothing of them is needed by Headway or its tests.
 * Fails: SETTINGS_INVALID for a panel that does not lie on the domain's grid; where Python or the
 * package index is not there, with the words of the tool that failed.
 */
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Command } from 'commander';
import { openContext } from '../cli/context.ts';
import { metricsTable } from '../cli/metrics-table.ts';
import { createCalendar } from '../forecasting/features/calendar.ts';
import { describeError, HeadwayError } from '../platform/errors.ts';
import { defaultConfigOf, featureSpecOf } from '../services/training/training-config.ts';
import { outputOf, pythonIn } from './support/python-environment.ts';

const PACKAGES = ['lightgbm==4.7.0', 'statsforecast==2.1.1', 'mlforecast==1.1.0', 'pandas==2.3.3'];
const SCRIPT = fileURLToPath(new URL('./support/peers.py', import.meta.url));

interface Flags {
  readonly domain: string;
  readonly panel: string;
  readonly json?: string;
  readonly models: string;
  readonly historyDays: string;
  readonly localDays: string;
  readonly localModels: string;
  readonly maxLocalCutoffs: string;
  readonly threads: string;
  readonly environment?: string;
}

/** The domain's calendar of the panel's grid, as CSV. */
async function calendarCsv(panel: string, flags: Flags): Promise<{ csv: string; length: number }> {
  const { domain } = openContext({ domain: flags.domain, logLevel: 'warn' }, {});
  const lines = (await readFile(panel, 'utf8')).trimEnd().split('\n').slice(1);
  const [first] = lines;
  const id = first?.slice(0, first.indexOf(','));
  const stamps = lines
    .filter((line) => line.startsWith(`${id},`))
    .map((line) => line.split(',').at(-2) as string);
  const timeOf = (stamp: string | undefined) => Date.parse(`${stamp?.replace(' ', 'T')}Z`);
  const start = timeOf(stamps[0]);
  const expected = start + (stamps.length - 1) * domain.frequencyMinutes * 60_000;
  if (timeOf(stamps.at(-1)) !== expected)
    throw new HeadwayError('SETTINGS_INVALID', `the panel does not lie on ${domain.name}'s grid`, {
      where: panel,
      fix: 'Write it with `headway panel export --out FILE` of the same domain.',
    });
  const { place } = featureSpecOf(domain);
  const days = createCalendar(start, domain.frequencyMinutes, stamps.length, place);
  const rows = stamps.map((stamp, t) =>
    [
      stamp,
      (days.minuteOfDay[t] as number) / 60,
      days.weekday[t],
      days.holiday[t],
      days.holidayEve[t],
    ].join(','),
  );
  const csv = `ds,hour,weekday,holiday,eve\n${rows.join('\n')}\n`;
  return { csv, length: stamps.length };
}

async function bench(flags: Flags): Promise<void> {
  const { domain, settings } = openContext({ domain: flags.domain, logLevel: 'warn' }, {});
  const config = defaultConfigOf(domain);
  const spec = featureSpecOf(domain);
  const python = await pythonIn(flags.environment ?? join(settings.work, 'peers-python'), PACKAGES);
  const { csv, length } = await calendarCsv(flags.panel, flags);
  const calendar = `${flags.panel}.calendar.csv`;
  await writeFile(calendar, csv);
  const options: Record<string, string | number> = {
    ...{ panel: flags.panel, calendar, horizon: domain.horizon, models: flags.models },
    'test-intervals': (config.testDays * 1440) / domain.frequencyMinutes,
    ...{ 'step-size': config.cutoffStep, day: spec.day, week: spec.week },
    ...{
      'history-days': flags.historyDays,
      stride: config.fit.stride,
      'local-days': flags.localDays,
      'local-models': flags.localModels,
    },
    ...{ 'max-local-cutoffs': flags.maxLocalCutoffs, threads: flags.threads },
  };
  const args = Object.entries(options).flatMap(([name, value]) => [`--${name}`, String(value)]);
  const result = JSON.parse(await outputOf(python, SCRIPT, args)) as {
    readonly metrics: Parameters<typeof metricsTable>[0];
    readonly seconds: unknown;
  };
  console.log(metricsTable(result.metrics, domain.unit));
  console.log(`Seconds: ${JSON.stringify(result.seconds)}`);
  if (flags.json) {
    await mkdir(dirname(flags.json), { recursive: true });
    const about = { domain: domain.name, intervals: length, packages: PACKAGES, ...options };
    const { panel: _panel, calendar: _calendar, ...rest } = about as Record<string, unknown>;
    await writeFile(flags.json, `${JSON.stringify({ ...rest, ...result }, null, 1)}\n`);
  }
}

const command = new Command('bench:peers')
  .description('Score Python libraries on an exported panel.')
  .requiredOption('--domain <name>', 'a folder in domains/')
  .requiredOption('--panel <file>', 'as `headway panel export --out FILE` writes it')
  .option('--json <file>', 'write the figures')
  .option('--models <list>', 'which libraries', 'lightgbm,statsforecast,mlforecast')
  .option('--history-days <days>', 'use the last days of the panel only; 0: all of it', '0')
  .option('--local-days <days>', 'history of the models that are fitted at each cutoff', '56')
  .option('--local-models <list>', 'which of them, such as autoets', 'all')
  .option('--max-local-cutoffs <count>', 'fit those models at the first cutoffs only', '1000')
  // Threads of LightGBM spin where the cores are busy with other work.
  .option('--threads <count>', 'threads of LightGBM', '1')
  .option('--environment <folder>', 'the Python environment (default: in the work folder)');
try {
  await command.parseAsync();
  await bench(command.opts<Flags>());
} catch (error) {
  console.error(describeError(error));
  process.exitCode = 1;
}
