/**
 * Purpose: `headway keys create | list | revoke | rotate | publish`: the file of API keys, and its
 * copy in the store.
 * Invariants: a key is printed once, when it is made, and never again: the file holds its hash. The
 * file is replaced atomically and under a lock, so a service reads the old or the new one and no
 * concurrent change is lost. No key that was revoked in the store becomes valid there again.
 * Fails: SETTINGS_INVALID for a file that is not a key file, USAGE for an id that is not in it and
 * for a file that is older than what was published, RUN_IN_PROGRESS while another changes it.
 */
import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import Table from 'cli-table3';
import { HeadwayError } from '../../platform/errors.ts';
import { replaceFile } from '../../platform/files/replace-file.ts';
import { withRunLock } from '../../platform/jobs/run-lock.ts';
import { newSecret } from '../../platform/secrets.ts';
import { type KeyRecord, makeKey, stateOf } from '../../services/inference/access/key.ts';
import {
  checkKeys,
  formatKeys,
  isInline,
  parseKeys,
  readKeyFile,
} from '../../services/inference/access/key-file.ts';
import { IN_STORE } from '../../services/inference/access/open-keys.ts';
import type { CommandContext } from '../context.ts';

const DAY_MS = 86_400_000;
const HOUR_MS = 3_600_000;

export interface CreateKeyFlags {
  readonly name: string;
  readonly scopes: string;
  readonly expiresDays?: number;
  readonly requestsPerMinute?: number;
}

export async function createKey(context: CommandContext, flags: CreateKeyFlags): Promise<void> {
  const createdAt = context.clock.now();
  const { key, record } = makeKey(
    {
      name: flags.name,
      scopes: flags.scopes.split(',').map((scope) => scope.trim()) as KeyRecord['scopes'],
      requestsPerMinute: flags.requestsPerMinute ?? null,
      createdAt,
      expiresAt: flags.expiresDays === undefined ? null : createdAt + flags.expiresDays * DAY_MS,
    },
    newSecret,
  );
  const file = await change(context, (keys) => [...keys, record]);
  logOnce(context, key, record, `It is stored in ${file}.`);
}

/**
 * A second key with the same rights. The first works until the overlap ends, so that clients can
 * switch meanwhile.
 */
export async function rotateKey(
  context: CommandContext,
  id: string,
  flags: { overlapHours: number },
): Promise<void> {
  const now = context.clock.now();
  let made: ReturnType<typeof makeKey> | undefined;
  const endsAt = now + flags.overlapHours * HOUR_MS;
  await change(context, (keys) => {
    const old = found(keys, id);
    if (stateOf(old, now) !== 'active') {
      throw new HeadwayError(
        'USAGE',
        `the key ${old.id} is ${stateOf(old, now)} and cannot be rotated`,
        {
          fix: 'Create a new one with `headway keys create`.',
        },
      );
    }
    const { name, scopes, requestsPerMinute, createdAt, expiresAt } = old;
    // The new key has the lifetime of the old one.
    const lifetime = expiresAt === null ? null : Date.parse(expiresAt) - Date.parse(createdAt);
    const inherited = {
      name,
      scopes,
      requestsPerMinute,
      createdAt: now,
      expiresAt: lifetime === null ? null : now + lifetime,
    };
    made = makeKey(inherited, newSecret);
    const ends = Math.min(
      endsAt,
      expiresAt === null ? Number.POSITIVE_INFINITY : Date.parse(expiresAt),
    );
    return [
      ...keys.map((one) =>
        one === old ? { ...old, expiresAt: new Date(ends).toISOString() } : one,
      ),
      made.record,
    ];
  });
  const { key, record } = made as ReturnType<typeof makeKey>;
  logOnce(
    context,
    key,
    record,
    `It replaces ${id}, which expires at ${new Date(endsAt).toISOString()} at the latest.`,
  );
}

export async function revokeKey(context: CommandContext, id: string): Promise<void> {
  const revokedAt = new Date(context.clock.now()).toISOString();
  await change(context, (keys) => {
    const old = found(keys, id);
    return keys.map((one) =>
      one === old ? { ...old, revokedAt: old.revokedAt ?? revokedAt } : one,
    );
  });
  context.print(
    `${id} is revoked. A service that reads this file refuses it within seconds; ` +
      'for a service that reads the store, run `headway keys publish`.',
  );
  context.printJson({ id, revokedAt });
}

export async function listKeys(context: CommandContext): Promise<void> {
  const setting = named(context);
  const where = isInline(setting) ? 'HEADWAY_API_KEYS' : setting;
  const keys = isInline(setting) ? parseKeys(setting, where) : await readKeys(setting);
  const now = context.clock.now();
  const table = new Table({
    head: ['id', 'name', 'scopes', 'requests/min', 'created', 'expires', 'state'],
    style: { head: [], border: [] },
  });
  for (const record of keys) {
    const { id, name, scopes, requestsPerMinute, createdAt, expiresAt } = record;
    const limit =
      requestsPerMinute === null
        ? 'default'
        : requestsPerMinute === 0
          ? 'no limit'
          : String(requestsPerMinute);
    table.push([
      id,
      name,
      scopes.join('\n'),
      limit,
      day(createdAt),
      expiresAt ? day(expiresAt) : 'never',
      stateOf(record, now),
    ]);
  }
  context.print(
    keys.length > 0
      ? table.toString()
      : `No keys in ${where}: create one with \`headway keys create\`.`,
  );
  context.printJson({
    keys: keys.map(({ hash: _hash, ...record }) => ({ ...record, state: stateOf(record, now) })),
  });
}

/**
 * Makes the file's keys those of the store: what a service with HEADWAY_API_KEYS=store reads. A key
 * that is no longer in the file stops working too.
 */
export async function publishKeys(context: CommandContext): Promise<void> {
  const file = namedFile(context);
  const keys = parseKeys(await readKeyFile(file), file);
  const store = (await context.store()).location;
  const log = await context.keyLog();
  let dropped: string[] = [];
  const { number } = await log.publish(context.clock.now(), (present) => {
    const before = checkKeys(present, store);
    const revived = before.find(
      ({ id, revokedAt }) =>
        revokedAt !== null && keys.some((key) => key.id === id && key.revokedAt === null),
    );
    if (revived !== undefined) {
      throw new HeadwayError(
        'USAGE',
        `the key ${revived.id} is revoked in the store, not in the file`,
        {
          where: file,
          fix: 'Publish the newest file, or revoke the key in this one: `headway keys revoke`.',
        },
      );
    }
    dropped = before.map(({ id }) => id).filter((id) => !keys.some((key) => key.id === id));
    return keys;
  });
  context.print(
    `${keys.length} keys are in ${store}, as set ${number}. A service that reads them there ` +
      'follows within 30 seconds.',
  );
  if (dropped.length > 0)
    context.print(`No longer valid, because the file does not have them: ${dropped.join(', ')}.`);
  context.printJson({ store, number, keys: keys.map(({ id }) => id), dropped });
}

const day = (time: string): string => `${time.slice(0, 16).replace('T', ' ')}Z`;

function logOnce(context: CommandContext, key: string, record: KeyRecord, text: string): void {
  const { hash: _hash, ...shown } = record;
  context.print(`${key}\n\nThe key is shown only once. ${text}`);
  context.print('Clients send it as: Authorization: Bearer hw_…');
  context.printJson({ key, ...shown });
}

function found(keys: readonly KeyRecord[], id: string): KeyRecord {
  const record = keys.find((one) => one.id === id);
  if (record) return record;
  // The argument is not repeated: it may be a whole key.
  throw new HeadwayError('USAGE', 'no key has this id', {
    fix: '`headway keys list` shows the ids: 12 characters, without hw_.',
  });
}

function named({ settings }: CommandContext): string {
  if (settings.apiKeys !== null && settings.apiKeys !== IN_STORE) return settings.apiKeys;
  throw new HeadwayError('USAGE', 'no API key file is given', {
    fix: 'Give one with --api-keys, or set HEADWAY_API_KEYS.',
  });
}

const readKeys = async (file: string): Promise<KeyRecord[]> =>
  existsSync(file) ? parseKeys(await readKeyFile(file), file) : [];

function namedFile(context: CommandContext): string {
  const file = named(context);
  if (isInline(file)) {
    throw new HeadwayError(
      'USAGE',
      'HEADWAY_API_KEYS holds the keys themselves, which this command cannot change',
      {
        fix: 'Name a file with --api-keys, and set HEADWAY_API_KEYS to its content.',
      },
    );
  }
  return file;
}

/** Reads, changes and writes the file under a lock. @returns its path */
async function change(
  context: CommandContext,
  edit: (keys: KeyRecord[]) => KeyRecord[],
): Promise<string> {
  const file = namedFile(context);
  const lock = {
    folder: join(context.settings.work, 'locks'),
    store: resolve(file),
    kind: 'keys',
    clock: context.clock,
  };
  await withRunLock(lock, async () => {
    const text = formatKeys(edit(await readKeys(file)));
    // Refuses what could not be read back: an unknown scope, a name with control characters.
    parseKeys(text, file);
    await replaceFile(file, text);
  });
  return file;
}
