/**
 * Purpose: what the routes share: the app's type with schemas as types, and what they answer from.
 * Invariants: routes get everything through here; none imports a store or a model.
 * Fails: never.
 */
import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox';
import type {
  FastifyBaseLogger,
  FastifyInstance,
  RawReplyDefaultExpression,
  RawRequestDefaultExpression,
  RawServerDefault,
} from 'fastify';
import type { Domain } from '../../../domains/domain.ts';
import type { Clock } from '../../../platform/clock.ts';
import type { Predictor } from '../prediction/predictor.ts';
import type { PreparedForecasts } from '../responses/prepared-forecasts.ts';
import type { FallbackReason } from '../serving/fallback.ts';
import type { ServingState } from '../serving/serving-state.ts';

export type App = FastifyInstance<
  RawServerDefault,
  RawRequestDefaultExpression,
  RawReplyDefaultExpression,
  FastifyBaseLogger,
  TypeBoxTypeProvider
>;

export interface RouteContext {
  readonly domain: Domain;
  readonly clock: Clock;
  readonly state: ServingState;
  readonly prepared: PreparedForecasts;
  readonly predictor: Predictor;
  /** Waited for by whatever computes without the predictor. */
  readonly startBackend: () => Promise<unknown>;
  /**
   * For routes that wait for something: after so long they are answered with 503. A timer a request
   * is too dear for the others.
   */
  readonly handlerTimeoutMs: number;
  /** Counts a forecast of a fallback that was given out. */
  readonly fellBack: (reason: FallbackReason) => void;
}
