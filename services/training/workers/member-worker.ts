/**
 * Purpose: what a worker process runs: the fit of one member of the ensemble, from its last
 * checkpoint if it has one.
 * Invariants: computes on the very backend that the task names, so that workers and a single
 * process give the same bits; ends soon after a parent that was killed.
 * Fails: as `fitMember` does; BACKEND_UNAVAILABLE.
 */
import {
  type Checkpoint,
  type FitProgress,
  fitMember,
  type MemberJob,
  type MemberWeights,
} from '../../../forecasting/models/network/member.ts';
import { streamsOfMember } from '../../../forecasting/models/network/training.ts';
import { randomStreams } from '../../../platform/random.ts';
import { silentLogger } from '../../../platform/telemetry/logger.ts';
import {
  type BackendName,
  startTensorBackend,
} from '../../../platform/tensorflow/tensor-backend.ts';
import { writeCheckpoint } from './checkpoint-file.ts';

export interface MemberTask {
  readonly job: MemberJob;
  readonly member: number;
  readonly seed: number;
  readonly backend: BackendName;
  /** Where its checkpoints go, and the one to continue from. */
  readonly checkpoint: {
    readonly path: string;
    readonly key: string;
    readonly last: Checkpoint | null;
  };
}

export async function work(
  task: MemberTask,
  report: (progress: FitProgress) => Promise<void>,
): Promise<MemberWeights> {
  const { job, member, seed, backend, checkpoint } = task;
  await startTensorBackend(silentLogger, backend, 'training');
  return fitMember(job, streamsOfMember(randomStreams(seed), member), {
    onProgress: report,
    resumeFrom: checkpoint.last,
    onCheckpoint: (at) => writeCheckpoint(checkpoint.path, checkpoint.key, at),
  });
}
