/**
 * Purpose: where keys are kept: a JSON file that is read again while the service runs, or the same
 * JSON in the setting itself.
 * Invariants: closed schema; what is there is read whole or not at all. Once keys are on they stay
 * on: a file that is gone or broken leaves the last good keys and says so, and never opens the
 * service.
 * Fails: SETTINGS_INVALID at the start, with the key at fault; later the log has it, and the last
 * good keys count.
 */
import { readFile } from 'node:fs/promises';
import type { Clock } from '../../../platform/clock.ts';
import { HeadwayError } from '../../../platform/errors.ts';
import { lazyValidator } from '../../../platform/settings/validator.ts';
import type { Logger } from '../../../platform/telemetry/logger.ts';
import { type KeyRecord, type KeySet, keySet } from './key.ts';
import { SCOPE_NAMES } from './scopes.ts';

export const KEYS_FORMAT = 1;
/** A revoked key works for at most so long. */
const LOOK_EVERY_MS = 2_000;
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

/** @param where for the error: the file, or the variable */
export function parseKeys(text: string, where: string): KeyRecord[] {
  const wrong = (what: string, cause?: unknown) =>
    new HeadwayError('SETTINGS_INVALID', `the API keys cannot be read: ${what}`, {
      where,
      fix: 'Make and change keys with `headway keys`; docs/reference.md shows the form.',
      ...(cause === undefined ? {} : { cause }),
    });
  if (text.length > MAX_CHARACTERS) throw wrong(`more than ${MAX_CHARACTERS} characters`);
  let file: unknown;
  try {
    file = JSON.parse(text);
  } catch {
    // The parser's own message repeats a part of the text.
    throw wrong('it is not JSON');
  }
  if (!FILE.Check(file))
    throw wrong(`it is no {"format": ${KEYS_FORMAT}, "keys": […]} of at most 10000 keys`);
  const ids = new Set<string>();
  return (file as { keys: unknown[] }).keys.map((entry, i) => {
    if (!RECORD.Check(entry) || !hasRealTimes(entry as KeyRecord))
      throw wrong(`keys[${i}] has not the form of a key`);
    const record = entry as KeyRecord;
    if (ids.has(record.id)) throw wrong(`keys[${i}] has an id that an earlier one has`);
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

/** Keys in the setting itself, where there is no file to name: a Lambda's environment. */
export const isInline = (setting: string): boolean => setting.trimStart().startsWith('{');

export interface ApiKeys {
  /** The keys that count now; a promise where it is time to look at the file again. */
  current(): KeySet | Promise<KeySet>;
}

/** @param setting HEADWAY_API_KEYS: a file, or its content */
export async function openApiKeys(
  setting: string,
  { clock, logger }: { clock: Clock; logger: Logger },
): Promise<ApiKeys> {
  if (isInline(setting)) {
    const fixed = keySet(parseKeys(setting, 'HEADWAY_API_KEYS'));
    return { current: () => fixed };
  }
  let text = await readKeys(setting);
  let keys = keySet(parseKeys(text, setting));
  let lookedAt = clock.elapsedMs();
  let looking: Promise<KeySet> | null = null;
  let said = '';

  async function look(): Promise<KeySet> {
    try {
      const now = await readKeys(setting);
      if (now !== text) {
        keys = keySet(parseKeys(now, setting));
        text = now;
        logger.info({ file: setting }, 'API keys were read again');
      }
      said = '';
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      if (message !== said)
        logger.error(
          { err: error, file: setting },
          'API keys cannot be read; the last good ones count',
        );
      said = message;
    }
    lookedAt = clock.elapsedMs();
    return keys;
  }

  return {
    current() {
      if (clock.elapsedMs() - lookedAt < LOOK_EVERY_MS) return keys;
      looking ??= look().finally(() => {
        looking = null;
      });
      return looking;
    },
  };
}

async function readKeys(path: string): Promise<string> {
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
