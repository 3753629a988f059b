/**
 * Purpose: the client in use: the first series, one forecast, all forecasts as they arrive, and a
 * request that the service refuses.
 *   npx tsx clients/typescript/example.ts [http://127.0.0.1:8080]
 * Invariants: reads only.
 * Fails: exit status 1 and one line where the service cannot be reached.
 */
import {
  createHeadwayClient,
  dataOf,
  HeadwayProblem,
  HeadwayUnreachable,
} from './headway-client.ts';

const client = createHeadwayClient({
  baseUrl: process.argv[2] ?? 'http://127.0.0.1:8080',
  timeoutMs: 5000,
});

try {
  const { total, unit, series } = await dataOf(
    client.GET('/v1/series', { params: { query: { limit: 5 } } }),
  );
  const ids = series.map(({ seriesId }) => seriesId);
  console.log(`${total} series, in ${unit}; the first are ${ids.join(', ')}`);

  const busiest = series.reduce((most, one) => ((one.mean ?? 0) > (most.mean ?? 0) ? one : most));
  const forecast = await dataOf(
    client.GET('/v1/series/{id}/forecast', {
      params: { path: { id: busiest.seriesId }, query: { horizon: 3, levels: '80' } },
    }),
  );
  for (const [step, timestamp] of forecast.timestamps.entries()) {
    const at = (quantile: string) => forecast.quantiles[quantile]?.[step];
    console.log(`${forecast.title} ${timestamp}: ${at('0.5')} (${at('0.1')} to ${at('0.9')})`);
  }
  if (forecast.fallback)
    console.log(`a fallback since ${forecast.fallback.since}: ${forecast.fallback.reason}`);

  let lines = 0;
  for await (const _line of client.forecastLines({ horizon: 1 })) lines++;
  console.log(`${lines} forecasts streamed`);

  await client.GET('/v1/series/{id}/forecast', { params: { path: { id: 'no such series' } } });
} catch (error) {
  if (error instanceof HeadwayProblem && error.problem.code === 'SERIES_UNKNOWN')
    console.log(`refused as expected: ${error.problem.fix}`);
  else if (error instanceof HeadwayProblem || error instanceof HeadwayUnreachable) {
    console.error(error.message);
    process.exitCode = 1;
  } else throw error;
}
