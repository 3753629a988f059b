/**
 * Purpose: the last two years of some cities from Open-Meteo: `open-meteo:berlin,oslo`, or
 * `open-meteo` for all cities of the list.
 * Invariants: whole months that have settled come from the archive, once; the days since, up to
 * yesterday, from the forecast service, at every run. The folder holds each hour once.
 * Fails: SOURCE_INVALID for a spec that cannot be parsed; SOURCE_UNAVAILABLE.
 */
import { join } from 'node:path';
import { Temporal } from 'temporal-polyfill';
import { HeadwayError } from '../../platform/errors.ts';
import type { Source, SourceContext } from '../domain.ts';
import { type KeptFile, keepFiles, textWith } from '../sources/kept-files.ts';

const CITIES: Readonly<Record<string, string>> = {
  athens: 'latitude=37.98&longitude=23.73',
  berlin: 'latitude=52.52&longitude=13.41',
  lisbon: 'latitude=38.72&longitude=-9.14',
  oslo: 'latitude=59.91&longitude=10.75',
  warsaw: 'latitude=52.23&longitude=21.01',
};
/** The archive (ERA5) is complete within a week; the other service knows three months back. */
const SETTLED_DAYS = 10;
const ARCHIVE = 'https://archive-api.open-meteo.com/v1/archive';
const FORECAST = 'https://api.open-meteo.com/v1/forecast';

export async function openOpenMeteo(
  spec: string,
  context: SourceContext,
  open: (folder: string) => Promise<Source>,
  [archive, forecast] = [ARCHIVE, FORECAST],
): Promise<Source> {
  const cities = spec.split(':')[1]?.split(',') ?? Object.keys(CITIES);
  const today = Temporal.Instant.fromEpochMilliseconds(context.clock.now()).toString().slice(0, 10);
  const settled = Temporal.PlainDate.from(today).subtract({ days: SETTLED_DAYS }).with({ day: 1 });
  const spans = [
    [archive, settled.subtract({ years: 2 }), settled.subtract({ days: 1 })],
    [forecast, settled, Temporal.PlainDate.from(today).subtract({ days: 1 })],
  ] as const;
  const urls = cities.flatMap((city) =>
    spans.map(
      ([service, from, to]): KeptFile => [
        `${city}_${from}_${to}.csv`,
        urlOf(service, city, `start_date=${from}&end_date=${to}`),
        service === archive,
      ],
    ),
  );
  const kept = join(context.rawFolder, 'open-meteo');
  const folder = await keepFiles(kept, urls, textWith(/^time,temperature_2m/m), context);
  return { ...(await open(folder)), description: `Open-Meteo: ${cities.join(', ')}` };
}

function urlOf(service: string, city: string, span: string): string {
  if (Object.hasOwn(CITIES, city))
    return `${service}?${CITIES[city]}&${span}&hourly=temperature_2m&timezone=GMT&format=csv`;
  throw new HeadwayError('SOURCE_INVALID', `the city ${JSON.stringify(city)} is not known`, {
    where: city,
    fix: `Use open-meteo:CITY,CITY with some of ${Object.keys(CITIES).join(', ')}.`,
  });
}
