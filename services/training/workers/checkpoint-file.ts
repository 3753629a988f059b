/**
 * Purpose: where a fit stands, on the local disk: training that was killed goes on from its last
 * checkpoint.
 * Invariants: a checkpoint names the fit it belongs to, and only that fit continues from it; torn
 * or foreign counts as none.
 * Fails: writing fails with the file system's own error; reading never does.
 */
import type { Checkpoint } from '../../../forecasting/models/network/member.ts';
import { keepColumns, readColumns } from './checkpoint-columns.ts';

/** Raise it where a changed fit would go on differently from the same numbers. */
export const CHECKPOINT_FORMAT = 1;

interface Header extends Pick<Checkpoint, 'step' | 'optimizerSteps' | 'skipped' | 'bestStep'> {
  readonly key: string;
  /** null: none yet. */
  readonly bestLoss: number | null;
  readonly hasEarly: boolean;
  readonly hasBest: boolean;
}

export async function writeCheckpoint(
  path: string,
  key: string,
  checkpoint: Checkpoint,
): Promise<void> {
  const {
    step,
    optimizerSteps,
    skipped,
    bestStep,
    bestLoss,
    weights,
    mean,
    variance,
    early,
    best,
  } = checkpoint;
  const header: Header = {
    ...{ key, step, optimizerSteps, skipped, bestStep },
    bestLoss: Number.isFinite(bestLoss) ? bestLoss : null,
    hasEarly: early !== null,
    hasBest: best !== null,
  };
  await keepColumns(path, {
    header,
    columns: [weights, mean, variance, ...(early ? [early] : []), ...(best ? [best] : [])],
  });
}

/** null where there is none of this fit. */
export async function readCheckpoint(path: string, key: string): Promise<Checkpoint | null> {
  const kept = await readColumns(path);
  if (kept === 'absent' || kept === 'unusable') return null;
  const { key: own, bestLoss, hasEarly, hasBest, ...numbers } = (kept.header ?? {}) as Header;
  if (own !== key) return null;
  const [weights, mean, variance, ...others] = kept.columns as [
    Float32Array,
    Float32Array,
    Float32Array,
    ...Float32Array[],
  ];
  const early = hasEarly ? (others.shift() as Float32Array) : null;
  const best = hasBest ? (others.shift() as Float32Array) : null;
  return {
    ...numbers,
    bestLoss: bestLoss ?? Number.POSITIVE_INFINITY,
    weights,
    mean,
    variance,
    early,
    best,
  };
}
