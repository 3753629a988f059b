/**
 * Purpose: the one error type that people and programs see. An error is part of the interface: it
 * has a code, a message, the place and a fix.
 * Invariants: `code` is stable and listed in ERROR_CODES; the message never contains a secret or a
 * stack.
 * Fails: an error that is not a HeadwayError is a bug and is reported as INTERNAL.
 */

/**
 * The codes. `exit` is the exit status of the command line, `http` the status of the service.
 */
export const ERROR_CODES = {
  USAGE: { exit: 2, http: 400 },
  SETTINGS_INVALID: { exit: 2, http: 500 },
  DOMAIN_UNKNOWN: { exit: 2, http: 404 },
  SOURCE_NOT_FOUND: { exit: 3, http: 500 },
  SOURCE_INVALID: { exit: 3, http: 500 },
  SOURCE_UNAVAILABLE: { exit: 4, http: 503 },
  RAW_FILE_INVALID: { exit: 3, http: 500 },
  PARTS_OVERLAP: { exit: 3, http: 500 },
  STREAM_UNAVAILABLE: { exit: 4, http: 503 },
  STREAM_OVERTAKEN: { exit: 3, http: 500 },
  STREAM_FOREIGN: { exit: 3, http: 500 },
  STREAM_POISONED: { exit: 7, http: 500 },
  DATA_QUARANTINED: { exit: 7, http: 500 },
  STORE_UNAVAILABLE: { exit: 4, http: 503 },
  STORE_FULL: { exit: 4, http: 507 },
  STORE_CORRUPT: { exit: 5, http: 500 },
  OBJECT_NOT_FOUND: { exit: 3, http: 404 },
  KEY_INVALID: { exit: 2, http: 400 },
  CLOCK_BEHIND: { exit: 4, http: 503 },
  CLOCK_AHEAD: { exit: 5, http: 500 },
  COMMIT_CONFLICT: { exit: 4, http: 409 },
  SNAPSHOT_COLLECTED: { exit: 3, http: 410 },
  SNAPSHOT_EMPTY: { exit: 3, http: 503 },
  MODEL_NOT_FOUND: { exit: 3, http: 404 },
  MODEL_CORRUPT: { exit: 5, http: 503 },
  MODEL_CARD_INVALID: { exit: 2, http: 500 },
  MODEL_INCOMPATIBLE: { exit: 3, http: 409 },
  NO_CHAMPION: { exit: 3, http: 503 },
  SERIES_UNKNOWN: { exit: 2, http: 404 },
  GROUP_UNKNOWN: { exit: 2, http: 404 },
  TOTAL_OF_SEVERAL_SHARDS: { exit: 2, http: 409 },
  WINDOW_INVALID: { exit: 2, http: 400 },
  HORIZON_INVALID: { exit: 2, http: 400 },
  LEVEL_UNKNOWN: { exit: 2, http: 400 },
  EXOGENOUS_INVALID: { exit: 2, http: 422 },
  ACTUALS_INVALID: { exit: 2, http: 422 },
  IDEMPOTENCY_CONFLICT: { exit: 2, http: 409 },
  HISTORY_INVALID: { exit: 2, http: 422 },
  HISTORY_TOO_SHORT: { exit: 3, http: 422 },
  PANEL_INVALID: { exit: 3, http: 500 },
  RUN_IN_PROGRESS: { exit: 6, http: 409 },
  REPLAY_FOREIGN: { exit: 2, http: 409 },
  ALERT_NOT_SENT: { exit: 4, http: 500 },
  BACKEND_UNAVAILABLE: { exit: 4, http: 500 },
  PACKAGE_MISSING: { exit: 4, http: 501 },
  OVERLOADED: { exit: 4, http: 503 },
  INTERNAL: { exit: 70, http: 500 },
} as const;

export type ErrorCode = keyof typeof ERROR_CODES;

export interface ErrorDetail {
  /** Where it was: a file, an object key, a row, a field. */
  where?: string;
  /** What to do about it, as an imperative sentence. */
  fix?: string;
  cause?: unknown;
}

export class HeadwayError extends Error {
  readonly code: ErrorCode;
  readonly where: string | undefined;
  readonly fix: string | undefined;

  constructor(code: ErrorCode, message: string, detail: ErrorDetail = {}) {
    super(message, detail.cause === undefined ? undefined : { cause: detail.cause });
    this.name = 'HeadwayError';
    this.code = code;
    this.where = detail.where;
    this.fix = detail.fix;
  }

  get exitCode(): number {
    return ERROR_CODES[this.code].exit;
  }

  get httpStatus(): number {
    return ERROR_CODES[this.code].http;
  }
}

/**
 * True for a HeadwayError, with `code` if given. Checks the name, because `instanceof` fails across
 * module realms.
 */
export function isHeadwayError(error: unknown, code?: ErrorCode): error is HeadwayError {
  if (!(error instanceof Error) || error.name !== 'HeadwayError') return false;
  return code === undefined || (error as HeadwayError).code === code;
}

/** The error as one line for people: `CODE: what, at where. What to do.` */
export function describeError(error: unknown): string {
  if (!isHeadwayError(error))
    return `INTERNAL: ${error instanceof Error ? error.message : String(error)}`;
  const where = error.where ? ` [${error.where}]` : '';
  const fix = error.fix ? `. ${error.fix}` : '';
  return `${error.code}: ${error.message.replace(/\.$/, '')}${where}${fix}`;
}
