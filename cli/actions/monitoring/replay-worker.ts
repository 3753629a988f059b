/**
 * Purpose: what a worker process of a replay runs: the forecasts of some past times.
 * Invariants: reads the features and the replay's own store, and writes to neither; both are opened
 * once; an issue time gives the same bits in any process.
 * Fails: as the batch.
 */
import { startTensorBackend } from '../../../platform/tensorflow/tensor-backend.ts';
import { challengersOf } from '../../../services/monitoring/challengers.ts';
import { pastFeatures } from '../../../services/monitoring/replay/past-features.ts';
import type { LedgerIssue } from '../../../storage/ledger/ledger.ts';
import { openContext } from '../../context.ts';
import { issuerAsOf } from './issue-as-of.ts';
import { openReplayStore } from './replay-store.ts';

export interface ReplayJob {
  /** Variables that give this process the settings of its parent. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** The replay's store. */
  readonly folder: string;
  /** Start of the replay. */
  readonly from: number;
  readonly times: readonly number[];
}

type Issue = (at: number) => Promise<LedgerIssue[]>;

let opened: Promise<Issue> | null = null;

export async function work(job: ReplayJob): Promise<LedgerIssue[]> {
  opened ??= open(job);
  const issue = await opened;
  const issues: LedgerIssue[] = [];
  for (const at of job.times) issues.push(...(await issue(at)));
  return issues;
}

async function open({ environment, folder, from }: ReplayJob): Promise<Issue> {
  const context = openContext({}, environment);
  const { domain, settings, logger, clock } = context;
  await startTensorBackend(logger, settings.backend, 'prediction');
  const features = await context.features();
  const { panel } = await features.readOnline();
  const store = await openReplayStore(folder, domain.name, clock);
  return issuerAsOf(context, {
    past: await pastFeatures(features, from),
    ...{ registry: store.registry, tail: panel.length },
    challengers: () => challengersOf(store.decisions),
  });
}
