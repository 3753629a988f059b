/**
 * Purpose: `POST /v1/timeseries/forecast`: KServe's time-series forecast protocol, for its clients.
 * Invariants: each input is an ad-hoc history of POST /v1/forecasts, forecast on the same path; all
 * or nothing; `name` finds the series that the values continue, where the model knows it.
 * Fails: as POST /v1/forecasts, also for a name that another shard may know; REQUEST_INVALID for
 * several variables, another frequency, an input without a start (the calendar is an input of the
 * model), for another model than the served, and in a domain with closed weekdays, which the
 * protocol cannot leave out.
 * Source: the Time Series Forecast API of KServe 0.21.
 */
import { Temporal } from 'temporal-polyfill';
import * as Type from 'typebox';
import type { Domain } from '../../../domains/domain.ts';
import type { App } from '../plugins/app.ts';
import { requireServing } from '../plugins/attach-serving.ts';
import { adhocResponse } from '../responses/forecast-response.ts';
import { HttpProblem } from '../responses/problems.ts';
import type { RouteContext } from '../routes/context.ts';
import { ofAnotherShard } from '../shards/missing-series.ts';

/** Frequency of the protocol → minutes; a month, a quarter and a year have no fixed length. */
const MINUTES: Readonly<Record<string, number>> = {
  ...{ minute: 1, T: 1, hour: 60, H: 60, day: 1440, D: 1440, week: 10_080, W: 10_080 },
};
/** They are computed while they are waited for. */
const MAX_INPUTS = 10;
/** Names the model that is served, whichever it is. */
const SERVED = 'champion';

const Input = Type.Object({
  type: Type.Literal('univariate_time_series'),
  name: Type.String({ maxLength: 128 }),
  series: Type.Array(Type.Union([Type.Number(), Type.Null()]), { minItems: 1, maxItems: 20_000 }),
  frequency: Type.String({ maxLength: 20 }),
  start_timestamp: Type.Optional(Type.Union([Type.String({ maxLength: 40 }), Type.Null()])),
});
const Body = Type.Object({
  model: Type.String({ maxLength: 200 }),
  inputs: Type.Array(Input, { minItems: 1, maxItems: MAX_INPUTS }),
  options: Type.Object({
    horizon: Type.Integer({ minimum: 1 }),
    quantiles: Type.Optional(
      Type.Union([Type.Array(Type.Number({ minimum: 0, maximum: 1 })), Type.Null()]),
    ),
  }),
});
type Input = Type.Static<typeof Input>;
type Body = Type.Static<typeof Body>;

export async function kserveRoute(app: App, context: RouteContext): Promise<void> {
  const { domain, clock, state, predictor, fellBack, handlerTimeoutMs } = context;
  app.post(
    '/v1/timeseries/forecast',
    {
      config: { access: 'forecasts:read' },
      schema: { hide: true, body: Body },
      handlerTimeout: handlerTimeoutMs,
    },
    async (request, reply) => {
      if ((domain.closedWeekdays ?? []).length > 0)
        throw invalid(
          'this protocol has a value for each interval, and here weekdays are closed: use POST ' +
            '/v1/forecasts, which names the time of each step',
        );
      const serving = requireServing(state);
      const { model, inputs, options } = request.body as Body;
      const { modelVersion } = serving.model.card;
      if (model !== SERVED && model !== modelVersion)
        throw invalid(`${model} is not served: ask for ${SERVED} or ${modelVersion}`);
      const known = serving.model.card.quantiles;
      const wanted = options.quantiles ?? known;
      const strange = wanted.find((quantile) => !known.includes(quantile));
      if (strange !== undefined)
        throw invalid(`the model has the quantiles ${known.join(', ')}, not ${strange}`);
      const { indexOf } = serving.snapshot;
      const histories = inputs.map((input) => {
        const isServed = indexOf.has(input.name);
        // The model may know it: without its name the numbers would be others.
        const other = isServed ? null : ofAnotherShard(serving.snapshot, input.name);
        if (other !== null) throw other;
        return { ...historyOf(input, domain), ...(isServed ? { seriesId: input.name } : {}) };
      });
      const now = clock.now();
      const asked = { horizon: options.horizon };
      // All at once: the predictor computes what waits together.
      const forecasts = await Promise.all(
        histories.map((history) =>
          adhocResponse(serving, domain, predictor, history, undefined, asked, now),
        ),
      );
      for (const { fallback } of forecasts) if (fallback) fellBack(fallback.reason);
      const content = forecasts.map(({ mean, timestamps, quantiles, ...forecast }, i) => {
        const { type, name, frequency } = inputs[i] as Input;
        return {
          ...{ type, name, frequency, mean_forecast: mean, start_timestamp: timestamps[0] },
          quantiles: Object.fromEntries(
            wanted.map((quantile) => [String(quantile), quantiles[String(quantile)]]),
          ),
          model_version: forecast.modelVersion,
        };
      });
      const { id } = request;
      const output = { type: 'time_series_forecast', id, status: 'completed', content };
      reply.header('cache-control', 'no-store').type('application/json');
      return reply.send({
        ...{ id, created_at: Math.floor(clock.now() / 1000), status: 'completed', error: null },
        ...{ model: modelVersion, outputs: [{ ...output, error: null }] },
      });
    },
  );
}

const invalid = (detail: string) => new HttpProblem('REQUEST_INVALID', detail);

function historyOf({ name, series, frequency, start_timestamp: start }: Input, domain: Domain) {
  if (MINUTES[frequency] !== domain.frequencyMinutes)
    throw invalid(
      `${name} has the frequency ${frequency}; intervals have ${domain.frequencyMinutes} minutes`,
    );
  if (!start) throw invalid(`${name} has no start_timestamp: the calendar is an input`);
  return { start: inUtc(start), values: series };
}

/** As histories have it: an offset is taken off, and a time without one is in UTC. */
function inUtc(text: string): string {
  const isDate = text.length <= 10;
  const hasOffset = /(Z|[+-]\d{2}(:?\d{2})?)$/i.test(text.slice(10));
  try {
    return isDate ? text : Temporal.Instant.from(hasOffset ? text : `${text}Z`).toString();
  } catch {
    return text; // no time: the check of histories says so
  }
}
