/**
 * Purpose: what a worker process of the backtest's pool runs: one segment after another.
 * Invariants: computes on the very backend that the job names, so that a pool and a single process
 * give the same bits; ends soon after a parent that was killed.
 * Fails: as `runSegment` does; BACKEND_UNAVAILABLE.
 */
import { silentLogger } from '../../../platform/telemetry/logger.ts';
import { startTensorBackend } from '../../../platform/tensorflow/tensor-backend.ts';
import {
  runSegment,
  type SegmentJob,
  type SegmentProgress,
  type SegmentResult,
} from './segment.ts';

export async function work(
  job: SegmentJob,
  report: (progress: SegmentProgress) => Promise<void>,
): Promise<SegmentResult> {
  await startTensorBackend(silentLogger, job.backend, 'training');
  return runSegment(job, report);
}
