/**
 * Purpose: what the contract says of every operation beyond its schemas: what it is for, how it may
 * be repeated and cached, what may go wrong.
 * Invariants: one entry an operationId, neither more nor fewer (a test compares); whatever code an
 * operation responds with is listed (the fuzzer compares).
 * Fails: never; the document says so where an entry is missing.
 */
import type { ProblemCode } from './problem-codes.ts';

export interface Operation {
  /** CommonMark, for people. */
  readonly description: string;
  /** What may go wrong, in addition to what may go wrong everywhere. */
  readonly problems: readonly ProblemCode[];
  /** Responds from what is served: 503 with the reason while there is nothing to serve. */
  readonly needsData: boolean;
  /** Responses carry an ETag, and whoever has it already gets a 304. */
  readonly revalidates: boolean;
}

/** What every operation may respond with. */
export const EVERYWHERE: readonly ProblemCode[] = ['INTERNAL', 'STOPPING'];
/** What every operation with a scope may respond with where keys are on. */
export const GUARDED: readonly ProblemCode[] = [
  'API_KEY_MISSING',
  'API_KEY_UNKNOWN',
  'API_KEY_EXPIRED',
  'API_KEY_REVOKED',
  'SCOPE_MISSING',
];
/** What every operation but the probes may respond with. */
export const LIMITED: readonly ProblemCode[] = ['RATE_LIMITED', 'OVERLOADED'];
/** What every operation with a body may respond with. */
export const WITH_BODY: readonly ProblemCode[] = [
  'REQUEST_INVALID',
  'BODY_INVALID',
  'BODY_TOO_LARGE',
  'MEDIA_TYPE_UNSUPPORTED',
];
/** Before there is an operation, or after it has responded: the catch-all of each names them. */
export const BEFORE_ROUTING: readonly ProblemCode[] = [
  'ROUTE_NOT_FOUND',
  'METHOD_NOT_ALLOWED',
  'REQUEST_MALFORMED',
  'REQUEST_TIMED_OUT',
  'HEADERS_TOO_LARGE',
  'ANSWER_TOO_LARGE',
];
/** Why there may be nothing to serve: always a 503. */
export const NOT_READY: readonly ProblemCode[] = [
  'NO_CHAMPION',
  'MODEL_NOT_FOUND',
  'MODEL_CORRUPT',
  'MODEL_INCOMPATIBLE',
  'SNAPSHOT_EMPTY',
  'SNAPSHOT_COLLECTED',
  'STORE_UNAVAILABLE',
  'STORE_CORRUPT',
];

/** What every operation on one group may respond with. */
const GROUP: readonly ProblemCode[] = [
  'REQUEST_INVALID',
  'URL_INVALID',
  'GROUP_UNKNOWN',
  'HISTORY_TOO_SHORT',
  'TOTAL_OF_SEVERAL_SHARDS',
];

const NEWSVENDOR =
  'The quantity with the least expected cost is the quantile under / (under + over) of what will ' +
  'be needed (the newsvendor model). With `capacity` also how likely it does not suffice.';

const PATHS =
  'Equally likely futures: the values of one path belong together, over steps and over series. ' +
  'The same model and snapshot give the same paths: the first of those that totals are computed ' +
  'from.';

export const OPERATIONS: Readonly<Record<string, Operation>> = {
  live: {
    description:
      'Responds while the process is alive. It says nothing about data, and is neither ' +
      'limited nor logged.',
    problems: [],
    needsData: false,
    revalidates: false,
  },
  ready: {
    description:
      '200 exactly while forecasts can be served. `degraded` says that they are a ' +
      'fallback, and why; it takes no instance out of ' +
      'service, because the others read the same store.',
    problems: [],
    needsData: true,
    revalidates: false,
  },
  serverEvents: {
    description:
      'The first event is what is served now; another follows when the model, the snapshot or ' +
      'the fallback changes. The stream ends after `seconds`, or earlier; `retry` says when to ' +
      'reconnect, as an EventSource does by itself.',
    problems: ['REQUEST_INVALID'],
    needsData: true,
    revalidates: false,
  },
  listSeries: {
    description:
      'In text order of the ids. A cursor names the last id of its page, so pages neither ' +
      'repeat nor skip a series when the snapshot ' +
      'changes between them.',
    problems: ['REQUEST_INVALID'],
    needsData: true,
    revalidates: true,
  },
  forecastSeries: {
    description:
      'Served from memory: computed once when a model or a snapshot arrived. The response comes ' +
      'from one model and one snapshot, and names them. As Arrow or Parquet (by Accept) a table ' +
      'like that of all series. A `/` in an id is sent as `%2F`.',
    problems: [
      'REQUEST_INVALID',
      'NOT_ACCEPTABLE',
      'URL_INVALID',
      'SERIES_UNKNOWN',
      'SERIES_OF_ANOTHER_SHARD',
      'HORIZON_INVALID',
      'LEVEL_UNKNOWN',
      'HISTORY_TOO_SHORT',
    ],
    needsData: true,
    revalidates: true,
  },
  forecastAll: {
    description:
      'NDJSON and CSV hold all series and are sent in chunks, as fast as they are read; Arrow ' +
      'and Parquet have the columns of CSV, typed and not rounded; JSON comes in pages. Without ' +
      '`format` the Accept header chooses. Series without a forecast are left out and counted in ' +
      '`X-Series-Left-Out` (of JSON: `withoutForecast`). A stream comes from one model and one ' +
      'snapshot from its first line to its last.',
    problems: ['REQUEST_INVALID', 'NOT_ACCEPTABLE', 'HORIZON_INVALID', 'LEVEL_UNKNOWN'],
    needsData: true,
    revalidates: true,
  },
  forecastMany: {
    description:
      'Either stored series by their ids, or recent values of your own, of a series the model ' +
      'knows or has never seen. `whatIf` overrides other exogenous values. As Arrow or Parquet ' +
      '(by Accept) a table of stored series, like that of all. All or nothing: one series that ' +
      'cannot be forecast makes the response a problem. Nothing is changed or stored, so it is ' +
      'safe to repeat.',
    problems: [
      ...WITH_BODY,
      'NOT_ACCEPTABLE',
      'SERIES_UNKNOWN',
      'SERIES_OF_ANOTHER_SHARD',
      'HORIZON_INVALID',
      'LEVEL_UNKNOWN',
      'HISTORY_INVALID',
      'HISTORY_TOO_SHORT',
      'EXOGENOUS_INVALID',
    ],
    needsData: true,
    revalidates: false,
  },
  listGroups: {
    description:
      'The groups that the domain states, such as regions, and `all`, the total of all series. A ' +
      'group may be inside another.',
    problems: ['TOTAL_OF_SEVERAL_SHARDS'],
    needsData: true,
    revalidates: true,
  },
  forecastGroup: {
    description:
      'Computed from sample paths of all series together: on every path a total is the sum of ' +
      'its series, so totals are coherent. The same model and snapshot give the same paths. ' +
      'Computed on the first request after a model or a snapshot arrived, then from memory.',
    problems: [...GROUP, 'WINDOW_INVALID', 'LEVEL_UNKNOWN'],
    needsData: true,
    revalidates: true,
  },
  decideGroup: {
    description: NEWSVENDOR,
    problems: [...GROUP, 'WINDOW_INVALID'],
    needsData: true,
    revalidates: true,
  },
  decideSeries: {
    description: NEWSVENDOR,
    problems: [
      'REQUEST_INVALID',
      'URL_INVALID',
      'SERIES_UNKNOWN',
      'SERIES_OF_ANOTHER_SHARD',
      'WINDOW_INVALID',
      'HISTORY_TOO_SHORT',
    ],
    needsData: true,
    revalidates: true,
  },
  pathsOfGroup: {
    description: PATHS,
    problems: GROUP,
    needsData: true,
    revalidates: true,
  },
  pathsOfSeries: {
    description: PATHS,
    problems: [
      'REQUEST_INVALID',
      'URL_INVALID',
      'SERIES_UNKNOWN',
      'SERIES_OF_ANOTHER_SHARD',
      'HISTORY_TOO_SHORT',
    ],
    needsData: true,
    revalidates: true,
  },
  explainForecast: {
    description:
      'Computed during the request, and therefore rate-limited more strictly than the others. ' +
      'Baseline and parts sum to the forecast, at every step and over the horizon.',
    problems: [
      'REQUEST_INVALID',
      'URL_INVALID',
      'SERIES_UNKNOWN',
      'SERIES_OF_ANOTHER_SHARD',
      'USAGE',
      'HISTORY_TOO_SHORT',
      'MODEL_INCOMPATIBLE',
    ],
    needsData: true,
    revalidates: true,
  },
  servedModel: {
    description:
      'The model and the snapshot that forecasts come from now. `model` and `promotion` are null ' +
      'while a baseline is served instead.',
    problems: [],
    needsData: true,
    revalidates: true,
  },
  listModels: {
    description:
      'Models and promotions as the registry has them, read from the store at most every 15 ' +
      'seconds.',
    problems: ['REQUEST_INVALID'],
    needsData: true,
    revalidates: true,
  },
  listDecisions: {
    description:
      'The champion of a time by the promotion log, and what was decided until then, newest ' +
      'first: retraining, challengers in shadow, promotions, rollbacks, each with the figures ' +
      'that it rests on. Read from the store at most every 15 seconds.',
    problems: ['REQUEST_INVALID'],
    needsData: true,
    revalidates: true,
  },
  showMonitoring: {
    description:
      'Scores of what was issued over the last 28 days, next to the naive baselines, the ' +
      'previous champion and challengers; by forecaster, day, lead time, hour of the week and ' +
      'series. `worst` and `best` are series by skill, `largest` by their share of the error. ' +
      'Drift verdicts come with their evidence. Read from the store at most every 15 seconds.',
    problems: ['REQUEST_INVALID'],
    needsData: true,
    revalidates: true,
  },
  recordOfSeries: {
    description:
      'Monitoring publishes it with each check, for 28 days: every forecast that was served for ' +
      'an interval, including the earlier ones for the same intervals, and what happened. If ' +
      'nothing was published it is empty, and `scoredAt` is null.',
    problems: ['REQUEST_INVALID', 'URL_INVALID', 'SERIES_UNKNOWN', 'SERIES_OF_ANOTHER_SHARD'],
    needsData: true,
    revalidates: true,
  },
  listJobs: {
    description:
      'Runs of the jobs of the schedule, wherever they ran, with the reasons of failures. Read ' +
      'from the store at most every 15 seconds.',
    problems: ['REQUEST_INVALID'],
    needsData: true,
    revalidates: true,
  },
  listActuals: {
    description:
      'The values of the last weeks that forecasts are made from, in pages of series or of one ' +
      'series; as Arrow or Parquet (by Accept) a table of all that were asked for: unique_id, ' +
      'ds, y. A posted value that the features do not have yet is not among them; the record of ' +
      'the series has it.',
    problems: ['REQUEST_INVALID', 'NOT_ACCEPTABLE', 'SERIES_UNKNOWN', 'SERIES_OF_ANOTHER_SHARD'],
    needsData: true,
    revalidates: true,
  },
  postActuals: {
    description:
      'What monitoring will score forecasts with. Stored with the time of its first receipt; a ' +
      'post with any error is refused as a whole. The same post sent again, to any instance, is ' +
      'stored once and acknowledged with `isNew: false`. Posts are the same by ' +
      '`Idempotency-Key`, or without one by content.',
    problems: [
      ...WITH_BODY,
      'ACTUALS_OFF',
      'SERIES_UNKNOWN',
      'SERIES_OF_ANOTHER_SHARD',
      'ACTUALS_INVALID',
      'IDEMPOTENCY_CONFLICT',
      'STORE_FULL',
    ],
    needsData: true,
    revalidates: false,
  },
};
