/**
 * Purpose: `--steps` of the benches that fit networks: fewer batches than `headway train`, to try
 * something in less time.
 * Invariants: without it the configuration is the default.
 * Fails: never.
 */
import type { TrainingConfig } from '../../services/training/training-config.ts';

export const STEPS_OPTION = [
  '--steps <count>',
  'batches the network learns from at most (default: as `headway train`)',
] as const;

export const withSteps = (config: TrainingConfig, steps: string | undefined): TrainingConfig =>
  steps === undefined ? config : { ...config, fit: { ...config.fit, steps: Number(steps) } };
