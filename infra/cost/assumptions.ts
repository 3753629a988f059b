/**
 * Purpose: what one run, one request and one check use, where no template and no size says it.
 * Invariants: requests to the store are those that commands made of a fake S3, rounded up:
 * tests/integration/infra/stacks/store-rights.ts holds them to it; the rest is assumed, on the high
 * side.
 * Fails: never.
 */

/** As S3 prices them: PUT, POST and LIST; GET and HEAD. */
export interface RequestCount {
  readonly writes: number;
  readonly reads: number;
}

/** Of one run that has something new to write. */
export const RUN_REQUESTS = {
  features: { writes: 60, reads: 40 },
  training: { writes: 25, reads: 20 },
  monitoring: { writes: 260, reads: 220 },
  shard: { writes: 25, reads: 25 },
  /** One entry of a stream's log. */
  landing: { writes: 6, reads: 4 },
} as const satisfies Record<string, RequestCount>;

/** A service looks for a new model or snapshot: a function when asked, a container by itself. */
export const REFRESH = {
  requests: { writes: 3, reads: 6 },
  containerSeconds: 15,
} as const;

/** Series a second in one shard: `npm run bench:shards`. */
export const SERIES_PER_SECOND = 1000;
/** Start of a shard: its image, the model, the view of the whole store. */
export const SHARD_START_SECONDS = 10;
/** One round trip, with a function that is ready. */
export const PROBE_SECONDS = 0.3;

/**
 * State transitions of an execution: its states, its start and its end; of a shard also the map's
 * own share.
 */
export const TRANSITIONS_PER_RUN = { task: 3, shard: 4 } as const;

/** Lambda's three lines and our one; the line of the HTTP API; the probe's metrics. */
export const LOG_BYTES_PER_REQUEST = 850;
export const API_LOG_BYTES = 250;
export const PROBE_LOG_BYTES = 1000;
/** Our lines, and the events of the state machine with their data. */
export const LOG_BYTES_PER_RUN = 25_000;
/** The line of an entry of a stream's log. */
export const LOG_BYTES_PER_LANDING = 500;
export const COMPRESSED_LOG_SHARE = 0.15;

/** What Container Insights sends for a cluster, and for each family of tasks while it runs. */
export const CLUSTER_METRICS = 13;
export const FAMILY_METRICS = 10;
export const INSIGHT_BYTES_PER_MINUTE = 600;

/** Of what is beyond one trace a second. */
export const TRACED_BEYOND = 0.05;

/** Half of it copies of the store (infra/aws/stacks/training-stack.ts), and checkpoints. */
export const WORK_FOLDER = { storedGb: 1, readGb: 0.5, writtenGb: 0.2 } as const;
