/**
 * Purpose: what decides the bits of a fit in addition to code, data and seed: for the model card,
 * and to report why a fit cannot be repeated.
 * Invariants: the same in every process of one installation.
 * Fails: never.
 */
import { version_core } from '@tensorflow/tfjs-core';

export interface BuildEnvironment {
  readonly node: string;
  readonly tensorflow: string;
  /** The release of the time-zone database. */
  readonly timeZones: string;
  /** Operating system and processor. */
  readonly platform: string;
}

export const buildEnvironment = (): BuildEnvironment => ({
  node: process.versions.node,
  tensorflow: version_core,
  timeZones: process.versions.tz ?? 'unknown',
  platform: `${process.platform} ${process.arch}`,
});
