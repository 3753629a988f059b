/**
 * Purpose: fits the members of an ensemble in processes of their own, as many at once as there are
 * cores, with checkpoints.
 * Invariants: the weights are those that one process would give; a member that was killed goes on
 * from its last checkpoint; checkpoints go when their fit is done, and those that were abandoned
 * after a week.
 * Fails: as the fits and the listener do; INTERNAL where a worker died. Checkpoints stay where they
 * are then.
 */
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { FitProgress, MemberWeights } from '../../../forecasting/models/network/member.ts';
import type { MemberFitter } from '../../../forecasting/models/network/training.ts';
import { sha256 } from '../../../platform/files/content-hash.ts';
import { openWorkerPool } from '../../../platform/jobs/worker-pool.ts';
import type { Logger } from '../../../platform/telemetry/logger.ts';
import type { BackendName } from '../../../platform/tensorflow/tensor-backend.ts';
import { hashPanel } from '../../../storage/features/panel-hash.ts';
import { removeUntouched } from './checkpoint-columns.ts';
import { CHECKPOINT_FORMAT, readCheckpoint } from './checkpoint-file.ts';
import type { MemberTask } from './member-worker.ts';

export interface Workers {
  readonly backend: BackendName;
  /** Processes at once. */
  readonly cores: number;
  /** A folder for checkpoints on the local disk. */
  readonly folder: string;
  readonly logger: Logger;
  readonly now: number;
}

const WORKER = new URL('./member-worker.ts', import.meta.url);
const ABANDONED_MS = 7 * 86_400_000;

export function membersInWorkers(
  seed: number,
  { backend, cores, folder, logger, now }: Workers,
): MemberFitter {
  return async (jobs, onProgress) => {
    await removeUntouched(folder, now - ABANDONED_MS);
    const tasks: MemberTask[] = [];
    // Members learn from the same panel: it is hashed once.
    const hashes = new Map(
      [...new Set(jobs.map((job) => job.panel))].map((panel) => [panel, hashPanel(panel)]),
    );
    for (const [member, job] of jobs.entries()) {
      const { panel, initial, ...rest } = job;
      const start =
        initial === null
          ? null
          : sha256(new Uint8Array(initial.buffer, initial.byteOffset, initial.byteLength));
      const about = {
        format: CHECKPOINT_FORMAT,
        panel: hashes.get(panel),
        ...rest,
        seed,
        backend,
        member,
        start,
      };
      const key = sha256(JSON.stringify(about));
      const path = join(folder, `${key.slice(0, 24)}.bin`);
      const last = await readCheckpoint(path, key);
      if (last) logger.info({ member, step: last.step }, 'training continues from a checkpoint');
      tasks.push({ job, member, seed, backend, checkpoint: { path, key, last } });
    }
    const pool = openWorkerPool({
      module: WORKER,
      size: Math.max(1, Math.min(cores, tasks.length)),
    });
    const latest = new Map<number, FitProgress>();
    let stop: (reason: unknown) => void = () => {};
    const stopped = new Promise<never>((_, reject) => {
      stop = reject;
    });
    // A listener that fails stops the fit, as it does in one process.
    const hear = async (member: number, sent: FitProgress) => {
      latest.set(member, sent);
      await onProgress(together([...latest.values()], tasks.length));
    };
    try {
      const fits = tasks.map((task) =>
        pool.run<MemberWeights>(task, {
          onProgress: (sent) => void hear(task.member, sent as FitProgress).catch(stop),
        }),
      );
      const weights = await Promise.race([Promise.all(fits), stopped]);
      for (const { checkpoint } of tasks) await rm(checkpoint.path, { force: true });
      return weights;
    } finally {
      await pool.close();
    }
  };
}

/** The members' progress as one: steps summed, losses averaged. */
function together(members: readonly FitProgress[], count: number): FitProgress {
  const mean = (of: (progress: FitProgress) => number) =>
    members.reduce((sum, one) => sum + of(one), 0) / members.length;
  const [first] = members as [FitProgress];
  return {
    step: members.reduce((sum, { step }) => sum + step, 0),
    steps: first.steps * count,
    loss: mean(({ loss }) => loss),
    rate: mean(({ rate }) => rate),
  };
}
