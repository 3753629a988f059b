/**
 * Purpose: the manifest: one numbered log entry that names everything a snapshot of features consists of.
 * Invariants: self-contained (a reader needs no earlier manifest); validated before it is written and again after it is read.
 * Fails: STORE_CORRUPT with the key for anything that is not a manifest of this format.
 */
export const MANIFEST_FORMAT = 1;

/** A half-open span of UTC epoch milliseconds. */
export interface TimeSpan {
  readonly start: number;
  readonly end: number;
}

/** One immutable Parquet object: the values of one feed inside `span`, columns series_id, timestamp, target, available_at. */
export interface FeatureObject {
  readonly key: string;
  readonly sha256: string;
  readonly bytes: number;
  readonly rows: number;
  readonly span: TimeSpan;
  /** When these values became known to us (epoch ms). For one feed and interval, the latest object that covers it wins. */
  readonly availableAt: number;
  readonly feed: string;
  /** The raw part it was made from, and that part's fingerprint: what makes re-running change nothing. */
  readonly part: string;
  readonly fingerprint: string;
  /** Account of the raw rows: rowsIn = rowsUsed + Σ rejected. */
  readonly rowsIn: number;
  readonly rowsUsed: number;
  readonly rejected: Readonly<Record<string, number>>;
}

/** How absent intervals read, and on what grid: copied from the domain so that a reader needs only the store. */
export interface FeatureSchema {
  readonly frequencyMinutes: number;
  readonly missing: 'zero' | 'unknown';
  readonly unit: string;
  readonly timeZone: string;
}

export interface OnlineView {
  readonly key: string;
  readonly sha256: string;
  readonly bytes: number;
  readonly span: TimeSpan;
}

export interface Manifest {
  readonly format: typeof MANIFEST_FORMAT;
  readonly domain: string;
  readonly number: number;
  /** "<number>-<first 12 hex digits of the hash of what it names>": what models and forecasts refer to. */
  readonly snapshotVersion: string;
  readonly parent: string | null;
  /** A name only the writer knows: how it recognises its own entry after a lost reply. */
  readonly commitId: string;
  readonly committedAt: number;
  /** One line for people: why this commit was made. */
  readonly reason: string;
  readonly schema: FeatureSchema;
  readonly objects: readonly FeatureObject[];
  readonly online: OnlineView | null;
  /** Key of the data-quality report that the run left, if any. */
  readonly report: string | null;
}
