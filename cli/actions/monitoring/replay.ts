/**
 * Purpose: `headway replay`: the whole system driven through past time, with a report at the end.
 * Invariants: the features are only read; everything else goes into a store of the replay's own, so
 * that the live system serves nothing of it, and holds what the jobs of a live system publish; no
 * alert is sent; a replay that was stopped continues where it stopped, with the settings that it
 * began with.
 * Fails: SNAPSHOT_EMPTY, HISTORY_TOO_SHORT; REPLAY_FOREIGN for other settings; USAGE for a span
 * that cannot be replayed.
 */
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { type Panel, timestampAt } from '../../../forecasting/panel/panel.ts';
import { HeadwayError } from '../../../platform/errors.ts';
import { openWorkerPool } from '../../../platform/jobs/worker-pool.ts';
import { utcText } from '../../../platform/text/utc-text.ts';
import { monitoringPage } from '../../../reports/pages/monitoring-page.ts';
import type { ActPorts } from '../../../services/monitoring/act.ts';
import { challengersOf } from '../../../services/monitoring/challengers.ts';
import { monitor } from '../../../services/monitoring/monitor.ts';
import { type ReadPolicy, readPolicy } from '../../../services/monitoring/policy.ts';
import { publishCheck } from '../../../services/monitoring/publish-check.ts';
import {
  type PastFeatures,
  pastFeatures,
} from '../../../services/monitoring/replay/past-features.ts';
import { type ReplayPlan, replay } from '../../../services/monitoring/replay/replay.ts';
import { RECORD_DAYS } from '../../../services/monitoring/scoring/score-ledger.ts';
import type { FeatureStore } from '../../../storage/features/feature-store.ts';
import type { LedgerIssue } from '../../../storage/ledger/ledger.ts';
import type { CommandContext } from '../../context.ts';
import { timestamp } from '../../flags.ts';
import { writeOutput } from '../../output.ts';
import { stopOf } from '../../stop.ts';
import { configOf, type TrainingFlags } from '../train.ts';
import { columnTexts } from './column-texts.ts';
import { planText } from './replay-plan.ts';
import { openReplayStore, type ReplayStore } from './replay-store.ts';
import { reportOf } from './report-page.ts';
import { trainPort } from './train-port.ts';

export interface ReplayFlags extends TrainingFlags {
  readonly from?: string;
  readonly to?: string;
  readonly every: number;
  readonly checkEvery: number;
  readonly into?: string;
  readonly page?: string;
}

const WORKER = new URL('./replay-worker.ts', import.meta.url);
const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
/** Where nothing is asked for, so much of the end of the history is replayed. */
const DEFAULT_DAYS = 14;

export async function replayCommand(context: CommandContext, flags: ReplayFlags): Promise<void> {
  const { domain, settings } = context;
  const features = await context.features();
  const newest = await features.readOnline();
  const plan = planOf(flags, newest.panel);
  const past = await pastFeatures(features, plan.from);
  const folder = flags.into ?? join(settings.work, `replay-${domain.name}`);
  const now = { current: plan.from };
  const clock = { now: () => now.current, elapsedMs: () => 0 };
  const store = await openReplayStore(folder, domain.name, clock);
  const workers = availableParallelism();
  const pool = openWorkerPool({ module: WORKER, size: workers });
  const job = {
    environment: { ...context.environment, ...context.childEnvironment },
    ...{ folder, from: plan.from },
  };
  const train = trainPort(context, {
    ...{ registry: store.registry, clock, flags },
    features: featuresAt(past, clock),
  });
  const policy = await readPolicy(settings.policy);
  const identity = planText({
    ...{ plan, config: await configOf(flags, domain), demandOnly: flags.demandOnly === true },
    ...{ policyHash: policy.hash, seed: settings.seed, quantiles: domain.quantiles },
    source: settings.source ?? domain.defaultSource,
    ...{ exogenous: settings.exogenous, store: settings.store },
  });
  const stop = stopOf(context);
  try {
    await replay(plan, {
      ledger: store.ledger,
      checkpoints: store.checkpoints(identity),
      progress: context.progress,
      signal: stop.signal,
      async prepare(at) {
        now.current = at;
        if ((await store.registry.champion()) === null)
          await train({ kind: 'retrain', reason: 'the first model', isShadow: false });
      },
      async models() {
        const [previous] = await store.registry.earlierChampions();
        const champion = await store.registry.champion();
        const versions = [champion, previous].map((one) => one?.modelVersion ?? null);
        return JSON.stringify([...versions, ...(await challengersOf(store.decisions))]);
      },
      async issue(times) {
        const size = Math.ceil(times.length / workers);
        const shares = Array.from({ length: workers }, (_, i) =>
          times.slice(i * size, (i + 1) * size),
        ).filter((share) => share.length > 0);
        const made = shares.map((share) =>
          pool.run<LedgerIssue[]>({ ...job, times: share }, { signal: stop.signal }),
        );
        return (await Promise.all(made)).flat();
      },
      async check(at) {
        now.current = at;
        return checkAt(at, context, { features, plan, past, store, policy, train });
      },
    });
  } catch (error) {
    if (!stop.signal.aborted) throw error;
    context.print('Stopped. The same command continues from here.');
    return;
  } finally {
    await pool.close();
    stop.forget();
  }
  await writeReport(context, plan, { past, store }, flags.page);
}

interface CheckParts {
  readonly features: Pick<FeatureStore, 'readReport'>;
  readonly plan: ReplayPlan;
  readonly past: PastFeatures;
  readonly store: ReplayStore;
  readonly policy: ReadPolicy;
  readonly train: ActPorts['train'];
}

/** As `headway monitor`, with no channel to send alerts by. Returns what was found, in words. */
async function checkAt(
  at: number,
  { domain, settings, logger }: CommandContext,
  { features, plan, past, store, policy, train }: CheckParts,
): Promise<string> {
  const { panel, manifest } = await past.at(at);
  const columns = await columnTexts(features, manifest, logger);
  // All forecasts of a day that is over are there, and the record of the last days alone is read.
  const result = await monitor({
    ...{ domain, now: at, panel, columns, posts: [], openDays: 0, policy, train, ...store },
    recordFrom: plan.until - RECORD_DAYS * DAY_MS,
  });
  await publishCheck({
    ...{ domain, now: at, panel, result, ...store, channels: [], quietHours: null },
    ...{ silence: settings.alertSilence, onFailure: () => undefined },
  });
  const { drift, decided } = result;
  const words = [...drift.opened.map(({ name }) => name), ...decided.map(({ kind }) => kind)];
  return `${utcText(at)} ${words.join(', ')}`;
}

/** Hourly times by the grid of the data; by default the last weeks of it. */
function planOf(flags: ReplayFlags, panel: Panel): ReplayPlan {
  const end = timestampAt(panel, panel.length);
  const until = flags.to === undefined ? end : timestamp(flags.to, '--to');
  const from =
    flags.from === undefined ? until - DEFAULT_DAYS * DAY_MS : timestamp(flags.from, '--from');
  const everyMs = flags.every * HOUR_MS;
  const checkEveryMs = flags.checkEvery * HOUR_MS;
  const problem =
    until <= from
      ? '--to is not after --from'
      : until > end
        ? `--to is after the end of the data, ${utcText(end)}`
        : checkEveryMs % everyMs !== 0
          ? '--check-every is not a multiple of --every'
          : null;
  if (problem === null) return { from, until, everyMs, checkEveryMs };
  throw new HeadwayError('USAGE', problem, {
    fix: 'Give a span within the data with --from and --to.',
  });
}

const featuresAt = (past: PastFeatures, clock: CommandContext['clock']) => ({
  head: async () => (await past.at(clock.now())).manifest,
  manifest: async () => (await past.at(clock.now())).manifest,
  readSample: async () => {
    const { panel } = await past.at(clock.now());
    return { panel, of: panel.seriesIds.length };
  },
});

async function writeReport(
  context: CommandContext,
  { from, until }: ReplayPlan,
  { past, store }: { readonly past: PastFeatures; readonly store: ReplayStore },
  file: string | undefined,
): Promise<void> {
  const { domain, settings } = context;
  const report = await reportOf(context, store, { from, until });
  const page = file ?? join(settings.work, `replay-${domain.name}.html`);
  const note = past.isAsKnown
    ? 'Each forecast was made from the values that were known at its time.'
    : 'The store was filled afterwards: an interval counts as known when it ends, with the value ' +
      'that is known today.';
  await writeOutput(page, monitoringPage({ report, domain, kind: 'Replay', notes: [note] }));
  context.print(`Report: ${page}`);
  context.printJson({ page, report });
}
