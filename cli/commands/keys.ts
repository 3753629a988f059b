/**
 * Purpose: the commands `headway keys …` with their flags.
 * Invariants: as cli/command.ts.
 * Fails: USAGE for an unknown scope; as the actions do.
 */
import { type Command, InvalidArgumentError } from 'commander';
import { SCOPE_NAMES } from '../../services/inference/access/scopes.ts';
import type { CreateKeyFlags } from '../actions/keys.ts';
import { type AddCommand, command } from '../command.ts';
import { wholeNumber } from '../flags.ts';

const fileFlag = (c: Command): Command =>
  c.option('--api-keys <file>', 'the key file (default: HEADWAY_API_KEYS)');

export const register: AddCommand = (program, env) => {
  const keys = program.command('keys').description('manage the API keys of the HTTP service');
  command<CreateKeyFlags>(keys, env, {
    name: 'create',
    description: 'Create a key. It is shown once; the file stores only its hash.',
    define: (c) =>
      fileFlag(c)
        .requiredOption('--name <text>', 'owner of the key')
        .requiredOption(
          '--scopes <list>',
          `what the key may do, separated by commas: ${SCOPE_NAMES.join(', ')}`,
          scopeList,
        )
        .option('--expires-days <days>', 'days until it expires (default: never)', wholeNumber)
        .option(
          '--requests-per-minute <count>',
          'rate limit of this key (default: HEADWAY_RATE_LIMIT)',
          wholeNumber,
        ),
    run: async (context, flags) => (await import('../actions/keys.ts')).createKey(context, flags),
  });
  command(keys, env, {
    name: 'list',
    description: 'List keys with owner, scopes, expiry and state.',
    define: fileFlag,
    run: async (context) => (await import('../actions/keys.ts')).listKeys(context),
  });
  command(keys, env, {
    name: 'revoke',
    description: 'Revoke a key. Running services refuse it within seconds.',
    define: (c) => fileFlag(c).argument('<id>', 'id from `keys list`'),
    run: async (context, _flags, id) =>
      (await import('../actions/keys.ts')).revokeKey(context, id as string),
  });
  command<{ overlapHours: number }>(keys, env, {
    name: 'rotate',
    description: 'Replace a key by a new one with the same scopes, and let the old one expire.',
    define: (c) =>
      fileFlag(c)
        .argument('<id>', 'id of the old key, from `keys list`')
        .option('--overlap-hours <hours>', 'hours for which both keys work', wholeNumber, 24),
    run: async (context, flags, id) =>
      (await import('../actions/keys.ts')).rotateKey(context, id as string, flags),
  });
  command(keys, env, {
    name: 'publish',
    description: 'Copy the key file to the store, for a service with HEADWAY_API_KEYS=store.',
    define: fileFlag,
    run: async (context) => (await import('../actions/keys.ts')).publishKeys(context),
  });
};

function scopeList(text: string): string {
  const names: readonly string[] = SCOPE_NAMES;
  if (text.split(',').every((part) => names.includes(part.trim()))) return text;
  throw new InvalidArgumentError(`The scopes are ${SCOPE_NAMES.join(', ')}.`);
}
