/**
 * Purpose: the log of the ledger, and which parts it makes live.
 * Invariants: an append adds parts, a compaction replaces some; what it replaces was live when its
 * entry was made, so that of two compactions of one part the second gives up. A reader looks at one
 * checkpoint and the entries behind it, fewer than CHECKPOINT_EVERY; a process at new ones only.
 * Fails: STORE_CORRUPT for a gap or an entry that does not parse; COMMIT_CONFLICT.
 */
import type { Clock } from '../../platform/clock.ts';
import { HeadwayError } from '../../platform/errors.ts';
import { sha256 } from '../../platform/files/content-hash.ts';
import { type AppendLog, openAppendLog } from '../log/append-log.ts';
import type { ChainLink } from '../log/hash-chain.ts';
import { objectKeys } from '../objects/object-keys.ts';
import type { ObjectStore } from '../objects/object-store.ts';
import {
  LEDGER_FORMAT,
  type LedgerEntry,
  type LedgerPart,
  parseLedgerEntry,
  serialiseLedgerEntry,
} from './ledger-entry.ts';

const CHECKPOINT_EVERY = 100;
/** Entries that are read at once. */
const READ_AT_ONCE = 16;

/** Live parts by key, in the order in which they were committed. */
export type LiveParts = ReadonlyMap<string, LedgerPart>;

interface State {
  readonly number: number;
  readonly live: LiveParts;
  readonly oldLogMovedAt: number | null;
}

const EMPTY: State = { number: 0, live: new Map(), oldLogMovedAt: null };

export interface Commit {
  readonly kind: LedgerEntry['kind'];
  readonly parts: readonly LedgerPart[];
  /** Keys of live parts. */
  readonly replaced?: readonly string[];
  /** Default: as before. */
  readonly oldLogMovedAt?: number | null;
}

export class LedgerLog {
  readonly #log: AppendLog<LedgerEntry>;
  readonly #store: ObjectStore;
  readonly #domain: string;
  readonly #clock: Pick<Clock, 'now'>;
  #state: State = EMPTY;

  constructor(store: ObjectStore, domain: string, clock: Pick<Clock, 'now'>) {
    this.#store = store;
    this.#domain = domain;
    this.#clock = clock;
    this.#log = openAppendLog<LedgerEntry>(store, {
      prefix: objectKeys.ledgerLog(domain),
      keyOf: (number) => objectKeys.ledgerEntry(domain, number),
      parse: parseLedgerEntry,
      serialise: serialiseLedgerEntry,
    });
  }

  size(): Promise<number> {
    return this.#log.size();
  }

  read(number: number): Promise<LedgerEntry> {
    return this.#log.read(number);
  }

  /** A link of the chain, from the stored bytes. */
  async link(number: number): Promise<ChainLink> {
    const key = objectKeys.ledgerEntry(this.#domain, number);
    const bytes = await this.#store.get(key);
    const { previous = null } = parseLedgerEntry(key, bytes);
    return { number, sha256: sha256(bytes), previous };
  }

  async state(): Promise<State> {
    const number = await this.#log.size();
    if (number === 0) return EMPTY;
    // The same number in another store that took its place is not worth a request each time: its
    // parts would be missing, and say so.
    if (number === this.#state.number) return this.#state;
    return this.#stateAt(await this.#log.read(number));
  }

  /** @returns null where nothing was made: some of `replaced` is live no more */
  async commit(commit: Commit): Promise<LedgerEntry | null> {
    const { kind, parts, replaced = [] } = commit;
    let isLost = false;
    const entry = await this.#log.append(async (head, { number, commitId }) => {
      const before = head === null ? EMPTY : await this.#stateAt(head);
      isLost = replaced.some((key) => !before.live.has(key));
      if (isLost) return null;
      const isCheckpoint =
        kind === 'compact' || number - (head?.checkpoint ?? 0) >= CHECKPOINT_EVERY;
      const about = { domain: this.#domain, number, commitId, at: this.#clock.now(), kind };
      const { oldLogMovedAt = before.oldLogMovedAt } = commit;
      const made = { format: LEDGER_FORMAT, ...about, parts, replaced, oldLogMovedAt } as const;
      return {
        ...made,
        checkpoint: isCheckpoint ? number : (head?.checkpoint ?? 0),
        live: isCheckpoint ? [...advanced(before, { ...made, live: null }).live.values()] : null,
        // What was read is what is stored: the text of an entry follows from its value.
        ...(head === null ? {} : { previous: sha256(serialiseLedgerEntry(head)) }),
      };
    });
    return isLost ? null : entry;
  }

  async #stateAt(head: LedgerEntry): Promise<State> {
    const { number, checkpoint } = head;
    const isKnown = this.#state.number >= checkpoint && this.#state.number <= number;
    let state = isKnown ? this.#state : EMPTY;
    // From the checkpoint on, unless more than that is known.
    for (let at = isKnown ? state.number + 1 : Math.max(1, checkpoint); at <= number; ) {
      const count = Math.min(READ_AT_ONCE, number - at + 1);
      const entries = await Promise.all(
        Array.from({ length: count }, (_, i) =>
          at + i === number ? head : this.#log.read(at + i),
        ),
      );
      for (const entry of entries) state = advanced(state, entry);
      at += count;
    }
    if (state.number !== number)
      throw new HeadwayError(
        'STORE_CORRUPT',
        'The checkpoint of the ledger is not at the position that it states',
        {
          where: objectKeys.ledgerEntry(this.#domain, number),
        },
      );
    this.#state = state;
    return state;
  }
}

/** The state after an entry. */
function advanced(
  { live }: State,
  entry: Pick<LedgerEntry, 'number' | 'parts' | 'replaced' | 'live' | 'oldLogMovedAt'>,
): State {
  const { number, oldLogMovedAt } = entry;
  if (entry.live)
    return { number, oldLogMovedAt, live: new Map(entry.live.map((part) => [part.key, part])) };
  const next = new Map(live);
  for (const key of entry.replaced) next.delete(key);
  for (const part of entry.parts) next.set(part.key, part);
  return { number, oldLogMovedAt, live: next };
}
