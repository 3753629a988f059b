/**
 * Purpose: the form in which keys are kept: a JSON file, or the same JSON in the setting itself.
 * Invariants: closed schema; what is there is read whole or not at all.
 * Fails: SETTINGS_INVALID, with the key at fault; no text of the file is repeated.
 */
import { readFile } from 'node:fs/promises';
import { HeadwayError } from '../../../platform/errors.ts';
import { lazyValidator } from '../../../platform/settings/validator.ts';
import type { KeyRecord } from './key.ts';
import { SCOPE_NAMES } from './scopes.ts';

export const KEYS_FORMAT = 1;
const MAX_CHARACTERS = 4_000_000;

const time = {
  type: 'string',
  pattern: '^\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d(\\.\\d{3})?Z$',
};
const timeOrNull = { ...time, type: ['string', 'null'] };
const RECORD = lazyValidator({
  type: 'object',
  additionalProperties: false,
  required: [
    'id',
    'name',
    'hash',
    'scopes',
    'requestsPerMinute',
    'createdAt',
    'expiresAt',
    'revokedAt',
  ],
  properties: {
    id: { type: 'string', pattern: '^[0-9a-f]{12}$' },
    name: { type: 'string', pattern: '^[\\w .@-]{1,64}$' },
    hash: { type: 'string', pattern: '^[0-9a-f]{64}$' },
    scopes: { type: 'array', items: { enum: SCOPE_NAMES }, minItems: 1, uniqueItems: true },
    requestsPerMinute: { type: ['integer', 'null'], minimum: 0, maximum: 10_000_000 },
    createdAt: time,
    expiresAt: timeOrNull,
    revokedAt: timeOrNull,
  },
});
const FILE = lazyValidator({
  type: 'object',
  additionalProperties: false,
  required: ['format', 'keys'],
  properties: { format: { const: KEYS_FORMAT }, keys: { type: 'array', maxItems: 10_000 } },
});

const wrongKeys = (where: string, what: string) =>
  new HeadwayError('SETTINGS_INVALID', `the API keys cannot be read: ${what}`, {
    where,
    fix: 'Make and change keys with `headway keys`; docs/reference.md shows the form.',
  });

/** @param where for the error: the file, or the variable */
export function parseKeys(text: string, where: string): KeyRecord[] {
  const wrong = (what: string) => wrongKeys(where, what);
  if (text.length > MAX_CHARACTERS) throw wrong(`more than ${MAX_CHARACTERS} characters`);
  let file: unknown;
  try {
    file = JSON.parse(text);
  } catch {
    // The parser's own message repeats a part of the text.
    throw wrong('it is not JSON');
  }
  if (!FILE.Check(file))
    throw wrong(`it is not {"format": ${KEYS_FORMAT}, "keys": […]} of at most 10000 keys`);
  return checkKeys((file as { keys: unknown[] }).keys, where);
}

/** Keys as they were read from `where`, each checked. */
export function checkKeys(keys: readonly unknown[], where: string): KeyRecord[] {
  const ids = new Set<string>();
  return keys.map((entry, i) => {
    if (!RECORD.Check(entry) || !hasRealTimes(entry as KeyRecord))
      throw wrongKeys(where, `keys[${i}] does not have the form of a key`);
    const record = entry as KeyRecord;
    if (ids.has(record.id)) throw wrongKeys(where, `keys[${i}] has the id of an earlier key`);
    ids.add(record.id);
    return record;
  });
}

const hasRealTimes = ({ createdAt, expiresAt, revokedAt }: KeyRecord): boolean =>
  [createdAt, expiresAt, revokedAt].every(
    (text) => text === null || Number.isFinite(Date.parse(text)),
  );

export const formatKeys = (keys: readonly KeyRecord[]): string =>
  `${JSON.stringify({ format: KEYS_FORMAT, keys }, null, 2)}\n`;

/** Keys in the setting itself: for a container whose files cannot be changed. */
export const isInline = (setting: string): boolean => setting.trimStart().startsWith('{');

/** The text of the file; SETTINGS_INVALID where it cannot be read. */
export async function readKeyFile(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    throw new HeadwayError(
      'SETTINGS_INVALID',
      `the file of API keys cannot be read (${(error as NodeJS.ErrnoException).code})`,
      {
        where: path,
        fix: 'Make it with `headway keys create`, or unset HEADWAY_API_KEYS for open mode.',
      },
    );
  }
}
