/**
 * Purpose: the worker processes of a training, and the folder of their checkpoints.
 * Fails: never.
 */
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import type { BackendName } from '../../platform/tensorflow/tensor-backend.ts';
import type { Workers } from '../../services/training/workers/members.ts';
import type { CommandContext } from '../context.ts';

/** The processes that the members of an ensemble are fitted in. */
export const workersOf = (
  { settings, clock, logger }: CommandContext,
  backend: BackendName,
): Workers => ({
  ...{ backend, logger, cores: availableParallelism(), now: clock.now() },
  folder: checkpointsIn(settings),
});

export const checkpointsIn = ({ work }: CommandContext['settings']): string =>
  join(work, 'checkpoints');
