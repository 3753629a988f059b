/**
 * Purpose: the parts of the store that commands work with, opened when they are asked for.
 * Invariants: a command loads no more than it opens.
 * Fails: as the store does.
 */
import type { Clock } from '../platform/clock.ts';
import type { Settings } from '../platform/settings/settings.ts';
import type { KeyLog } from '../storage/access/key-log.ts';
import type { AlertLog } from '../storage/alerts/alert-log.ts';
import type { DecisionLog } from '../storage/decisions/decision-log.ts';
import type { FeatureStore } from '../storage/features/feature-store.ts';
import type { ActualsLog } from '../storage/forecasts/actuals-log.ts';
import type { JobLog } from '../storage/jobs/job-log.ts';
import type { RecentRuns } from '../storage/jobs/recent-runs.ts';
import type { Ledger } from '../storage/ledger/ledger.ts';
import type { ModelRegistry } from '../storage/models/model-registry.ts';
import type { CheckLog } from '../storage/monitoring/check-log.ts';
import type { Overviews } from '../storage/monitoring/overviews.ts';
import type { SeriesRecords } from '../storage/monitoring/series-records.ts';
import type { ObjectStore } from '../storage/objects/object-store.ts';
import type { FiguresLog } from '../storage/scores/figures-log.ts';
import type { ScoreLog } from '../storage/scores/score-log.ts';
import type { StreamLog } from '../storage/streams/stream-log.ts';

export interface Stores {
  features(): Promise<FeatureStore>;
  registry(): Promise<ModelRegistry>;
  ledger(): Promise<Ledger>;
  actuals(): Promise<ActualsLog>;
  decisions(): Promise<DecisionLog>;
  scores(): Promise<ScoreLog>;
  checks(): Promise<CheckLog>;
  alerts(): Promise<AlertLog>;
  /** The API keys of the HTTP service. */
  keyLog(): Promise<KeyLog>;
  figures(): Promise<FiguresLog>;
  overviews(): Promise<Overviews>;
  seriesRecords(): Promise<SeriesRecords>;
  /** What the schedule ran. */
  recentRuns(): Promise<RecentRuns>;
  /** What was landed of a topic. */
  stream(topic: string): Promise<StreamLog>;
  /** The runs of a job of this domain. */
  jobRuns(job: string): Promise<JobLog>;
}

export function storesOf(options: {
  readonly open: () => Promise<ObjectStore>;
  readonly domain: string;
  readonly clock: Clock;
  readonly settings: Pick<Settings, 'actualsMb'>;
}): Stores {
  const { open, domain, clock, settings } = options;
  return {
    async features() {
      const { openFeatureStore } = await import('../storage/features/feature-store.ts');
      return openFeatureStore({ store: await open(), domain, clock });
    },
    async registry() {
      const { openModelRegistry } = await import('../storage/models/model-registry.ts');
      return openModelRegistry({ store: await open(), domain, clock });
    },
    async ledger() {
      const { openLedger } = await import('../storage/ledger/ledger.ts');
      return openLedger({ store: await open(), domain, clock });
    },
    async actuals() {
      const { openActualsLog } = await import('../storage/forecasts/actuals-log.ts');
      return openActualsLog({
        store: await open(),
        domain,
        maxBytes: settings.actualsMb * 1e6,
      });
    },
    async decisions() {
      const { openDecisionLog } = await import('../storage/decisions/decision-log.ts');
      return openDecisionLog({ store: await open(), domain });
    },
    async scores() {
      const { openScoreLog } = await import('../storage/scores/score-log.ts');
      return openScoreLog({ store: await open(), domain });
    },
    async checks() {
      const { openCheckLog } = await import('../storage/monitoring/check-log.ts');
      return openCheckLog({ store: await open(), domain });
    },
    async alerts() {
      const { openAlertLog } = await import('../storage/alerts/alert-log.ts');
      return openAlertLog({ store: await open(), domain });
    },
    async keyLog() {
      const { openKeyLog } = await import('../storage/access/key-log.ts');
      return openKeyLog({ store: await open(), domain });
    },
    async figures() {
      const { openFiguresLog } = await import('../storage/scores/figures-log.ts');
      return openFiguresLog({ store: await open(), domain });
    },
    async overviews() {
      const { openOverviews } = await import('../storage/monitoring/overviews.ts');
      return openOverviews({ store: await open(), domain });
    },
    async seriesRecords() {
      const { openSeriesRecords } = await import('../storage/monitoring/series-records.ts');
      return openSeriesRecords({ store: await open(), domain });
    },
    async recentRuns() {
      const { openRecentRuns } = await import('../storage/jobs/recent-runs.ts');
      return openRecentRuns({ store: await open(), domain, clock });
    },
    async stream(topic) {
      const { openStreamLog } = await import('../storage/streams/stream-log.ts');
      return openStreamLog({ store: await open(), domain, topic });
    },
    async jobRuns(job) {
      const { openJobLog } = await import('../storage/jobs/job-log.ts');
      return openJobLog({ store: await open(), domain, job, clock });
    },
  };
}
