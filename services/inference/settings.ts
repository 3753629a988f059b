/**
 * Purpose: the limits the service keeps, with defaults fit for one small machine.
 * Invariants: every limit is finite; 0 switches the limits that say so off.
 * Fails: never; the caller's settings schema has checked the values.
 */
export interface InferenceSettings {
  /** A request body may hold this many bytes. */
  readonly bodyLimitBytes: number;
  /**
   * Requests per minute of one key that says nothing else, or of one address where there is no key;
   * 0 for no limit.
   */
  readonly rateLimitPerMinute: number;
  /** A client that takes longer to send its request is cut off. */
  readonly requestTimeoutMs: number;
  /** A request whose handler takes longer gets 503. */
  readonly handlerTimeoutMs: number;
  /** A reader that takes longer for a stream of all forecasts is cut off. */
  readonly streamTimeoutMs: number;
  /** A stream of events ends after this time, and its reader comes again; 0: at once. */
  readonly eventStreamMs: number;
  /**
   * Above this delay of the event loop, forecasts are refused with 503 and Retry-After; 0 for no
   * limit.
   */
  readonly maxEventLoopDelayMs: number;
  /**
   * Forecasts of histories that may wait for the worker; more are refused with 503 and
   * Retry-After.
   */
  readonly queueLimit: number;
  /** Waiting longer than this for the worker's turn is refused so too. */
  readonly waitLimitMs: number;
  /** A worker that takes longer for some dozens of forecasts hangs, and is replaced. */
  readonly batchTimeoutMs: number;
  /**
   * Intervals since the last observed one after which forecasts are labelled as stale; 0: never.
   * null: as the domain says.
   */
  readonly staleAfterIntervals: number | null;
  /**
   * Proxies before this service that each add to X-Forwarded-For; no more of it than theirs is
   * believed.
   */
  readonly trustProxy: number;
  /** Share of the series whose forecasts are written to the ledger when they are served. */
  readonly ledgerSample: number;
  /** They are written this often; a crash loses what was served since. */
  readonly ledgerFlushMs: number;
  /** Posted actuals may not be of longer ago. */
  readonly actualsDays: number;
  /** The path under which a proxy shows the service, such as /headway; empty for none. */
  readonly urlPrefix: string;
  /** Origins whose pages may call the API from a browser; none by default. */
  readonly corsOrigins: readonly string[];
}

export const defaultInferenceSettings: InferenceSettings = {
  bodyLimitBytes: 1_048_576,
  rateLimitPerMinute: 6_000,
  requestTimeoutMs: 10_000,
  handlerTimeoutMs: 10_000,
  streamTimeoutMs: 300_000,
  eventStreamMs: 900_000,
  maxEventLoopDelayMs: 1_000,
  queueLimit: 512,
  waitLimitMs: 2_000,
  batchTimeoutMs: 5_000,
  staleAfterIntervals: null,
  trustProxy: 0,
  ledgerSample: 1,
  ledgerFlushMs: 60_000,
  actualsDays: 730,
  urlPrefix: '',
  corsOrigins: [],
};
