/**
 * Purpose: one forecast as a chart: actuals, median, bands, naive line, cutoff; its title is the
 * peak.
 * Invariants: pure; the forecast has at least a quarter of the width; a value that is not finite
 * breaks its line.
 * Fails: a RangeError as `checkForecast`.
 */
import * as Plot from '@observablehq/plot';
import { timeLabels } from '../../platform/text/scales.ts';
import {
  checkForecast,
  type ForecastData,
  forecastValues,
  ticksFor,
} from './data/forecast-data.ts';
import { colour } from './look.ts';
import {
  axisMinus,
  bandOf,
  domainOf,
  type EndLabel,
  endLabels,
  endMargin,
  lineOf,
  marginOf,
  markAt,
  timeAxis,
  verticalAxis,
} from './marks.ts';
import type { ChartFile, Panel } from './svg.ts';

/** How many times the horizon of history is shown. */
const HISTORY = 3;

export function forecastChart(given: ForecastData): ChartFile {
  checkForecast(given);
  const data = withoutOldHistory(given);
  const { title, unit, timeZone, forecast, cutoff } = data;
  const steps = `${forecast.timestamps.length} steps ahead of ${timeLabels(timeZone).full(cutoff)}`;
  return {
    title: findingOf(data) ?? title,
    subtitle: [`${title}, ${unit}, times in ${timeZone}`],
    description: `${title}: ${steps}, in ${unit}, times in ${timeZone}.`,
    panels: [forecastPanel(data, { width: 912, height: 320 })],
  };
}

function withoutOldHistory(data: ForecastData): ForecastData {
  const { timestamps } = data.forecast;
  const end = timestamps[timestamps.length - 1];
  if (end === undefined) return data;
  const from = data.cutoff - HISTORY * Math.max(end - data.cutoff, 86_400_000);
  return {
    ...data,
    actuals: data.actuals.filter(({ timestamp }) => timestamp > from),
    ...(data.naive ? { naive: data.naive.filter(({ timestamp }) => timestamp > from) } : {}),
  };
}

/** "Peak of 72 on Sun 8 Mar 17:00, 80 % interval 56 to 90"; null without a finite median. */
function findingOf({
  forecast,
  timeZone,
  bandName = '80 % interval',
}: ForecastData): string | null {
  const median = Array.from(forecast.median);
  const finite = median.filter(Number.isFinite);
  if (finite.length === 0) return null;
  const high = finite.reduce((a, b) => Math.max(a, b));
  const at = median.indexOf(high);
  const short = (value: number | undefined) =>
    axisMinus(Number((value ?? Number.NaN).toPrecision(3)));
  const when = timeLabels(timeZone).full(forecast.timestamps[at] as number);
  const band = `${bandName} ${short(forecast.lower[at])} to ${short(forecast.upper[at])}`;
  return `Peak of ${short(high)} on ${when}, ${band}`;
}

export function forecastPanel(
  data: ForecastData,
  { width, height, isLabelled = true }: { width: number; height: number; isLabelled?: boolean },
): Panel {
  const { actuals, naive = [], forecast, timeZone, cutoff } = data;
  const { timestamps, inner } = forecast;
  const times = [...actuals, ...naive].map(({ timestamp }) => timestamp).concat(timestamps);
  const first = times.reduce((a, b) => Math.min(a, b));
  const last = times.reduce((a, b) => Math.max(a, b));
  const domain: [number, number] = [first, last > first ? last : first + 1];
  const ticks = ticksFor(forecastValues(data), height > 240 ? 5 : 3);
  const [low, high] = domainOf(ticks);
  const labels = isLabelled ? namesOf(data) : [];
  const frame = {
    ...{ width, height, marginTop: 24, marginBottom: 48 },
    marginRight: isLabelled ? endMargin(labels) : 8,
    marginLeft: marginOf(ticks),
  };
  const observed = (all: typeof actuals) =>
    all.map(({ timestamp, value }) => ({ x: timestamp, y: value }));
  const rows = (lower: ArrayLike<number>, upper: ArrayLike<number>) =>
    timestamps.map((x, i) => ({ x, low: lower[i] as number, high: upper[i] as number }));
  const step = timestamps.length > 1 ? (timestamps[1] as number) - (timestamps[0] as number) : 0;
  const all = Array.from(new Set(times)).sort((a, b) => a - b);
  return {
    ...frame,
    x: { type: 'linear', domain, axis: null },
    y: { domain: [low, high], axis: null },
    marks: [
      ...verticalAxis(ticks),
      ...timeAxis(all, timeZone, domain, frame),
      bandOf(
        rows(forecast.lower, forecast.upper),
        data.bandName ?? '80 % interval',
        colour('band80'),
      ),
      ...(inner
        ? [
            bandOf(
              rows(inner.lower, inner.upper),
              data.innerName ?? 'inner interval',
              colour('band50'),
            ),
          ]
        : []),
      lineOf(observed(naive), 'naive', {
        ...{ stroke: colour('naive'), strokeWidth: 1.25, strokeDasharray: '4 3' },
      }),
      lineOf(observed(actuals), 'actual', { stroke: colour('actual'), strokeWidth: 1.6 }),
      lineOf(
        timestamps.map((x, i) => ({ x, y: forecast.median[i] as number })),
        'median forecast',
        { stroke: colour('forecast'), strokeWidth: 2.25 },
      ),
      ...markAt(
        Math.min(domain[1], cutoff + step / 2),
        isLabelled ? 'actual until here' : 'cutoff',
      ),
      Plot.ruleY([low], { stroke: colour('muted'), strokeOpacity: 0.6 }),
      ...endLabels(labels, [low, high], frame),
    ],
  };
}

/** Names of lines and bands, at the heights where they end. */
function namesOf(data: ForecastData): EndLabel[] {
  const { forecast, naive = [], bandName = '80 % interval', innerName, naiveName } = data;
  const end = forecast.timestamps.length - 1;
  const lastNaive = naive[naive.length - 1];
  const named = (text: string, at: number | undefined, fill: string, isBold = false) =>
    at === undefined ? [] : [{ text, at, fill, isBold }];
  return [
    ...named(bandName, forecast.upper[end], colour('muted')),
    ...(innerName ? named(innerName, forecast.inner?.upper[end], colour('muted')) : []),
    ...named('median forecast', forecast.median[end], colour('forecast'), true),
    ...named(naiveName ?? 'same hour last week', lastNaive?.value, colour('naive')),
  ];
}
