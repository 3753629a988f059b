/**
 * Purpose: the one HTTP client: time-outs, retries with exponential back-off and jitter,
 * Retry-After honoured, replies of a bounded size.
 * Invariants: only idempotent requests are retried (GET, HEAD, PUT, DELETE), on network errors,
 * 408, 425, 429 and 5xx; no wait is longer than `maximumDelayMs`; the log has method, URL without
 * user and query, and status, never headers or bodies. A redirect stays on its host and never
 * leaves https, so a server cannot make this process read from the network it runs in. HTTPS_PROXY,
 * HTTP_PROXY and NO_PROXY are honoured by axios.
 * Fails: with the AxiosError of the last attempt; `reasonOf` puts it in one line without secrets.
 */
import axios, { type AxiosError, type AxiosInstance } from 'axios';
import axiosRetry, { exponentialDelay, isNetworkError } from 'axios-retry';
import type { Logger } from '../telemetry/logger.ts';
import { withoutQuery } from './without-query.ts';

export interface HttpOptions {
  readonly logger: Logger;
  /** Until the response's headers, and between two chunks of its body. */
  readonly timeoutMs?: number;
  readonly retries?: number;
  readonly firstDelayMs?: number;
  readonly maximumDelayMs?: number;
}

export interface HttpClient {
  readonly axios: AxiosInstance;
  readonly timeoutMs: number;
  readonly retries: number;
  /** How long to wait before attempt `attempt` (1, 2, …) after `error`. */
  delayMs(attempt: number, error?: AxiosError): number;
  readonly logger: Logger;
}

/** Of a reply that is read as a whole: more than any page of an API has. */
const MAX_REPLY_BYTES = 64 << 20;
const RETRIED_STATUS = new Set([408, 425, 429]);
/** The code of follow-redirects for what `beforeRedirect` throws. */
const REDIRECT_REFUSED = 'ERR_FR_REDIRECTION_FAILURE';
const TIMED_OUT = new Set(['ECONNABORTED', 'ETIMEDOUT']);

function isRetried(error: AxiosError): boolean {
  if (!['get', 'head', 'put', 'delete'].includes(error.config?.method ?? '')) return false;
  const status = error.response?.status;
  if (status !== undefined) return status >= 500 || RETRIED_STATUS.has(status);
  if (error.code === REDIRECT_REFUSED || isTooLarge(error)) return false;
  return isNetworkError(error) || TIMED_OUT.has(error.code ?? '');
}

/** The library has no code of its own for it. */
const isTooLarge = ({ message }: AxiosError): boolean => message.startsWith('maxContentLength');

export function createHttpClient(options: HttpOptions): HttpClient {
  const {
    logger,
    timeoutMs = 30_000,
    retries = 5,
    firstDelayMs = 500,
    maximumDelayMs = 60_000,
  } = options;
  const delayMs = (attempt: number, error?: AxiosError) =>
    Math.min(exponentialDelay(attempt - 1, error, firstDelayMs), maximumDelayMs);
  const client = axios.create({
    timeout: timeoutMs,
    maxContentLength: MAX_REPLY_BYTES,
    maxRedirects: 5,
    beforeRedirect: ({ href }, _response, { url }) => refuseOtherHost(String(href), url),
    headers: { 'User-Agent': 'headway' },
  });
  axiosRetry(client, {
    retries,
    shouldResetTimeout: true,
    retryCondition: isRetried,
    retryDelay: delayMs,
    onRetry: (attempt, error, request) => {
      logger.warn(
        { url: withoutQuery(request.url), attempt, reason: reasonOf(error) },
        'request failed, trying again',
      );
    },
  });
  return { axios: client, timeoutMs, retries, delayMs, logger };
}

function refuseOtherHost(href: string, from: string): void {
  const [to, origin] = [new URL(href), new URL(from)];
  const isUpgrade = to.protocol === 'https:' && to.hostname === origin.hostname;
  if (to.origin !== origin.origin && !isUpgrade)
    throw new Error(`refused a redirect from ${origin.origin} to ${to.origin}`);
}

/** The reason in a few words: "HTTP 503", "ECONNREFUSED", … */
export function reasonOf(error: unknown): string {
  if (axios.isAxiosError(error)) {
    const { response, code, message } = error;
    if (code === REDIRECT_REFUSED) return message;
    if (isTooLarge(error)) return 'the reply is too large';
    return response ? `HTTP ${response.status}` : (code ?? message);
  }
  return error instanceof Error ? error.message : String(error);
}
