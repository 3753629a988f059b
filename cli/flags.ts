/**
 * Purpose: flags that several commands share, and the values that flags may have.
 * Invariants: a flag has one name and one meaning in every command.
 * Fails: with commander's own error for a wrong value, which is reported as USAGE; USAGE for a time
 * that cannot be read.
 */
import { type Command, InvalidArgumentError } from 'commander';
import { HeadwayError } from '../platform/errors.ts';

export function wholeNumber(text: string): number {
  const number = Number(text);
  if (Number.isInteger(number) && number > 0) return number;
  throw new InvalidArgumentError('It must be a whole number above 0.');
}

export function wholeNumberOr0(text: string): number {
  const number = Number(text);
  if (text.trim() !== '' && Number.isSafeInteger(number) && number >= 0) return number;
  throw new InvalidArgumentError('It must be a whole number, 0 or more.');
}

export const wholeNumberUpTo =
  (most: number) =>
  (text: string): number => {
    const number = wholeNumber(text);
    if (number <= most) return number;
    throw new InvalidArgumentError(`It must be at most ${most}.`);
  };

/** A cost or a capacity. */
export function amount(text: string): number {
  const number = Number(text);
  if (text.trim() !== '' && Number.isFinite(number) && number >= 0) return number;
  throw new InvalidArgumentError('It must be a number of at least 0.');
}

/** UTC where it has no offset. */
export function timestamp(text: string, flag: string): number {
  const value = /^\d{4}-\d\d-\d\d/.test(text)
    ? Date.parse(/[Zz]$|[+-]\d\d:\d\d$/.test(text) ? text : `${text}Z`)
    : Number.NaN;
  if (Number.isFinite(value) && isDay(text.slice(0, 10))) return value;
  throw new HeadwayError('USAGE', `${flag} ${JSON.stringify(text)} is not a timestamp`, {
    fix: 'Write it as 2023-12-31T23:00:00Z.',
  });
}

/** Date.parse reads 31 February as 3 March. */
const isDay = (day: string): boolean =>
  new Date(Date.parse(`${day}T00:00:00Z`)).toISOString().startsWith(day);

export const windowText = (text: string): string => {
  if (/^[1-9]\d{0,4}(m|h|d)$/.test(text)) return text;
  throw new InvalidArgumentError('It must be minutes, hours or days, such as 8h.');
};

export const sourceFlag = (command: Command): Command =>
  command.option(
    '--source <spec>',
    "raw data: a folder, or name:argument as the domain's README describes",
  );

export const sourceFlags = (command: Command): Command =>
  sourceFlag(command).option(
    '--exogenous <spec>',
    "exogenous columns, e.g. weather: a file or folder, as the domain's README describes",
  );

export const engineFlag = (command: Command): Command =>
  command.option(
    '--engine <name>',
    'engine that counts raw events: duckdb, or trino://USER@HOST:PORT/CATALOG/SCHEMA',
  );

export const computeFlags = (command: Command): Command =>
  command
    .option('--seed <number>', 'seed of all random numbers')
    .option('--backend <name>', 'TensorFlow.js backend: auto, native, wasm or cpu');

export const quantilesFlag = (command: Command): Command =>
  command.option(
    '--quantiles <list>',
    'quantiles to forecast, 0.5 among them, e.g. 0.05,0.25,0.5,0.75,0.95',
  );

export const trainingFlags = (command: Command): Command =>
  quantilesFlag(
    computeFlags(
      sourceFlag(command)
        .option('--steps <count>', 'batches that the network trains on', wholeNumber)
        .option('--test-days <days>', 'days at the end to hold out and score', wholeNumber)
        .option('--config <file>', 'configuration written by `headway tune`; flags override it')
        .option('--demand-only', 'ignore the exogenous columns of the snapshot'),
    ),
  );

export const addressFlags = (command: Command): Command =>
  command
    .option('--port <port>', 'port to listen on; 0 picks a free one')
    .option('--host <address>', 'address to listen on');
