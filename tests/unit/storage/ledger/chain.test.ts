/**
 * Purpose: whoever edits, drops or reorders entries of the ledger is found: by the next link, or,
 * where all links behind were forged again, by a head that was published.
 */
import { beforeAll, expect, test } from '@jest/globals';
import { fixedClock } from '../../../../platform/clock.ts';
import { sha256 } from '../../../../platform/files/content-hash.ts';
import { seededRandom } from '../../../../platform/random.ts';
import { openLedger } from '../../../../storage/ledger/ledger.ts';
import {
  type LedgerEntry,
  parseLedgerEntry,
  serialiseLedgerEntry,
} from '../../../../storage/ledger/ledger-entry.ts';
import {
  type ChainHead,
  type ChainLink,
  chainProblem,
} from '../../../../storage/log/hash-chain.ts';
import { objectKeys } from '../../../../storage/objects/object-keys.ts';
import { memoryObjectStore } from '../../../fakes/memory-object-store.ts';
import { NOW } from '../../../fixtures/storage/features.ts';
import { issueAt } from '../../../fixtures/storage/ledger.ts';

const ENTRIES = 12;
const TRIALS = 1000;
const keyOf = (number: number) => objectKeys.ledgerEntry('toy', number);

const store = memoryObjectStore();
const ledger = openLedger({ store, domain: 'toy', clock: fixedClock(NOW) });
let chain: ChainLink[];
let entries: LedgerEntry[];
/** Every entry was published when it was the last. */
let published: ChainHead[];
beforeAll(async () => {
  published = [];
  for (let n = 1; n <= ENTRIES; n++) {
    await ledger.append([issueAt(n)]);
    published.push((await ledger.head()) as ChainHead);
  }
  chain = await ledger.chain();
  entries = await Promise.all(
    chain.map(async ({ number }) =>
      parseLedgerEntry(keyOf(number), await store.get(keyOf(number))),
    ),
  );
});

test('each entry names its predecessor, and published entries do not change', () => {
  expect(chain).toHaveLength(ENTRIES);
  expect(published.at(-1)).toEqual({ number: ENTRIES, sha256: chain.at(-1)?.sha256 });
  expect(chainProblem(chain, published)).toBeNull();
  expect(chain.map(({ previous }) => previous)).toEqual([
    null,
    ...chain.slice(0, -1).map(({ sha256: hash }) => hash),
  ]);
});

/** The entries as a forger would store them: numbered and checksummed, links forged or left. */
function stored(list: readonly LedgerEntry[], forges: boolean): ChainLink[] {
  let before: string | undefined;
  return list.map((entry, i) => {
    const { previous: own, ...rest } = entry;
    const previous = forges ? before : own;
    const written = { ...rest, number: i + 1, ...(previous === undefined ? {} : { previous }) };
    before = sha256(serialiseLedgerEntry(written));
    return { number: i + 1, sha256: before, previous: previous ?? null };
  });
}

test(`detects each of ${TRIALS} random edits, deletions and reorderings`, () => {
  const random = seededRandom(21);
  const below = (n: number) => Math.floor(random() * n);
  expect(stored(entries, false)).toEqual(chain);
  const problems = Array.from({ length: TRIALS }, (_, trial) => {
    const list = [...entries];
    const at = below(ENTRIES);
    const kind = trial % 3;
    if (kind === 0) {
      const entry = list[at] as LedgerEntry;
      const [part] = entry.parts;
      if (part === undefined) throw new Error('an append has a part');
      const changes = [
        { at: entry.at + 1 + below(1e6) },
        { commitId: `${entry.commitId}${below(10)}` },
        { parts: [{ ...part, rows: part.rows + 1 + below(9) }] },
        { parts: [] },
      ];
      list[at] = { ...entry, ...changes[below(changes.length)] };
    }
    if (kind === 1) list.splice(at, 1 + below(ENTRIES - at));
    if (kind === 2) {
      const other = (at + 1 + below(ENTRIES - 1)) % ENTRIES;
      [list[at], list[other]] = [list[other] as LedgerEntry, list[at] as LedgerEntry];
    }
    return chainProblem(stored(list, random() < 0.5), published);
  });
  expect(problems.filter((problem) => problem === null)).toEqual([]);
  // Both by a link and by what was published.
  for (const how of [/follows an entry/, /not the one that was published/, /is missing/])
    expect(problems.some((problem) => how.test(problem as string))).toBe(true);
});

test('links alone reveal an edit of any entry but the last', () => {
  for (const [at, entry] of entries.entries()) {
    const list = entries.map((one, i) => (i === at ? { ...entry, at: entry.at + 1 } : one));
    const problem = chainProblem(stored(list, false));
    expect(problem === null).toBe(at === ENTRIES - 1);
  }
});

test('the chain begins after the entries of earlier versions, which have no links', () => {
  const none = (link: ChainLink) => ({ ...link, previous: null });
  expect(chainProblem([...chain.slice(0, 5).map(none), ...chain.slice(5)])).toBeNull();
  expect(chainProblem([...chain.slice(0, 5), ...chain.slice(5).map(none)])).toBe(
    'entry 6 names no entry before it',
  );
  expect(chainProblem(chain.slice(1))).toBe('entry 1 is missing');
});
