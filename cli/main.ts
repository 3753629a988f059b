/**
 * Purpose: the commands of `headway`, their flags and help.
 * Invariants: each command's work is imported when it runs, so that `--help` and `serve` do not
 * load what they do not use.
 * Fails: USAGE for unknown commands and flags; a command's own error otherwise. Nothing is thrown:
 * the exit status is returned.
 */
import { Command, CommanderError, Option } from 'commander';
import { describeError, HeadwayError, isHeadwayError } from '../platform/errors.ts';
import type { Settings } from '../platform/settings/settings.ts';
import type { BacktestFlags } from './commands/backtest.ts';
import type { FeaturesFlags } from './commands/features/run.ts';
import type { ForecastFlags } from './commands/forecast.ts';
import { addKeysCommands } from './commands/keys-commands.ts';
import type { ScheduleFlags } from './commands/schedule.ts';
import type { GcFlags } from './commands/store/compact-and-gc.ts';
import type { StoreDiffFlags } from './commands/store/diff.ts';
import type { TrainFlags, TrainingFlags } from './commands/train.ts';
import type { TuneFlags } from './commands/tune.ts';
import type { CommandContext, CommonFlags } from './context.ts';
import { wholeNumber } from './flags.ts';

/** Adds a command with the flags that all have; `run` gets the opened context and the flags. */
export type AddCommand = <Flags extends object>(
  parent: Command,
  name: string,
  description: string,
  define: (command: Command) => Command,
  run: (
    context: CommandContext,
    flags: Flags & CommonFlags,
    ...operands: string[]
  ) => Promise<void>,
) => void;

type Environment = Record<string, string | undefined>;

/**
 * A process that ends by a signal it handled ends with 128 + the signal's number, as shells expect.
 */
export async function main(args: readonly string[], env: Environment): Promise<number> {
  const program = buildProgram(env);
  try {
    await program.parseAsync([...args], { from: 'user' });
    return Number(process.exitCode ?? 0);
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
    return reportError(error, env);
  }
}

/** Prints the error, for people; returns the exit status of its code. */
export function reportError(error: unknown, env: Environment): number {
  process.stderr.write(`${describeError(error)}\n`);
  if (!isHeadwayError(error) && env.HEADWAY_LOG_LEVEL === 'debug')
    process.stderr.write(`${(error as Error).stack}\n`);
  return isHeadwayError(error) ? new HeadwayError(error.code, '').exitCode : 70;
}

export function buildProgram(env: Environment): Command {
  const program = new Command('headway')
    .description(
      'Time-series demand forecasting, end to end: raw events in, forecasts out over HTTP.',
    )
    .exitOverride()
    .configureOutput({ outputError: (text, write) => write(text.replace(/^error: /, 'USAGE: ')) })
    .configureHelp({ showGlobalOptions: false })
    .showHelpAfterError('(--help shows the commands and flags)');

  /** A command with the flags that all have; `run` gets the opened context and the flags. */
  function command<Flags extends object>(
    parent: Command,
    name: string,
    description: string,
    define: (command: Command) => Command,
    run: (
      context: CommandContext,
      flags: Flags & CommonFlags,
      ...operands: string[]
    ) => Promise<void>,
    defaults: Partial<Settings> = {},
  ): void {
    const made = define(parent.command(name).description(description).exitOverride())
      .option(
        '--store <url>',
        'where features, models and forecasts live: file:FOLDER or s3://BUCKET/PREFIX',
      )
      .option('--domain <name>', 'what is forecast: a folder in domains/')
      .option('--work <folder>', 'raw downloads, locks and temporary files')
      .addOption(
        new Option('--log-level <level>')
          .choices(['silent', 'error', 'warn', 'info', 'debug'])
          .default(undefined, 'info; start: warn'),
      )
      .option('--json', 'print the result as JSON on standard output');
    made.action(async (...values: unknown[]) => {
      const operands = values.slice(0, -2) as string[];
      const flags = values.at(-2) as Flags & CommonFlags;
      const { openContext } = await import('./context.ts');
      await run(openContext(flags, env, defaults), flags, ...operands);
    });
  }

  const source = (c: Command) =>
    c.option('--source <spec>', "raw data: a folder, or name:argument as the domain's README says");
  const sources = (c: Command) =>
    source(c).option(
      '--exogenous <spec>',
      "exogenous columns, e.g. the weather: a file or folder, as the domain's README says",
    );
  const engine = (c: Command) =>
    c.option(
      '--engine <name>',
      'what counts raw events: duckdb, or trino://USER@HOST:PORT/CATALOG/SCHEMA',
    );
  const computing = (c: Command) =>
    c
      .option('--seed <number>', 'seed of everything random')
      .option('--backend <name>', 'auto, native, wasm or cpu');
  const training = (c: Command) =>
    computing(
      c
        .option('--steps <count>', 'batches the network learns from', wholeNumber)
        .option('--test-days <days>', 'days at the end that are held out and scored', wholeNumber)
        .option('--config <file>', 'a configuration that `headway tune` wrote; flags beat it')
        .option(
          '--demand-only',
          'leave exogenous columns out of the model, though the snapshot has them',
        ),
    ).option(
      '--quantiles <list>',
      'what to forecast besides the median, e.g. 0.05,0.25,0.5,0.75,0.95',
    );

  const features = program.command('features').description('the feature service');
  command(
    features,
    'run',
    'Fetch raw data, validate and aggregate it, commit a snapshot.',
    (c) =>
      engine(sources(c))
        .option('--report <file>', 'write the data-quality report as an HTML page')
        .option('--accept <id>', 'take what this quarantined run brought, and nothing else')
        .option('--reason <text>', 'why it is taken, for the log of snapshots; with --accept'),
    async (context, flags: FeaturesFlags) =>
      (await import('./commands/features/run.ts')).runFeaturesCommand(context, flags),
  );
  command(
    features,
    'sql',
    'Print the SQL that counts one raw part, as it is sent to the engine.',
    (c) => engine(source(c)).option('--part <name>', 'a file of the source; the newest without it'),
    async (context, flags: { part?: string }) =>
      (await import('./commands/features/sql.ts')).featuresSql(context, flags),
  );
  const quarantine = features
    .command('quarantine')
    .description('runs that broke the data contract');
  command(
    quarantine,
    'list',
    'List the runs that were refused, oldest first, and whether their data still waits.',
    (c) => c,
    async (context) => (await import('./commands/features/quarantine.ts')).listQuarantine(context),
  );
  command(
    quarantine,
    'show',
    'Show the evidence of a refused run: what broke, by how much, and rows.',
    (c) => c.argument('<id>', 'as `quarantine list` shows it'),
    async (context, _flags, id) =>
      (await import('./commands/features/quarantine.ts')).showQuarantine(context, id as string),
  );

  command(
    program,
    'backtest',
    'Score all forecasters on the last weeks, by step, hour and series; changes nothing in the store.',
    (c) =>
      training(source(c))
        .option(
          '--cutoff-step <intervals>',
          'intervals between two cutoffs; shares no factor with the day',
          wholeNumber,
        )
        .option(
          '--refit-days <days>',
          'fit again after this many days of the test span; once without it',
          wholeNumber,
        )
        .option(
          '--workers <count>',
          'processes that fit at once; as many as there are fits and cores without it',
          wholeNumber,
        )
        .option(
          '--page <file>',
          'write the leaderboard page here; backtest-DOMAIN.html in the work folder without it',
        ),
    async (context, flags: BacktestFlags) =>
      (await import('./commands/backtest.ts')).backtestCommand(context, flags),
  );
  command(
    program,
    'train',
    'Backtest, fit, register a model, and promote it if it is better.',
    (c) =>
      training(source(c))
        .option('--snapshot <version>', 'train on this snapshot instead of the latest')
        .option(
          '--known-at <timestamp>',
          'train on what was known then, ISO 8601 in UTC, instead of all of the snapshot',
        )
        .option(
          '--warm-start',
          "go on from the champion's weights where they fit; fewer --steps then do",
        )
        .addOption(
          new Option(
            '--reproduce <modelVersion>',
            'make this model again from its card, and say whether training set and weights are the same; registers nothing',
          ).conflicts([...CARD_SAYS]),
        )
        .option('--panel-only', 'with --reproduce: compare the training set, and fit nothing'),
    async (context, flags: TrainingFlags & TrainFlags) =>
      (await import('./commands/train.ts')).trainCommand(context, flags),
  );

  command(
    program,
    'tune',
    'Search for a better configuration of the network on folds before the test span, resumably; the store is only read.',
    (c) =>
      computing(
        c
          .option(
            '--candidates <count>',
            'configurations to try, the default among them',
            wholeNumber,
            18,
          )
          .option(
            '--steps <count>',
            'batches each learns from at first; the best third gets three times as many, and so on',
            wholeNumber,
            60,
          )
          .option(
            '--folds <count>',
            'spans of 14 days, one after another, that each is scored on',
            wholeNumber,
            2,
          )
          .option(
            '--workers <count>',
            'processes that fit at the same time (default: one a core)',
            wholeNumber,
          )
          .option(
            '--test-days <days>',
            'days at the end that the search must not see (default: 28)',
            wholeNumber,
          )
          .option(
            '--snapshot <version>',
            'search on this snapshot, e.g. to end a search that was killed, instead of the latest',
          )
          .option(
            '--config-out <file>',
            'where the best configuration goes (default: tuning/DOMAIN.json in the work folder)',
          )
          .option(
            '--page <file>',
            'where the report goes (default: reports/DOMAIN-tuning.html in the work folder)',
          ),
      ),
    async (context, flags: TuneFlags) =>
      (await import('./commands/tune.ts')).tuneCommand(context, flags),
  );

  const models = program.command('models').description('the model registry');
  command(
    models,
    'list',
    'List models, newest first, and which of them is champion.',
    (c) => c,
    async (context) => (await import('./commands/models.ts')).listModels(context),
  );
  command(
    models,
    'show',
    "Show one model's card, figures and verdict.",
    (c) =>
      c
        .argument('[modelVersion]', 'the champion without it')
        .option('--svg <file>', "write the verdict's picture as SVG"),
    async (context, flags: { svg?: string }, modelVersion) =>
      (await import('./commands/models.ts')).showModel(context, modelVersion, flags),
  );
  command(
    models,
    'promote',
    'Make a model champion, whatever the gate said.',
    (c) =>
      c
        .argument('<modelVersion>')
        .option('--reason <text>', 'why, for the log', 'promoted by hand'),
    async (context, flags: { reason: string }, modelVersion) =>
      (await import('./commands/models.ts')).promoteModel(
        context,
        modelVersion as string,
        flags.reason,
      ),
  );
  command(
    models,
    'rollback',
    'Make the champion before this one champion again.',
    (c) => c.option('--reason <text>', 'why, for the log', 'rolled back by hand'),
    async (context, flags: { reason: string }) =>
      (await import('./commands/models.ts')).rollbackModel(context, flags.reason),
  );

  command(
    program,
    'forecast',
    'Forecast one series (a picture), or all of them into the forecast log.',
    (c) =>
      c
        .option('--series <id>', 'one series; without it all are forecast and kept')
        .option('--horizon <steps>', 'steps to forecast', wholeNumber)
        .option('--svg <file>', 'write the picture as SVG')
        .addOption(
          new Option(
            '--shard <i/n>',
            'only the i-th of n equal runs of the series, for n workers of a batch',
          ).conflicts('series'),
        )
        .option(
          '--issued-at <timestamp>',
          'when the batch was begun, ISO 8601 in UTC: the same for all its shards; now without it',
        ),
    async (context, flags: ForecastFlags) =>
      (await import('./commands/forecast.ts')).forecastCommand(context, flags),
  );

  command(
    program,
    'explain',
    'Say why the forecast of one series is what it is: what each group of inputs did, and similar past days.',
    (c) =>
      c
        .requiredOption('--series <id>', 'the series')
        .option(
          '--cutoff <timestamp>',
          'last interval the forecast may know, ISO 8601 in UTC; without it the newest',
        )
        .option('--model-version <version>', 'a model other than the champion')
        .option('--svg <file>', 'write the picture as SVG'),
    async (
      context,
      flags: { series: string; cutoff?: string; modelVersion?: string; svg?: string },
    ) => (await import('./commands/explain.ts')).explainCommand(context, flags),
  );

  command(
    program,
    'serve',
    'Serve forecasts over HTTP.',
    (c) =>
      c
        .option('--port <port>', 'port; 0 picks a free one')
        .option('--host <address>', 'address to listen on'),
    async (context) => (await import('./commands/serve.ts')).serveCommand(context),
  );
  command(
    program,
    'schedule',
    'Run features hourly and training daily.',
    (c) =>
      sources(c)
        .addOption(new Option('--only <job>', 'one of the two').choices(['features', 'training']))
        .option('--once', 'run now, once, and stop: for another schedule to start'),
    async (context, flags: ScheduleFlags) =>
      (await import('./commands/schedule.ts')).scheduleCommand(context, flags),
  );
  command(
    program,
    'start',
    'The end-to-end run: features, model, picture, HTTP service and schedule.',
    (c) =>
      sources(c)
        .option('--port <port>', 'port; 0 picks a free one')
        .option('--host <address>', 'address to listen on')
        .option('--once', 'fetch one forecast from the service, then stop')
        .option('--quick', 'little data and a short training, to try the machinery')
        .option(
          '--quantiles <list>',
          'what to forecast besides the median, e.g. 0.05,0.25,0.5,0.75,0.95',
        ),
    async (context, flags: { once?: boolean; quick?: boolean }) =>
      (await import('./commands/start.ts')).startCommand(context, flags),
    // People look at what it prints; the log is for what goes wrong.
    { logLevel: 'warn' },
  );

  addKeysCommands(program, command);

  const panel = program.command('panel').description('the features as a panel');
  command(
    panel,
    'export',
    'Write the panel as CSV: unique_id,ds,y.',
    (c) =>
      c
        .option('--out <file>', 'file to write; standard output without it')
        .option('--snapshot <version>', 'a snapshot other than the latest')
        .option('--cutoff <timestamp>', 'last interval, ISO 8601 in UTC')
        .option('--known-at <timestamp>', 'only what was known then, ISO 8601 in UTC'),
    async (
      context,
      flags: { out?: string; snapshot?: string; cutoff?: string; knownAt?: string },
    ) => (await import('./commands/panel.ts')).exportPanel(context, flags),
  );

  const store = program.command('store').description('the store itself');
  command(
    store,
    'log',
    'List the snapshots, oldest first.',
    (c) => c,
    async (context) => (await import('./commands/store/log-and-verify.ts')).storeLog(context),
  );
  command(
    store,
    'diff',
    'Show what a snapshot says otherwise than an earlier one: by series, by day and by hour.',
    (c) =>
      c
        .argument('[from]', 'a snapshot, by number or version; the one before `to` without it')
        .argument('[to]', 'a snapshot; the newest without it')
        .option(
          '--known-at <times>',
          'compare what one snapshot knew at this time with all of it, or TIME,TIME; ISO 8601 in UTC',
        )
        .option(
          '--csv <file>',
          'write every value that differs: unique_id,exogenous,ds,change,before,after',
        ),
    async (context, flags: StoreDiffFlags, from, to) =>
      (await import('./commands/store/diff.ts')).storeDiff(context, flags, from, to),
  );
  command(
    store,
    'verify',
    'Read everything and check every hash.',
    // What is checked is the store, never a copy of it on this machine.
    (c) =>
      c.option(
        '--cache-mb <size>',
        'copies of a store on S3 that may be read in its place; 0 reads the store itself',
        '0',
      ),
    async (context) => (await import('./commands/store/log-and-verify.ts')).storeVerify(context),
  );
  command(
    store,
    'repair-clock',
    'Restate what a machine whose clock was ahead stamped in the future, by a commit; older snapshots stay as they are.',
    (c) => c,
    async (context) =>
      (await import('./commands/store/log-and-verify.ts')).storeRepairClock(context),
  );

  command(
    store,
    'compact',
    'Merge many small data objects into few, by a commit; no answer changes. The feature service does it by itself.',
    (c) => c,
    async (context) => (await import('./commands/store/compact-and-gc.ts')).storeCompact(context),
  );
  command(
    store,
    'gc',
    'Say what nothing needs any more, and with --delete remove it: old views at once, data by a second run an hour later.',
    (c) =>
      c
        .option('--delete', 'really remove; without it nothing is changed')
        .option('--grace-days <days>', 'leave what was written or superseded since', wholeNumber, 7)
        .option(
          '--keep-days <days>',
          'keep snapshots that were the newest at some time since',
          wholeNumber,
          30,
        )
        .option(
          '--keep-snapshots <count>',
          'keep at least so many of the newest snapshots',
          wholeNumber,
          1,
        ),
    async (context, flags: GcFlags) =>
      (await import('./commands/store/compact-and-gc.ts')).storeGc(context, flags),
  );

  command(
    program,
    'config',
    'List every setting, its value and where it came from.',
    (c) => sources(c),
    async (context) => (await import('./commands/config.ts')).listSettings(context),
  );
  return program;
}

/** Flags of `train` that a model's card answers. */
const CARD_SAYS = [
  ...['source', 'steps', 'testDays', 'config', 'demandOnly', 'seed', 'backend', 'quantiles'],
  ...['snapshot', 'knownAt', 'warmStart'],
];
