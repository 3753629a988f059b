/**
 * Purpose: one forecast as a self-contained SVG: actuals, median, band, naive line, cutoff. For the
 * README and the command line.
 * Invariants: pure: the same data give the same bytes; no script, no font or image from elsewhere;
 * text is escaped; a value that is not finite breaks its line; legible on a light and on a dark
 * page (it brings its own ground).
 * Fails: a RangeError when columns differ in length or there is nothing to draw.
 */
import { escaped } from '../../platform/text/escaped.ts';
import { localDays, niceTicks, numberLabel, runs, timeLabels } from '../../web/scales.js';

export interface Observation {
  /** UTC start of the interval, epoch milliseconds. */
  readonly timestamp: number;
  /** NaN is unknown. */
  readonly value: number;
}

export interface ForecastChart {
  readonly title: string;
  readonly unit: string;
  /** IANA name: labels are in local time. */
  readonly timeZone: string;
  readonly actuals: readonly Observation[];
  /** The naive line, e.g. the same hour last week, over any of the intervals. */
  readonly naive?: readonly Observation[];
  readonly forecast: {
    readonly timestamps: readonly number[];
    readonly lower: ArrayLike<number>;
    readonly median: ArrayLike<number>;
    readonly upper: ArrayLike<number>;
    /** A narrower interval, drawn darker within. */
    readonly inner?: { readonly lower: ArrayLike<number>; readonly upper: ArrayLike<number> };
  };
  /** UTC start of the last observed interval. */
  readonly cutoff: number;
  /** What the band is, for the legend. Default: "80 % interval". */
  readonly bandName?: string;
  /** What the inner band is, for the legend. */
  readonly innerName?: string;
  /** What the naive line is, for the legend. Default: "same hour last week". */
  readonly naiveName?: string;
}

const WIDTH = 960;
const HEIGHT = 400;
const TOP = 78;
const BOTTOM = HEIGHT - 40;
const RIGHT = WIDTH - 24;

const STYLE = `
.ground{fill:#fff;stroke:#dfe4ea}.future{fill:#1d5fd1;fill-opacity:.05}.grid{stroke:#e8ecf0}.axis{stroke:#c9d1da}
text{fill:#586574;font:12px system-ui,-apple-system,"Segoe UI",Roboto,"DejaVu Sans",sans-serif}
.title{fill:#17202b;font-size:17px;font-weight:700}.line{fill:none;stroke-linejoin:round;stroke-linecap:round;stroke-width:1.8}
.actual{stroke:#2b3643}.median{stroke:#1d5fd1;stroke-width:2.5}.naive{stroke:#b4620a;stroke-dasharray:5 4}
.band{fill:#1d5fd1;fill-opacity:.2}.cutoff{stroke:#586574;stroke-dasharray:2 3}
@media (prefers-color-scheme:dark){.ground{fill:#161d26;stroke:#2a3440}.future{fill:#6cabff;fill-opacity:.06}.grid{stroke:#222c37}
.axis{stroke:#3a4653}text{fill:#97a4b3}.title{fill:#e6ebf1}.actual{stroke:#d5dde6}.median{stroke:#6cabff}.naive{stroke:#e9a64b}
.band{fill:#6cabff;fill-opacity:.24}.cutoff{stroke:#97a4b3}}`;

export function forecastSvg(picture: ForecastChart): string {
  checkChart(picture);
  const { actuals, naive = [], forecast, timeZone } = picture;
  const times = [...actuals, ...naive].map((one) => one.timestamp).concat(forecast.timestamps);
  const first = times.reduce((a, b) => Math.min(a, b));
  const last = times.reduce((a, b) => Math.max(a, b));
  const ticks = valueTicks(picture, 6);
  const left = 26 + Math.max(...ticks.map((tick) => numberLabel(tick).length)) * 7;
  const x = (time: number) => left + ((RIGHT - left) * (time - first)) / Math.max(1, last - first);
  const y = (value: number) =>
    BOTTOM - ((BOTTOM - TOP) * (value - ticks[0])) / (ticks[ticks.length - 1] - ticks[0]);
  const at = (time: number, value: number) => `${x(time).toFixed(1)} ${y(value).toFixed(1)}`;
  const line = (points: readonly Observation[]) =>
    runs(points.map((one) => one.value))
      .map(
        ({ from, to }) =>
          `M${points
            .slice(from, to)
            .map((one) => at(one.timestamp, one.value))
            .join('L')}`,
      )
      .join('');
  const step = forecast.timestamps.length > 1 ? forecast.timestamps[1] - forecast.timestamps[0] : 0;
  const boundary = Math.min(RIGHT, x(picture.cutoff + step / 2));

  const parts: string[] = [
    `<rect class="ground" x=".5" y=".5" width="${WIDTH - 1}" height="${HEIGHT - 1}" rx="10"/>`,
    `<text class="title" x="20" y="31">${escaped(picture.title)}</text>`,
    legend(picture),
    `<rect class="future" x="${boundary.toFixed(1)}" y="${TOP}" width="${(RIGHT - boundary).toFixed(1)}" height="${BOTTOM - TOP}"/>`,
  ];
  for (const tick of ticks) {
    parts.push(`<path class="grid" d="M${left} ${y(tick).toFixed(1)}H${RIGHT}"/>`);
    parts.push(
      `<text x="${left - 8}" y="${(y(tick) + 4).toFixed(1)}" text-anchor="end">${numberLabel(tick)}</text>`,
    );
  }
  parts.push(...dayTicks(allTimes(first, last, step), timeZone, x, left));
  parts.push(`<path class="axis" d="M${left} ${BOTTOM}H${RIGHT}"/>`);
  for (const band of [forecast, ...(forecast.inner ? [forecast.inner] : [])]) {
    for (const { from, to } of runs(bandOf(band))) {
      const upper = forecast.timestamps
        .slice(from, to)
        .map((time, i) => at(time, band.upper[from + i]));
      const lower = forecast.timestamps
        .slice(from, to)
        .map((time, i) => at(time, band.lower[from + i]));
      parts.push(`<path class="band" d="M${[...upper, ...lower.reverse()].join('L')}Z"/>`);
    }
  }
  const median = forecast.timestamps.map((timestamp, i) => ({
    timestamp,
    value: forecast.median[i],
  }));
  parts.push(`<path class="line naive" d="${line(naive)}"/>`);
  parts.push(`<path class="line actual" d="${line(actuals)}"/>`);
  parts.push(`<path class="line median" d="${line(median)}"/>`);
  parts.push(`<path class="cutoff" d="M${boundary.toFixed(1)} ${TOP}V${BOTTOM}"/>`);
  parts.push(
    `<text x="${(boundary - 6).toFixed(1)}" y="${TOP + 12}" text-anchor="end">cutoff</text>`,
  );

  const description = `${picture.title}: ${forecast.timestamps.length} steps ahead of ${timeLabels(timeZone).full(picture.cutoff)}, in ${picture.unit}, times in ${timeZone}.`;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" width="${WIDTH}" height="${HEIGHT}" role="img" aria-labelledby="t d">`,
    `<title id="t">${escaped(picture.title)}</title><desc id="d">${escaped(description)}</desc><style>${STYLE}</style>`,
    ...parts,
    '</svg>\n',
  ].join('\n');
}

/** Refuses data that would draw nonsense. The terminal chart checks the same. */
export function checkChart({ forecast, actuals }: ForecastChart): void {
  const { timestamps, lower, median, upper } = forecast;
  const inside = forecast.inner ? [forecast.inner.lower, forecast.inner.upper] : [];
  if ([lower, median, upper, ...inside].some((column) => column.length !== timestamps.length)) {
    throw new RangeError('lower, median and upper must be as long as the forecast timestamps');
  }
  if (timestamps.length === 0 && actuals.length === 0)
    throw new RangeError('there is nothing to draw');
}

/** Round numbers that hold every value; from zero, unless all values lie far above it. */
export function valueTicks(
  { actuals, naive = [], forecast }: ForecastChart,
  count: number,
): number[] {
  const values = [...actuals, ...naive].map((one) => one.value);
  for (const column of [forecast.lower, forecast.median, forecast.upper])
    values.push(...Array.from(column));
  const finite = values.filter(Number.isFinite);
  if (finite.length === 0) return [0, 1];
  const low = finite.reduce((a, b) => Math.min(a, b));
  const high = finite.reduce((a, b) => Math.max(a, b));
  if (low >= 0 && high === 0) return [0, 1];
  return niceTicks(low < 0 || low > 0.5 * high ? low : 0, high, count);
}

/** Where both bounds are finite. */
const bandOf = ({ lower, upper }: Pick<ForecastChart['forecast'], 'lower' | 'upper'>): number[] =>
  Array.from(lower, (value, i) => value + upper[i]);

function allTimes(first: number, last: number, step: number): number[] {
  const every = step > 0 ? step : 3_600_000;
  return Array.from(
    { length: Math.floor((last - first) / every) + 1 },
    (_, i) => first + i * every,
  );
}

function dayTicks(
  times: readonly number[],
  timeZone: string,
  x: (time: number) => number,
  left: number,
): string[] {
  const labels = timeLabels(timeZone);
  const days = localDays(times, timeZone);
  const every = Math.max(1, Math.ceil((days.length * 82) / (RIGHT - left)));
  return days.flatMap((day, i) => {
    const at = x(day).toFixed(1);
    const mark = `<path class="grid" d="M${at} ${TOP}V${BOTTOM}"/>`;
    if ((days.length - 1 - i) % every !== 0) return [mark];
    const anchor = x(day) > RIGHT - 36 ? 'end' : x(day) < 40 ? 'start' : 'middle';
    return [
      mark,
      `<text x="${at}" y="${BOTTOM + 20}" text-anchor="${anchor}">${escaped(labels.day(day))}</text>`,
    ];
  });
}

function legend({
  unit,
  timeZone,
  naive,
  bandName = '80 % interval',
  innerName,
  naiveName = 'same hour last week',
}: ForecastChart): string {
  const entries: [string, string][] = [
    ['<path class="line actual" d="M0 0H22"/>', 'actual'],
    ['<path class="line median" d="M0 0H22"/>', 'median forecast'],
    ['<rect class="band" y="-6" width="22" height="12" rx="3"/>', bandName],
  ];
  const key = '<rect class="band" y="-6" width="22" height="12" rx="3"/>';
  if (innerName) entries.push([key + key, innerName]);
  if (naive && naive.length > 0)
    entries.push(['<path class="line naive" d="M0 0H22"/>', naiveName]);
  let x = 20;
  const parts = entries.map(([key, name]) => {
    const part = `<g transform="translate(${x} 52)">${key}<text x="29" y="4">${escaped(name)}</text></g>`;
    x += 29 + name.length * 6.6 + 22;
    return part;
  });
  const note = `<text x="${RIGHT}" y="31" text-anchor="end">${escaped(`${unit}, times in ${timeZone}`)}</text>`;
  return [...parts, note].join('\n');
}
