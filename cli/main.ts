/**
 * Purpose: the program `headway`: its commands, and the exit status of a run.
 * Invariants: an error is printed as one line on standard error; nothing is thrown.
 * Fails: USAGE for unknown commands and flags; a command's own error otherwise, as exit status.
 */
import { Command, CommanderError } from 'commander';
import { describeError, HeadwayError, isHeadwayError } from '../platform/errors.ts';
import { printable } from '../platform/text/printable.ts';
import type { AddCommand, Environment } from './command.ts';
import { register as backtest } from './commands/backtest.ts';
import { register as config } from './commands/config.ts';
import { register as features } from './commands/data/features.ts';
import { register as stream } from './commands/data/stream.ts';
import { register as explain } from './commands/explain.ts';
import { register as forecast } from './commands/forecast.ts';
import { register as keys } from './commands/keys.ts';
import { register as models } from './commands/models.ts';
import { register as alerts } from './commands/monitoring/alerts.ts';
import { register as decisions } from './commands/monitoring/decisions.ts';
import { register as jobs } from './commands/monitoring/jobs.ts';
import { register as ledger } from './commands/monitoring/ledger.ts';
import { register as monitor } from './commands/monitoring/monitor.ts';
import { register as replay } from './commands/monitoring/replay.ts';
import { register as panel } from './commands/panel.ts';
import { register as newDomain } from './commands/project/new-domain.ts';
import { register as renameProject } from './commands/project/rename-project.ts';
import { register as contract } from './commands/readers/contract.ts';
import { register as mcp } from './commands/readers/mcp.ts';
import { register as report } from './commands/readers/report.ts';
import { register as schedule } from './commands/schedule.ts';
import { register as score } from './commands/score.ts';
import { register as serve } from './commands/serve.ts';
import { register as start } from './commands/start.ts';
import { register as store } from './commands/store.ts';
import { register as decide } from './commands/totals/decide.ts';
import { register as scenarios } from './commands/totals/scenarios.ts';
import { register as train } from './commands/train.ts';
import { register as tune } from './commands/tune.ts';

/** In the order of `--help`. */
const COMMANDS: readonly AddCommand[] = [
  ...[features, stream, backtest, train, tune, models, forecast, ledger, score, explain],
  ...[monitor, replay, decisions, alerts, jobs, serve, schedule, start],
  ...[
    scenarios,
    decide,
    newDomain,
    renameProject,
    keys,
    panel,
    store,
    config,
    contract,
    report,
    mcp,
  ],
];

export function buildProgram(env: Environment): Command {
  const program = new Command('headway')
    .description(
      'Time-series demand forecasting, end to end: raw events in, forecasts out over HTTP.',
    )
    .exitOverride()
    .configureOutput({ outputError: (text, write) => write(text.replace(/^error: /, 'USAGE: ')) })
    .configureHelp({ showGlobalOptions: false })
    .showHelpAfterError('(use --help to list commands and flags)');
  for (const register of COMMANDS) register(program, env);
  return program;
}

/**
 * A process that ends by a signal it handled ends with 128 + the signal's number, as shells expect.
 */
export async function main(args: readonly string[], env: Environment): Promise<number> {
  try {
    await buildProgram(env).parseAsync([...args], { from: 'user' });
    return Number(process.exitCode ?? 0);
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
    return reportError(error, env);
  }
}

/** Prints the error, for people; returns the exit status of its code. */
export function reportError(error: unknown, env: Environment): number {
  process.stderr.write(`${printable(describeError(error))}\n`);
  if (!isHeadwayError(error) && env.HEADWAY_LOG_LEVEL === 'debug')
    process.stderr.write(`${(error as Error).stack}\n`);
  return isHeadwayError(error) ? new HeadwayError(error.code, '').exitCode : 70;
}
