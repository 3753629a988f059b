/**
 * Purpose: the dependencies and limits that an app is built from.
 * Invariants: everything the service depends on is passed in.
 * Fails: never.
 */
import type { Domain } from '../../domains/domain.ts';
import type { Tracing } from '../../platform/telemetry/tracing.ts';
import type { ApiKeys } from './access/open-keys.ts';
import type { CreateAppOptions } from './create-app.ts';
import type {
  ActualsSink,
  DecisionsSource,
  FiguresSource,
  ForecastLedger,
  IssuedForecastsLog,
  MonitoringSources,
  ServingPorts,
} from './ports.ts';
import type { OpenPredictor } from './prediction/predictor.ts';
import type { Shard } from './shards/shard.ts';

export interface AppOptions extends ServingPorts, CreateAppOptions {
  readonly domain: Domain;
  /** Only these series of the store are served; absent: all. */
  readonly shard?: Shard;
  /**
   * Where batches store the forecasts they issue; null or absent: all are computed at the start.
   */
  readonly issued?: IssuedForecastsLog | null;
  /** Where served forecasts are stored; null or absent: they are not. */
  readonly ledger?: ForecastLedger | null;
  /** Where posted actuals are stored; null or absent: they are refused. */
  readonly actuals?: ActualsSink | null;
  /** What was decided about the models, and why; null or absent: nothing is known of it. */
  readonly decisions?: DecisionsSource | null;
  /** What monitoring published, and jobs; null or absent: nothing is known of it. */
  readonly monitoring?: MonitoringSources | null;
  /** What monitoring saw last, for /metrics; null or absent: not shown. */
  readonly figures?: FiguresSource | null;
  /** The keys of clients; null or absent: open mode, which requires none. */
  readonly apiKeys?: ApiKeys | null;
  /** Where forecasts are computed; absent: by this process, as on Lambda. */
  readonly openPredictor?: OpenPredictor;
  /** Starts the backend of this process on first use; called before every computation. */
  readonly startBackend?: () => Promise<unknown>;
  /** Where spans go; null or absent: nothing is traced. */
  readonly tracing?: Tracing | null;
  /** The folder of the dashboard's files; default: in this repository. */
  readonly dashboard?: URL;
  /** Whether /docs shows the API; default: true. */
  readonly hasDocsPage?: boolean;
  /** Whether /metrics has the metrics of the process, which a timer measures; default: true. */
  readonly hasProcessMetrics?: boolean;
  /**
   * Whether totals are made when another model or snapshot is served, and not by the request that
   * asks for one first; default: false.
   */
  readonly preparesTotals?: boolean;
  /** How long the start waits for the first read of the store; default: until it ends. */
  readonly startPatienceMs?: number;
}
