/**
 * Purpose: the part of the feature store that the feature service uses. (Replaced by the real one at merge.)
 * Invariants: a commit appends to a linear history.
 * Fails: STORE_*.
 */
import type { Panel } from '../forecasting/panel.ts';
import type { FeatureObject, FeatureSchema, Manifest } from './manifest.ts';

export type NewFeatureObject = Omit<FeatureObject, 'key' | 'sha256' | 'bytes'> & { path: string };

export interface FeatureStore {
  head(): Promise<Manifest | null>;
  log(): Promise<Manifest[]>;
  commit(request: {
    reason: string;
    schema: FeatureSchema;
    newObjects: readonly NewFeatureObject[];
    report?: Uint8Array;
    onlineIntervals?: number;
  }): Promise<Manifest>;
  readAsOf(query?: { cutoff?: number; knownAt?: number; from?: number; seriesIds?: readonly string[] }): Promise<Panel>;
}
