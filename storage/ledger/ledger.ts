/**
 * Purpose: the forecast ledger of a domain: every forecast that was issued, by whom, from what, so
 * that it can be scored once the actuals are known, and computed again. Append-only, in Parquet, by
 * the protocol of docs/ledger.md.
 * Invariants: an append is one data object, named by its content, and then one entry of the log; it
 * is acknowledged when the entry is there, and is there wholly or not at all. An append of the same
 * issues leaves one. Nothing is overwritten. What is read equals what was written, in canonical
 * form (ledger-issue.ts). Entries of the JSON log of earlier versions are read too.
 * Fails: PANEL_INVALID for an issue that does not fit (nothing is written); STORE_CORRUPT with the
 * key; COMMIT_CONFLICT.
 */
import { createHash } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import type { Clock } from '../../platform/clock.ts';
import { withSqlSession } from '../../platform/duckdb/session.ts';
import type { ChainHead, ChainLink } from '../log/hash-chain.ts';
import type { ObjectStore } from '../objects/object-store.ts';
import type { StoreReport } from '../store-report.ts';
import { type CompactReport, type CompactRequest, compactLedger } from './compaction.ts';
import { latestIssues } from './latest-issue.ts';
import type { LedgerPart } from './ledger-entry.ts';
import {
  type CanonicalIssue,
  canonicalIssues,
  identityOf,
  type LedgerIssue,
  requireWritable,
} from './ledger-issue.ts';
import { LedgerLog } from './ledger-log.ts';
import { type LedgerQuery, type QueryResult, queryLedger } from './ledger-query.ts';
import { verifyLedger } from './ledger-verify.ts';
import { type OldLog, openOldLog } from './old-log.ts';
import { PartFiles } from './part-files.ts';
import { partsIn, quantilesOf, withinRange } from './part-range.ts';
import { type LedgerRange, readIssues } from './read-issues.ts';
import { issuesAsRows } from './write-issues.ts';

export type { CanonicalIssue, LedgerIssue, LedgerPart, LedgerQuery, LedgerRange, QueryResult };

export interface LedgerReceipt {
  /** Of the entry; 0 where the same issues were there already. */
  readonly number: number;
  readonly key: string;
  readonly rows: number;
}

export interface Ledger {
  /** One object, one log entry; null where there is nothing in the issues. */
  append(issues: readonly LedgerIssue[]): Promise<LedgerReceipt | null>;
  /** Canonical, oldest first. Of targets outside the range the values are NaN. */
  read(range?: LedgerRange): Promise<CanonicalIssue[]>;
  /**
   * What batches issued to be served at the last issue time since `since` and until `until`, read
   * without the SQL engine; none where that would take long. An issue of the future, made while a
   * clock was ahead, would otherwise be the last one for as long.
   */
  latest(since: number, until: number): Promise<CanonicalIssue[]>;
  /** The live parts that may hold rows of the range. */
  parts(range?: LedgerRange): Promise<LedgerPart[]>;
  /** Local files of parts, checked. */
  files(parts: readonly LedgerPart[]): Promise<string[]>;
  /** SQL over the view `ledger` of the rows in a range. */
  query(query: LedgerQuery): Promise<QueryResult>;
  /** Merges small parts, and moves the JSON log of earlier versions. */
  compact(request: CompactRequest): Promise<CompactReport>;
  /** The end of the hash chain over the log; null where it is empty. */
  head(): Promise<ChainHead | null>;
  /** The whole chain, oldest first, from the stored bytes. */
  chain(): Promise<ChainLink[]>;
  verify(): Promise<StoreReport>;
}

export interface LedgerOptions {
  readonly store: ObjectStore;
  readonly domain: string;
  readonly clock: Pick<Clock, 'now'>;
  /**
   * The issues of so many of its own last appends stay in memory, so that `read` need not read
   * these parts; 0 where absent.
   */
  readonly keepsAppends?: number;
}

export const openLedger = (options: LedgerOptions): Ledger => new StoredLedger(options);

class StoredLedger implements Ledger {
  readonly #options: LedgerOptions;
  readonly #log: LedgerLog;
  readonly #files: PartFiles;
  readonly #oldLog: OldLog;
  /** Issues of own appends, by the key of their part, which never changes. */
  readonly #kept: LRUCache<string, readonly CanonicalIssue[]> | null;

  constructor(options: LedgerOptions) {
    const { store, domain, clock, keepsAppends = 0 } = options;
    this.#options = options;
    this.#log = new LedgerLog(store, domain, clock);
    this.#files = new PartFiles(store, domain);
    this.#oldLog = openOldLog(store, domain);
    this.#kept = keepsAppends > 0 ? new LRUCache({ max: keepsAppends }) : null;
  }

  async append(given: readonly LedgerIssue[]): Promise<LedgerReceipt | null> {
    for (const issue of given) requireWritable(issue, `domain ${this.#options.domain}`);
    const issues = canonicalIssues(given);
    if (issues.length === 0) return null;
    const content = contentOf(issues);
    const { live, number } = await this.#log.state();
    const same = [...live.values()].find((part) => part.content === content);
    if (same) return { number: 0, key: same.key, rows: same.rows };
    const part = (await withSqlSession(async (session) =>
      this.#files.write(session, await issuesAsRows(session, issues), { content, compacted: null }),
    )) as LedgerPart;
    const entry = await this.#log.commit({
      kind: 'append',
      parts: [part],
      // Whoever begins the ledger finds out once.
      ...(number === 0 ? { oldLogMovedAt: (await this.#oldLog.keys()).length > 0 ? null : 0 } : {}),
    });
    this.#kept?.set(part.key, issues);
    return { number: entry?.number ?? 0, key: part.key, rows: part.rows };
  }

  async read(range: LedgerRange = {}): Promise<CanonicalIssue[]> {
    // Before the live parts: what is moved meanwhile is then in one of the two, or in both.
    const old = await this.#oldIssues(range);
    const all = await this.parts(range);
    const kept = all.flatMap(({ key }) => this.#kept?.get(key) ?? []);
    const parts = all.filter(({ key }) => this.#kept?.has(key) !== true);
    const paths = await this.#files.paths(parts);
    const issues = await withSqlSession((session) =>
      readIssues(session, paths, quantilesOf(parts), range),
    );
    const others = [...old, ...kept.flatMap((issue) => withinRange(issue, range) ?? [])];
    return others.length === 0 ? issues : canonicalIssues([...issues, ...others]);
  }

  /** Issues of the JSON log of earlier versions. */
  async #oldIssues(range: LedgerRange): Promise<CanonicalIssue[]> {
    if ((await this.#log.state()).oldLogMovedAt !== null) return [];
    const issues = canonicalIssues(await this.#oldLog.read(await this.#oldLog.keys(range)));
    return issues.flatMap((issue) => withinRange(issue, range) ?? []);
  }

  async latest(since: number, until: number): Promise<CanonicalIssue[]> {
    const { live, oldLogMovedAt } = await this.#log.state();
    const issues = await latestIssues(this.#options.store, [...live.values()], { since, until });
    if (issues.length > 0 || oldLogMovedAt !== null) return issues;
    const keys = await this.#oldLog.keys({ from: since, until: until + 1 });
    const stampOf = (key = '') => key.slice(0, key.lastIndexOf('-'));
    return canonicalIssues(
      await this.#oldLog.read(keys.filter((key) => stampOf(key) === stampOf(keys.at(-1)))),
    );
  }

  async parts(range: LedgerRange = {}): Promise<LedgerPart[]> {
    return partsIn([...(await this.#log.state()).live.values()], range);
  }

  async query(query: LedgerQuery): Promise<QueryResult> {
    const old = await this.#oldIssues(query.range ?? {});
    const parts = await this.parts(query.range);
    return queryLedger(query, parts, await this.#files.paths(parts), old);
  }

  async head(): Promise<ChainHead | null> {
    const number = await this.#log.size();
    if (number === 0) return null;
    return { number, sha256: (await this.#log.link(number)).sha256 };
  }

  async chain(): Promise<ChainLink[]> {
    const size = await this.#log.size();
    const links: ChainLink[] = [];
    for (let number = 1; number <= size; number++) links.push(await this.#log.link(number));
    return links;
  }

  files(parts: readonly LedgerPart[]): Promise<string[]> {
    return this.#files.paths(parts);
  }

  compact(request: CompactRequest): Promise<CompactReport> {
    return compactLedger(
      {
        ...{ log: this.#log, files: this.#files, oldLog: this.#oldLog },
        append: (issues) => this.append(issues),
      },
      request,
    );
  }

  verify(): Promise<StoreReport> {
    return verifyLedger(this.#options.store, this.#options.domain);
  }
}

/** The hash of what an append says. */
function contentOf(issues: readonly CanonicalIssue[]): string {
  const hash = createHash('sha256');
  const bytesOf = ({ buffer, byteOffset, byteLength }: Float32Array) =>
    new Uint8Array(buffer, byteOffset, byteLength);
  for (const issue of issues) {
    hash.update(JSON.stringify([identityOf(issue), issue.seriesIds, issue.mean === null]));
    hash.update(bytesOf(issue.values));
    if (issue.mean) hash.update(bytesOf(issue.mean));
  }
  return hash.digest('hex');
}
