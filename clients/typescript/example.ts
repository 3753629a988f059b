/**
 * Purpose: the generated client in use: the series there are, one forecast, all of them as they
 * arrive, and a question the service refuses.
 *   npx tsx clients/typescript/example.ts [http://127.0.0.1:8080]
 * Invariants: reads only.
 * Fails: exit status 1 and one line where the service cannot be reached.
 */
import { createHeadwayClient } from './headway-client.ts';
import { HeadwayProblem, HeadwayUnreachable } from './transport.ts';

const client = createHeadwayClient({
  baseUrl: process.argv[2] ?? 'http://127.0.0.1:8080',
  timeoutMs: 5000,
});

try {
  const { total, unit, series } = await client.listSeries({ limit: 5 });
  console.log(
    `${total} series, in ${unit}; the first are ${series.map(({ seriesId }) => seriesId).join(', ')}`,
  );

  const busiest = series.reduce((most, one) => ((one.mean ?? 0) > (most.mean ?? 0) ? one : most));
  const forecast = await client.forecastSeries(busiest.seriesId, { horizon: 3, levels: '80' });
  for (const [step, timestamp] of forecast.timestamps.entries()) {
    const at = (quantile: string) => forecast.quantiles[quantile]?.[step];
    console.log(`${forecast.title} ${timestamp}: ${at('0.5')} (${at('0.1')} to ${at('0.9')})`);
  }
  if (forecast.fallback)
    console.log(`a fallback since ${forecast.fallback.since}: ${forecast.fallback.reason}`);

  // Asked again it costs a 304: the client has the answer by its ETag.
  await client.forecastSeries(busiest.seriesId, { horizon: 3, levels: '80' });

  let lines = 0;
  for await (const _line of client.forecastAllLines({ horizon: 1 })) lines++;
  console.log(`${lines} forecasts streamed`);

  await client.forecastSeries('no such series');
} catch (error) {
  if (error instanceof HeadwayProblem && error.code === 'SERIES_UNKNOWN')
    console.log(`refused, as it should be: ${error.problem.fix}`);
  else if (error instanceof HeadwayProblem || error instanceof HeadwayUnreachable) {
    console.error(error.message);
    process.exitCode = 1;
  } else throw error;
}
