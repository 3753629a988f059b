/**
 * Purpose: the options that every route plugin is registered with.
 * Invariants: routes get everything through here; none imports a store or a model.
 * Fails: never.
 */
import type { Registry } from 'prom-client';
import type { Domain } from '../../../domains/domain.ts';
import type { Clock } from '../../../platform/clock.ts';
import type { DecisionHistory, DecisionsRequest } from '../models/decision-history.ts';
import type { HistoricModel } from '../models/model-history.ts';
import type { MonitoringReader } from '../models/monitoring-reader.ts';
import type { ActualsSink } from '../ports.ts';
import type { Predictor } from '../prediction/predictor.ts';
import type { PreparedForecasts } from '../responses/prepared-forecasts.ts';
import type { FallbackReason } from '../serving/fallback.ts';
import type { GroupTotals } from '../serving/group-totals.ts';
import type { ServedForecasts } from '../serving/served-forecasts.ts';
import type { ServingState } from '../serving/serving-state.ts';

export interface RouteContext {
  readonly domain: Domain;
  readonly clock: Clock;
  readonly state: ServingState;
  readonly prepared: PreparedForecasts;
  /** Records what was served. */
  readonly served: ServedForecasts;
  /** Paths of what is served, added up by groups. */
  readonly totals: GroupTotals;
  readonly predictor: Predictor;
  /** Waited for by whatever computes without the predictor. */
  readonly startBackend: () => Promise<unknown>;
  /** Routes that wait for something respond with 503 after this time. */
  readonly handlerTimeoutMs: number;
  /** A reader that takes longer for a whole stream is cut off. */
  readonly streamTimeoutMs: number;
  /** A stream of events ends after this time at the latest. */
  readonly eventStreamMs: number;
  readonly actualsDays: number;
  /** Whether only a shard of the series is served. */
  readonly isShard: boolean;
  /** The path under which a proxy shows the service; empty for none. */
  readonly urlPrefix: string;
  /** Counts a forecast of a fallback that was sent. */
  readonly fellBack: (reason: FallbackReason) => void;
  /** Whether requests need an API key. */
  readonly access: 'open' | 'api-keys';
  readonly metrics: Registry;
  readonly modelHistory: () => Promise<readonly HistoricModel[]>;
  readonly decisionHistory: (request: DecisionsRequest) => Promise<DecisionHistory>;
  readonly monitoring: MonitoringReader;
  /** null: this service stores no actuals. */
  readonly actuals: ActualsSink | null;
  /** The folder of the dashboard's files. */
  readonly dashboard: URL;
}
