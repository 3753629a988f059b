/**
 * Purpose: the commands and flags of `headway keys`.
 * Invariants: as main.ts: the work is imported when a command runs.
 * Fails: USAGE for a scope that there is not.
 */
import { type Command, InvalidArgumentError } from 'commander';
import { SCOPE_NAMES } from '../../services/inference/access/scopes.ts';
import { wholeNumber } from '../flags.ts';
import type { AddCommand } from '../main.ts';
import type { CreateKeyFlags } from './keys.ts';

export function addKeysCommands(program: Command, command: AddCommand): void {
  const keyFile = (c: Command) =>
    c.option('--api-keys <file>', 'the file of keys; HEADWAY_API_KEYS without it');
  const keys = program.command('keys').description('the API keys of the HTTP service');
  command(
    keys,
    'create',
    'Make a key: it is shown once, and its hash is kept in the file.',
    (c) =>
      keyFile(c)
        .requiredOption('--name <text>', 'whose it is')
        .requiredOption(
          '--scopes <list>',
          `what it may do, with commas between: ${SCOPE_NAMES.join(', ')}`,
          scopeList,
        )
        .option('--expires-days <days>', 'days until it expires; never without it', wholeNumber)
        .option(
          '--requests-per-minute <count>',
          'its own limit; HEADWAY_RATE_LIMIT of the service without it',
          wholeNumber,
        ),
    async (context, flags: CreateKeyFlags) => (await import('./keys.ts')).createKey(context, flags),
  );
  command(
    keys,
    'list',
    'List the keys: whose, what they may do, until when.',
    keyFile,
    async (context) => (await import('./keys.ts')).listKeys(context),
  );
  command(
    keys,
    'revoke',
    'Refuse a key from now on; running services notice within seconds.',
    (c) => keyFile(c).argument('<id>', 'as `keys list` shows it'),
    async (context, _flags, id) => (await import('./keys.ts')).revokeKey(context, id as string),
  );
  command(
    keys,
    'rotate',
    'Make a key that may do the same as another, and let the other expire.',
    (c) =>
      keyFile(c)
        .argument('<id>', 'the old one, as `keys list` shows it')
        .option('--overlap-hours <hours>', 'how long both work', wholeNumber, 24),
    async (context, flags: { overlapHours: number }, id) =>
      (await import('./keys.ts')).rotateKey(context, id as string, flags),
  );
}

function scopeList(text: string): string {
  const names: readonly string[] = SCOPE_NAMES;
  if (text.split(',').every((part) => names.includes(part.trim()))) return text;
  throw new InvalidArgumentError(`The scopes are ${SCOPE_NAMES.join(', ')}.`);
}
