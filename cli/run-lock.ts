/**
 * Purpose: the lock of a command's run: one run of a kind of a domain and store at a time on this
 * machine.
 * Fails: as platform/jobs/run-lock.ts; with the error of the work.
 */
import { join } from 'node:path';
import { withRunLock } from '../platform/jobs/run-lock.ts';
import type { CommandContext } from './context.ts';

export async function runLocked<Result>(
  context: CommandContext,
  kind: 'features' | 'training' | 'monitoring',
  work: () => Promise<Result>,
): Promise<Result> {
  const { domain, settings, clock } = context;
  const { location } = await context.store();
  const lock = {
    ...{ folder: join(settings.work, 'locks'), store: `${location} ${domain.name}` },
    ...{ kind, clock },
  };
  return withRunLock(lock, work);
}
