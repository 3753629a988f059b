/**
 * Purpose: what callers ask of the feature store when they stage, preview and commit.
 * Invariants: a staged object was read through: its rows are what it claims.
 * Fails: never.
 */
import type { FeatureSchema, Manifest, NewFeatureObject } from './manifest.ts';
import type { ObjectRows } from './object-rows.ts';

/** A new object whose file was read through. */
export interface StagedObject extends NewFeatureObject {
  readonly sha256: string;
  readonly bytes: number;
  /** The rows of the file; null where they are too many to be held in memory. */
  readonly content: ObjectRows | null;
}

export interface Staged {
  readonly schema: FeatureSchema;
  readonly objects: readonly StagedObject[];
}

/** How far past the end which columns reach that are known in advance. */
export interface Ahead {
  readonly columns: readonly string[];
  readonly intervals: number;
}

/** What the online view of a snapshot holds. */
export interface OnlineRequest {
  /** How many intervals of every series. */
  readonly onlineIntervals?: number;
  readonly ahead?: Ahead;
  /** Series in one of its objects; for tests, to have several. */
  readonly rangeSeries?: number;
}

export interface CommitRequest extends OnlineRequest {
  readonly reason: string;
  readonly staged: Staged;
  /** The data-quality report of the run, as JSON text. */
  readonly report?: Uint8Array;
}

export interface NextSnapshot {
  /** What the staged objects are to be added to; null for nothing. */
  readonly head: Manifest | null;
  readonly staged: Staged;
  /** Start of the first interval to be read. */
  readonly from: number;
  /** Which series; all where it is absent. Memory is needed for these alone. */
  readonly takes?: (seriesId: string) => boolean;
}
