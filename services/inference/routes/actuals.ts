/**
 * Purpose: actuals come back: the feedback loop that monitoring scores forecasts with.
 * Invariants: stored append-only with the time they were received; sent twice, stored once; nothing
 * is stored of a post in which anything is wrong. Only a service with HEADWAY_ACTUALS=on writes at
 * all.
 * Fails: ACTUALS_OFF, ACTUALS_INVALID with the place of the value, SERIES_UNKNOWN,
 * IDEMPOTENCY_CONFLICT, STORE_UNAVAILABLE.
 */
import { HeadwayError } from '../../../platform/errors.ts';
import type { ActualSpan } from '../../../storage/forecasts/actuals-log.ts';
import { ActualsBody, ActualsHeaders, ActualsReceipt } from '../openapi/actuals-schemas.ts';
import { responsesOf } from '../openapi/common-schemas.ts';
import type { App } from '../plugins/app.ts';
import { attachServing, servingOf } from '../plugins/attach-serving.ts';
import { sentStart, sentValue } from '../prediction/sent-values.ts';
import { isoTime, unknownSeries } from '../responses/forecast-response.ts';
import { HttpProblem } from '../responses/problems.ts';
import type { Serving } from '../serving/build-serving-snapshot.ts';
import type { RouteContext } from './context.ts';

export async function actualsRoutes(app: App, context: RouteContext): Promise<void> {
  const { domain, state, clock, actuals: sink, handlerTimeoutMs } = context;

  app.post(
    '/v1/actuals',
    {
      config: { access: 'actuals:write' },
      handlerTimeout: handlerTimeoutMs,
      schema: {
        operationId: 'postActuals',
        tags: ['actuals'],
        summary: 'Post what happened',
        headers: ActualsHeaders,
        body: ActualsBody,
        response: responsesOf(ActualsReceipt, 'It is stored'),
      },
      preHandler: attachServing(state),
    },
    async (request) => {
      if (sink === null) throw new HttpProblem('ACTUALS_OFF', 'this service stores no actuals');
      const serving = servingOf(request);
      const now = clock.now();
      const actuals = request.body.actuals.map((span, i) =>
        checkedSpan(span, `actuals[${i}]`, serving, domain.nonNegative, now),
      );
      const { key, availableAt, isNew } = await sink.append({
        receivedAt: now,
        frequencyMinutes: serving.snapshot.panel.frequencyMinutes,
        actuals,
        idempotencyKey: request.headers['idempotency-key'] ?? null,
      });
      return {
        id: /([^/]+)\.json$/.exec(key)?.[1] ?? key,
        isNew,
        availableAt: isoTime(availableAt),
        series: new Set(actuals.map(({ seriesId }) => seriesId)).size,
        values: actuals.reduce(
          (sum, { values }) => sum + values.filter((value) => value !== null).length,
          0,
        ),
      };
    },
  );
}

interface SentSpan {
  readonly seriesId: string;
  readonly start: string;
  readonly values: readonly (number | null)[];
}

function checkedSpan(
  sent: SentSpan,
  where: string,
  serving: Serving,
  nonNegative: boolean,
  now: number,
): ActualSpan {
  const { snapshot } = serving;
  if (!snapshot.indexOf.has(sent.seriesId)) throw unknownSeries(sent.seriesId);
  const start = sentStart(sent.start, snapshot.panel, {
    code: 'ACTUALS_INVALID',
    where: `${where}.start`,
  });
  const values = { code: 'ACTUALS_INVALID', where: `${where}.values` } as const;
  if (start + sent.values.length * snapshot.panel.frequencyMinutes * 60_000 > now) {
    throw new HeadwayError(values.code, `${where}: its last interval has not ended yet`, {
      where: values.where,
      fix: 'Send an interval once it is over: what is not over is no actual.',
    });
  }
  for (const [i, value] of sent.values.entries()) sentValue(value, i, nonNegative, values);
  return { seriesId: sent.seriesId, start, values: sent.values };
}
