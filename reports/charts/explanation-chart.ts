/**
 * Purpose: one explanation as a self-contained SVG: a waterfall from the baseline to the forecast,
 * summed over the horizon, and below it the same parts stacked at every step.
 * Invariants: as the forecast's picture: pure, no script and nothing from elsewhere, text is
 * escaped, legible on light and dark; a bar's height is its value, so the last column of the
 * waterfall ends where the parts lead.
 * Fails: a RangeError when columns differ in length, there is nothing to draw, or a value is not
 * finite.
 */
import { escaped } from '../../platform/text/escaped.ts';
import { localDays, niceTicks, numberLabel, timeLabels } from '../../web/scales.js';

/** A value at every step. */
interface Column {
  readonly title: string;
  readonly values: readonly number[];
}

export interface ExplanationChart {
  readonly title: string;
  readonly unit: string;
  /** IANA name: labels are in local time. */
  readonly timeZone: string;
  /** UTC start of the last observed interval. */
  readonly cutoff: number;
  readonly timestamps: readonly number[];
  readonly baseline: Column;
  /** In the order of the sum. */
  readonly parts: readonly Column[];
  readonly forecast: Column;
}

const WIDTH = 960;
const HEIGHT = 600;
const RIGHT = WIDTH - 24;
const WATERFALL = { top: 88, bottom: 270 };
const STEPS = { top: 376, bottom: HEIGHT - 40 };
const LEFT = 96;

const COLOURS = ['#8a94a0', '#1d5fd1', '#b4620a', '#188a5b', '#8e44ad', '#c0392b', '#5d6d7e'];
const STYLE = `
.ground{fill:#fff;stroke:#dfe4ea}.grid{stroke:#e8ecf0}.axis{stroke:#97a4b3}.end{fill:#2b3643}.link{stroke:#97a4b3;stroke-dasharray:2 3}
text{fill:#586574;font:12px system-ui,-apple-system,"Segoe UI",Roboto,"DejaVu Sans",sans-serif}
.title{fill:#17202b;font-size:17px;font-weight:700}.value{fill:#17202b;font-weight:600}
.sum{fill:none;stroke:#17202b;stroke-width:2;stroke-linejoin:round}
${COLOURS.map((colour, i) => `.part${i}{fill:${colour}}`).join('')}
@media (prefers-color-scheme:dark){.ground{fill:#161d26;stroke:#2a3440}.grid{stroke:#222c37}.end{fill:#d5dde6}text{fill:#97a4b3}
.title,.value{fill:#e6ebf1}.sum{stroke:#e6ebf1}.part1{fill:#6cabff}.part2{fill:#e9a64b}.part3{fill:#4fc48d}.part4{fill:#c58be0}.part5{fill:#f0776a}}`;

export function explanationSvg(picture: ExplanationChart): string {
  checkExplanation(picture);
  const { title, unit, timeZone, cutoff, timestamps } = picture;
  const { full } = timeLabels(timeZone);
  const description = `${title}: why the forecast of ${timestamps.length} steps from ${full(cutoff)} differs from what is usual, in ${unit}.`;
  const steps = timestamps.length === 1 ? 'one step' : `${timestamps.length} steps`;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" width="${WIDTH}" height="${HEIGHT}" role="img" aria-labelledby="t d">`,
    `<title id="t">${escaped(title)}</title><desc id="d">${escaped(description)}</desc><style>${STYLE}</style>`,
    `<rect class="ground" x=".5" y=".5" width="${WIDTH - 1}" height="${HEIGHT - 1}" rx="10"/>`,
    `<text class="title" x="20" y="31">${escaped(title)}</text>`,
    `<text x="20" y="54">${escaped(`Sum over ${steps} after ${full(cutoff)}, in ${unit}`)}</text>`,
    ...waterfall(picture),
    `<text x="20" y="${STEPS.top - 24}">${escaped(`Difference from what is usual at this hour of the week, at every step, times in ${timeZone}; the line is their sum`)}</text>`,
    ...stacked(picture),
    '</svg>\n',
  ].join('\n');
}

/** Refuses data that would draw nonsense. The terminal checks the same. */
export function checkExplanation({
  timestamps,
  baseline,
  parts,
  forecast,
}: ExplanationChart): void {
  if (timestamps.length === 0) throw new RangeError('there is nothing to draw');
  for (const { title, values } of [baseline, ...parts, forecast]) {
    if (values.length !== timestamps.length)
      throw new RangeError(`${title} must be as long as the timestamps`);
    if (!values.every(Number.isFinite))
      throw new RangeError(`${title} holds a value that is not finite`);
  }
}

export const totalOf = ({ values }: Pick<Column, 'values'>): number =>
  values.reduce((a, b) => a + b, 0);

/** Sums of floats that should be nothing seldom are. */
const NOTHING = 1e-9;
export const amount = (value: number): string => numberLabel(Math.abs(value) < NOTHING ? 0 : value);
/** With its sign, also where it is a gain. */
export const signed = (value: number): string =>
  Math.abs(value) < NOTHING ? '0' : `${value > 0 ? '+' : '−'}${numberLabel(Math.abs(value))}`;

/** Round numbers from `low` to `high`, also where the two can hardly be told apart. */
function ticksOver(low: number, high: number): number[] {
  const largest = Math.max(Math.abs(low), Math.abs(high));
  if (largest < NOTHING) return [-1, 0, 1];
  return high - low > NOTHING * largest ? niceTicks(low, high, 4) : niceTicks(low, low, 4);
}

function waterfall({ baseline, parts, forecast }: ExplanationChart): string[] {
  const { top, bottom } = WATERFALL;
  let level = totalOf(baseline);
  const bars = parts.map((part, i) => {
    const from = level;
    level += totalOf(part);
    return {
      title: part.title,
      label: signed(totalOf(part)),
      from,
      to: level,
      style: `part${i % COLOURS.length}`,
    };
  });
  const ends = [baseline, forecast].map((column) => ({
    title: column.title,
    total: totalOf(column),
  }));
  const all = [...bars.flatMap(({ from, to }) => [from, to]), ...ends.map(({ total }) => total)];
  const [least, most] = [Math.min(...all), Math.max(...all)];
  // From zero, unless all lies far above or below it: then the ends are lines, because a bar that
  // is cut off lies about its height.
  const isFar = least > 0.5 * most || most < 0.5 * least;
  const ticks = isFar ? ticksOver(least, most) : ticksOver(Math.min(0, least), Math.max(0, most));
  const [low, high] = [ticks[0], ticks[ticks.length - 1]];
  const y = (value: number) => bottom - ((bottom - top) * (value - low)) / (high - low);
  const width = (RIGHT - LEFT) / (bars.length + 2);
  const x = (column: number) => LEFT + (column + 0.5) * width;
  const rect = (style: string, column: number, from: number, to: number) => {
    const [a, b] = [Math.min(y(from), y(to)), Math.max(y(from), y(to))];
    // A part of nothing is still a line to be seen.
    return `<rect class="${style}" x="${(x(column) - width * 0.36).toFixed(1)}" y="${a.toFixed(1)}" width="${(width * 0.72).toFixed(1)}" height="${Math.max(1.5, b - a).toFixed(1)}" rx="1.5"/>`;
  };
  const label = (column: number, above: number, text: string, title: string) => [
    `<text class="value" x="${x(column).toFixed(1)}" y="${(y(above) - 6).toFixed(1)}" text-anchor="middle">${escaped(text)}</text>`,
    ...twoLines(title).map(
      (line, i) =>
        `<text x="${x(column).toFixed(1)}" y="${bottom + 18 + 15 * i}" text-anchor="middle">${escaped(line)}</text>`,
    ),
  ];
  const end = (column: number, { title, total }: { title: string; total: number }) => [
    rect('end', column, isFar ? total : 0, total),
    ...label(column, isFar ? total : Math.max(0, total), amount(total), title),
  ];
  return [
    ...gridLines(ticks, y),
    ...end(0, ends[0]),
    ...bars.flatMap(({ title, label: text, from, to, style }, i) => [
      `<path class="link" d="M${x(i).toFixed(1)} ${y(from).toFixed(1)}H${x(i + 1).toFixed(1)}"/>`,
      rect(style, i + 1, from, to),
      ...label(i + 1, Math.max(from, to), text, title),
    ]),
    ...end(bars.length + 1, ends[1]),
  ];
}

function stacked({ timestamps, timeZone, baseline, parts, forecast }: ExplanationChart): string[] {
  const { top, bottom } = STEPS;
  const sumAt = (k: number, sign: 1 | -1) =>
    parts.reduce((sum, { values }) => sum + sign * Math.max(0, sign * values[k]), 0);
  const [lows, highs] = [
    timestamps.map((_, k) => sumAt(k, -1)),
    timestamps.map((_, k) => sumAt(k, 1)),
  ];
  const ticks = ticksOver(Math.min(0, ...lows), Math.max(0, ...highs));
  const [low, high] = [ticks[0], ticks[ticks.length - 1]];
  const y = (value: number) => bottom - ((bottom - top) * (value - low)) / (high - low);
  const width = (RIGHT - LEFT) / timestamps.length;
  const x = (k: number) => LEFT + (k + 0.5) * width;
  const bars = timestamps.flatMap((_, k) => {
    const reached = { 1: 0, [-1]: 0 };
    return parts.flatMap(({ values }, i) => {
      const value = values[k];
      if (value === 0) return [];
      const sign = value > 0 ? 1 : -1;
      const from = reached[sign];
      reached[sign] += value;
      const [a, b] = [y(from), y(from + value)];
      return `<rect class="part${i % COLOURS.length}" x="${(x(k) - width * 0.4).toFixed(1)}" y="${Math.min(a, b).toFixed(1)}" width="${(width * 0.8).toFixed(1)}" height="${Math.abs(a - b).toFixed(1)}"/>`;
    });
  });
  const sums = timestamps.map(
    (_, k) => `${x(k).toFixed(1)} ${y(forecast.values[k] - baseline.values[k]).toFixed(1)}`,
  );
  const labels = timeLabels(timeZone);
  const days = new Set(localDays(timestamps, timeZone));
  const every = Math.max(1, Math.ceil(44 / width));
  const times = timestamps.flatMap((time, k) =>
    k % every === 0
      ? `<text x="${x(k).toFixed(1)}" y="${bottom + 18}" text-anchor="middle">${escaped(labels.hour(time))}</text>`
      : [],
  );
  const midnights = timestamps.flatMap((time, k) => {
    if (!days.has(time)) return [];
    const at = (x(k) - width / 2).toFixed(1);
    return [
      `<path class="link" d="M${at} ${top}V${bottom}"/>`,
      `<text x="${at}" y="${top - 6}">${escaped(labels.day(time))}</text>`,
    ];
  });
  return [
    ...gridLines(ticks, y),
    ...bars,
    ...midnights,
    `<path class="axis" d="M${LEFT} ${y(0).toFixed(1)}H${RIGHT}"/>`,
    `<path class="sum" d="M${sums.join('L')}"/>`,
    ...times,
  ];
}

const gridLines = (ticks: readonly number[], y: (value: number) => number): string[] =>
  ticks.flatMap((tick) => [
    `<path class="grid" d="M${LEFT} ${y(tick).toFixed(1)}H${RIGHT}"/>`,
    `<text x="${LEFT - 8}" y="${(y(tick) + 4).toFixed(1)}" text-anchor="end">${numberLabel(tick)}</text>`,
  ]);

/** A title over two lines, broken at the space nearest its middle. */
function twoLines(title: string): string[] {
  const spaces = [...title.matchAll(/ /g)].map(({ index }) => index);
  const middle = spaces.sort(
    (a, b) => Math.abs(a - title.length / 2) - Math.abs(b - title.length / 2),
  )[0];
  return middle === undefined ? [title] : [title.slice(0, middle), title.slice(middle + 1)];
}
