/**
 * Purpose: the API keys that count now, from where HEADWAY_API_KEYS says: a file or the key log of
 * the store, both read again while the service runs, or the setting's own text.
 * Invariants: once keys are on they stay on: what is gone, broken or out of reach leaves the last
 * good keys, is logged, and never opens the service. A key that was revoked in a file works for at
 * most 2 s more, in the store for at most 30 s more, as long as they can be read; a request waits
 * for that read, for 2 s at most.
 * Fails: SETTINGS_INVALID at the start for a file that is missing or wrong. A store does not stop
 * the start: until its keys were read once, every request that needs one gets STORE_UNAVAILABLE.
 */
import { type Clock, stopwatch } from '../../../platform/clock.ts';
import { HeadwayError } from '../../../platform/errors.ts';
import type { Logger } from '../../../platform/telemetry/logger.ts';
import { withTimeout } from '../../../platform/timers.ts';
import type { KeyLog } from '../../../storage/access/key-log.ts';
import { type KeySet, keySet } from './key.ts';
import { checkKeys, isInline, parseKeys, readKeyFile } from './key-file.ts';

/** The value of HEADWAY_API_KEYS for keys in the store. */
export const IN_STORE = 'store';
const FILE_EVERY_MS = 2_000;
/** Each look is three requests to S3, of each instance. */
const STORE_EVERY_MS = 30_000;
/** While nothing has been read yet. */
const UNREAD_EVERY_MS = 1_000;
const PATIENCE_MS = 2_000;

export interface ApiKeys {
  /** The keys that count now; a promise where it is time to look again. */
  current(): KeySet | Promise<KeySet>;
}

export interface OpenKeysOptions {
  readonly clock: Clock;
  readonly logger: Logger;
  /** Of the store that is served; for the setting `store`. */
  readonly keyLog?: KeyLog;
}

interface Origin {
  /** For the log: the file, or the store. */
  readonly where: string;
  readonly everyMs: number;
  /** @returns the keys, and what changes when they do */
  read(known: string | null): Promise<{ version: string; keys: KeySet | null }>;
}

/** @param setting HEADWAY_API_KEYS: a file, its content, or `store` */
export async function openApiKeys(setting: string, options: OpenKeysOptions): Promise<ApiKeys> {
  if (isInline(setting)) {
    const fixed = keySet(parseKeys(setting, 'HEADWAY_API_KEYS'));
    return { current: () => fixed };
  }
  const isStored = setting === IN_STORE;
  const keys = new ReloadedKeys(isStored ? storeOrigin(options) : fileOrigin(setting), options);
  const first = keys.look();
  if (isStored) await withTimeout(PATIENCE_MS, first);
  else if (!(await first)) throw keys.problem;
  return keys;
}

function fileOrigin(file: string): Origin {
  return {
    where: file,
    everyMs: FILE_EVERY_MS,
    async read(known) {
      const text = await readKeyFile(file);
      return { version: text, keys: text === known ? null : keySet(parseKeys(text, file)) };
    },
  };
}

function storeOrigin({ keyLog, logger }: OpenKeysOptions): Origin {
  if (keyLog === undefined)
    throw new HeadwayError('INTERNAL', 'API keys in the store need its key log');
  return {
    where: 'the store',
    everyMs: STORE_EVERY_MS,
    async read(known) {
      const entry = await keyLog.head();
      const version = entry?.commitId ?? '';
      if (version === known) return { version, keys: null };
      if (entry === null)
        logger.warn('no API keys are in the store: publish some with `headway keys publish`');
      return { version, keys: keySet(checkKeys(entry?.keys ?? [], 'the key log of the store')) };
    },
  };
}

class ReloadedKeys implements ApiKeys {
  readonly #origin: Origin;
  readonly #options: OpenKeysOptions;
  #keys: KeySet | null = null;
  #version: string | null = null;
  /** Why the last look failed; null: it did not. */
  problem: unknown = null;
  /** Since the last look. */
  #age = () => Number.POSITIVE_INFINITY;
  #looking: Promise<boolean> | null = null;

  constructor(origin: Origin, options: OpenKeysOptions) {
    this.#origin = origin;
    this.#options = options;
  }

  current(): KeySet | Promise<KeySet> {
    const isDue = this.#age() >= (this.#keys === null ? UNREAD_EVERY_MS : this.#origin.everyMs);
    return isDue ? this.#afterLook() : this.#known();
  }

  /** Reads the keys, once at a time. @returns whether they could be read */
  look(): Promise<boolean> {
    this.#looking ??= this.#read().finally(() => {
      this.#looking = null;
    });
    return this.#looking;
  }

  async #read(): Promise<boolean> {
    const { logger } = this.#options;
    const { where } = this.#origin;
    try {
      const { version, keys } = await this.#origin.read(this.#version);
      if (keys !== null) {
        if (this.#keys !== null) logger.info({ keys: where }, 'API keys were read again');
        this.#keys = keys;
        this.#version = version;
      }
      this.problem = null;
    } catch (error) {
      // The same problem is logged once.
      if (String(error) !== String(this.problem))
        logger.error(
          { err: error, keys: where },
          'API keys cannot be read; the last good ones stay valid',
        );
      this.problem = error;
    }
    this.#note();
    return this.problem === null;
  }

  async #afterLook(): Promise<KeySet> {
    // A read that takes longer goes on; meanwhile the next requests do not wait for it again.
    if (!(await withTimeout(PATIENCE_MS, this.look()))) this.#note();
    return this.#known();
  }

  #known(): KeySet {
    if (this.#keys !== null) return this.#keys;
    throw new HeadwayError('STORE_UNAVAILABLE', 'the API keys could not be read yet', {
      fix: 'Try again in a few seconds.',
    });
  }

  #note(): void {
    this.#age = stopwatch(this.#options.clock);
  }
}
