/**
 * Purpose: what a snapshot of features consists of: the types that the feature store exchanges with
 * its callers, and what can be said of them without reading anything.
 * Invariants: a manifest is self-contained (a reader needs no earlier one); its snapshot version is
 * a hash of what it names, so two different snapshots never share one.
 * Fails: never.
 */

/** A half-open span of UTC epoch milliseconds. */
export interface TimeSpan {
  readonly start: number;
  readonly end: number;
}

/**
 * One immutable Parquet object: the values of one feed inside `span`, columns series_id, timestamp,
 * target, available_at.
 */
export interface FeatureObject {
  readonly key: string;
  readonly sha256: string;
  readonly bytes: number;
  readonly rows: number;
  readonly span: TimeSpan;
  /**
   * When these values became known to us (epoch ms). For one feed and interval, the latest object
   * that covers it wins.
   */
  readonly availableAt: number;
  readonly feed: string;
  /**
   * The raw part it was made from, and that part's fingerprint: what makes re-running change
   * nothing.
   */
  readonly part: string;
  readonly fingerprint: string;
  /** Account of the raw rows: rowsIn = rowsUsed + Σ rejected. */
  readonly rowsIn: number;
  readonly rowsUsed: number;
  readonly rejected: Readonly<Record<string, number>>;
}

/** The object of a pack that lists its segments (storage/features/segments/segment-index.ts). */
export interface SegmentFile {
  readonly key: string;
  readonly sha256: string;
  readonly bytes: number;
  readonly count: number;
}

/**
 * Objects of one feed that a compaction merged into one, versions included: its Parquet has besides
 * the columns of an object `first_piece` and `until_piece`: the ranks of the segments from which
 * and until which a row is what they say.
 */
export interface FeaturePack {
  readonly feed: string;
  readonly key: string;
  readonly sha256: string;
  readonly bytes: number;
  readonly rows: number;
  readonly segments: SegmentFile;
  /** From the first start to the last end of its segments, which may leave gaps. */
  readonly span: TimeSpan;
  /** The latest of its segments. */
  readonly availableAt: number;
  /** The accounts of its segments, added. */
  readonly rowsIn: number;
  readonly rowsUsed: number;
  readonly rejected: Readonly<Record<string, number>>;
}

/**
 * How absent intervals read, and on what grid: copied from the domain so that a reader needs only
 * the store.
 */
export interface FeatureSchema {
  readonly frequencyMinutes: number;
  readonly missing: 'zero' | 'unknown';
  readonly unit: string;
  readonly timeZone: string;
}

/** An object of an online view. */
export interface ViewObject {
  readonly key: string;
  readonly sha256: string;
  readonly bytes: number;
}

/** Some series that follow one another in an online view. */
export interface ViewRange extends ViewObject {
  readonly series: number;
  /** Id of the first of them. Every series from there up to the next range belongs here. */
  readonly first: string;
  /** Start of the last interval in which one of them has a value; null where none has. */
  readonly observed: number | null;
}

/** A view of few series: one object. */
export interface WholeView extends ViewObject {
  readonly span: TimeSpan;
}

/** A view of many series: an object for each range of them, in order. */
export interface RangedView {
  readonly span: TimeSpan;
  readonly ranges: readonly ViewRange[];
}

export type OnlineView = WholeView | RangedView;

export const isRanged = (view: OnlineView): view is RangedView => 'ranges' in view;

/** The objects of a view, in the order of their series. */
export const viewObjects = (view: OnlineView | null): readonly ViewObject[] =>
  view === null ? [] : isRanged(view) ? view.ranges : [view];

/** Without packs, with them, and with a view in ranges (packs or not). */
export type ManifestFormat = 1 | 2 | 3;

export interface Manifest {
  readonly format: ManifestFormat;
  readonly domain: string;
  readonly number: number;
  /**
   * "<number>-<first 12 hex digits of the hash of what it names>": what models and forecasts refer
   * to.
   */
  readonly snapshotVersion: string;
  readonly parent: string | null;
  /** A name only the writer knows: how it recognises its own entry after a lost reply. */
  readonly commitId: string;
  readonly committedAt: number;
  /** One line for people: why this commit was made. */
  readonly reason: string;
  readonly schema: FeatureSchema;
  /**
   * What compactions made, in order; everything in them was committed before everything of their
   * feed in `objects`.
   */
  readonly packs: readonly FeaturePack[];
  readonly objects: readonly FeatureObject[];
  readonly online: OnlineView | null;
  /** Key of the data-quality report that the run left, if any. */
  readonly report: string | null;
}

/** One published version of a raw part: an object without its file, or what a pack holds of one. */
export type Segment = Omit<FeatureObject, 'key' | 'sha256' | 'bytes'>;

/** A feature object before it is committed, and the local Parquet file with its rows. */
export interface NewFeatureObject extends Segment {
  /**
   * A local Parquet file: series_id VARCHAR, timestamp TIMESTAMP (UTC), target FLOAT or DOUBLE,
   * available_at TIMESTAMP.
   */
  readonly path: string;
}

/** A file with rows: of one segment, or of many. */
export type DataFile = FeatureObject | FeaturePack;

export const isPack = (file: DataFile): file is FeaturePack => 'segments' in file;

/** The files of a snapshot, packs before objects: the order in which they were committed. */
export const filesOf = (snapshot: Pick<Manifest, 'packs' | 'objects'> | null): DataFile[] =>
  snapshot ? [...snapshot.packs, ...snapshot.objects] : [];

/**
 * Feeds with this mark hold exogenous columns, one value for all series: `series_id` is the
 * column's name. They never hold demand.
 */
const EXOGENOUS = '@';

export const exogenousFeed = (name: string): string => `${EXOGENOUS}${name}`;

export const isExogenous = ({ feed }: { readonly feed: string }): boolean =>
  feed.startsWith(EXOGENOUS);

/** Those that hold demand. */
export const demandOf = <Fed extends { readonly feed: string }>(all: readonly Fed[]): Fed[] =>
  all.filter((one) => !isExogenous(one));
