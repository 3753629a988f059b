/**
 * Purpose: the prediction service as a Lambda function: the same app, asked by events instead of a
 * socket.
 * Invariants: between two invocations nothing runs, so no timer looks for a newer model or
 * snapshot: an invocation does, when the last look is older than `refreshIntervalMs`. It waits for
 * that look, but not long: then it responds from what there is, and the look goes on with the
 * invocations to come. Every line of the log names the invocation it is of.
 * Fails: with a problem document, like the app; the start itself only where the settings are wrong.
 */
import type { AsyncLocalStorage } from 'node:async_hooks';
import awsLambdaFastify from '@fastify/aws-lambda';
import { TABLE_TYPES } from '../../platform/tables/table.ts';
import { withTimeout } from '../../platform/timers.ts';
import { type AppOptions, buildApp } from '../../services/inference/app.ts';
import type { App } from '../../services/inference/plugins/app.ts';
import { HttpProblem } from '../../services/inference/responses/problems.ts';
import {
  asRequested,
  asResponse,
  isHttpEvent,
  type LambdaResponse,
  problemResponse,
} from './http-event.ts';

export interface LambdaContext {
  readonly awsRequestId: string;
  getRemainingTimeInMillis(): number;
}

export type LambdaHandler = (event: unknown, context: LambdaContext) => Promise<LambdaResponse>;

/** What the lines of the log say of the invocation they are of. */
export type InvocationStore = AsyncLocalStorage<{ readonly awsRequestId: string }>;

export interface LambdaOptions extends AppOptions {
  /** The oldest that a look for a newer model or snapshot may be at an invocation. */
  readonly refreshIntervalMs: number;
  readonly invocation: InvocationStore;
}

/** Lambda gives a start ten seconds. */
const START_PATIENCE_MS = 5_000;
/**
 * How long a response that can be made waits for a look, and all responses together for the same
 * one.
 */
const PATIENCE_MS = 500;
const PATIENCE_IN_ALL_MS = 2_000;
/** While nothing can be served, there is more reason to wait, and to look again soon. */
const EMPTY_PATIENCE_MS = 3_000;
const EMPTY_INTERVAL_MS = 1_000;
/** Reserved for making the response. */
const RESERVE_MS = 500;

/**
 * What the first forecast needs is made ready at the start, when Lambda gives an instance more of a
 * processor than later.
 */
async function warmUp(app: App): Promise<void> {
  const id = app.serving.current()?.snapshot.sortedIds[0];
  if (id === undefined) return;
  await app.inject({
    url: `/v1/series/${encodeURIComponent(id)}/forecast`,
    headers: { 'x-request-id': 'start' },
  });
}

export async function createLambdaHandler(options: LambdaOptions): Promise<LambdaHandler> {
  const { clock, invocation, refreshIntervalMs } = options;
  const app = await buildApp({ ...options, startPatienceMs: START_PATIENCE_MS });
  await app.ready();
  if (!options.apiKeys) await warmUp(app); // with keys it would be refused
  const binaryMimeTypes = Object.values<string>(TABLE_TYPES);
  const proxy = awsLambdaFastify(app, { decorateRequest: false, binaryMimeTypes });
  let lookedAt = clock.now();
  let look: Promise<unknown> | null = null;
  let patienceLeft = 0;

  /**
   * Begins a look for newer parts where one is due, and waits for the one under way as long as is
   * fit.
   */
  async function lookForNewer(remainingMs: number): Promise<void> {
    const isEmpty = app.serving.current() === null;
    if (
      look === null &&
      clock.now() - lookedAt >=
        (isEmpty ? Math.min(EMPTY_INTERVAL_MS, refreshIntervalMs) : refreshIntervalMs)
    ) {
      lookedAt = clock.now();
      patienceLeft = PATIENCE_IN_ALL_MS;
      look = app.serving.refresh().finally(() => {
        look = null;
      });
    }
    if (look === null) return;
    const patience = isEmpty ? EMPTY_PATIENCE_MS : Math.min(PATIENCE_MS, patienceLeft);
    const before = clock.elapsedMs();
    await withTimeout(Math.max(0, Math.min(patience, remainingMs - RESERVE_MS)), look);
    patienceLeft -= clock.elapsedMs() - before;
  }

  async function respond(event: unknown, context: LambdaContext): Promise<LambdaResponse> {
    const { awsRequestId } = context;
    try {
      if (!isHttpEvent(event))
        throw new HttpProblem(
          'REQUEST_MALFORMED',
          'the event is not an HTTP event of payload version 2.0',
        );
      await lookForNewer(context.getRemainingTimeInMillis());
      const requested = asRequested(event, awsRequestId);
      const response = (await proxy(requested, {})) as LambdaResponse;
      // What the app does after a response (its log line) must happen before it is frozen.
      await new Promise((resolve) => setImmediate(resolve));
      return asResponse(response, requested);
    } catch (error) {
      if (!(error instanceof HttpProblem)) options.logger.error({ err: error }, 'unexpected error');
      return problemResponse(error, awsRequestId);
    }
  }

  return (event, context) =>
    invocation.run({ awsRequestId: context.awsRequestId }, () => respond(event, context));
}
