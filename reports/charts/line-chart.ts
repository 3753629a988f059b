/**
 * Purpose: lines over a common axis as inline SVG: error by step, by cutoff, coverage, fans.
 * Invariants: pure; text is escaped; a value that is not finite breaks its line; colours are the
 * page's (classes `t-…`), so that it is legible in light and dark; title and description are there
 * for those who cannot see it.
 * Fails: never; without finite values it draws its axes.
 */
import { escaped } from '../../platform/text/escaped.ts';
import { niceTicks, numberLabel, runs } from '../../web/scales.js';

export interface Line {
  readonly name: string;
  /** The class of its colour: `t-<tone>`. */
  readonly tone: string;
  readonly values: ArrayLike<number>;
  readonly dashed?: boolean;
  /** It may leave the picture at the top: a hopeless benchmark must not press the others flat. */
  readonly mayLeave?: boolean;
  /** Whether each value has a dot that says its number. */
  readonly dots?: boolean;
}

export interface LineChart {
  /** Unique within the page. */
  readonly id: string;
  readonly title: string;
  readonly description: string;
  /** Shown above the picture; nothing where the page says it. */
  readonly heading?: string;
  readonly width?: number;
  readonly height?: number;
  readonly x: readonly number[];
  readonly xTicks: readonly { readonly at: number; readonly label: string }[];
  readonly xLabel?: string;
  /** Of a dot's number. */
  readonly format: (value: number) => string;
  /** Of the vertical axis; round numbers unless told. */
  readonly tickFormat?: (value: number) => string;
  /** What a dot says of its place: "step 3". */
  readonly placeOf?: (index: number) => string;
  readonly lines: readonly Line[];
  readonly band?: {
    readonly tone: string;
    readonly lower: ArrayLike<number>;
    readonly upper: ArrayLike<number>;
  };
  /** A level that matters (what coverage should be), drawn as a dashed line; the key names it. */
  readonly rule?: number;
  /** Places that matter: the cutoff, refits. */
  readonly marks?: readonly { readonly at: number; readonly label: string }[];
  /** What the vertical axis holds whatever the values. */
  readonly holds?: readonly number[];
}

const RIGHT_MARGIN = 14;
/** Of a character of the axis, in the pictures' own units. */
const CHARACTER = 6.6;

export function lineSvg(picture: LineChart): string {
  const { id, width = 900, height = 280, x: places, lines, band, format, heading } = picture;
  const top = heading ? 34 : 14;
  const bottom = height - (picture.xLabel ? 40 : 24);
  const ticks = valueTicks(picture);
  const labels = ticks.map(picture.tickFormat ?? numberLabel);
  const left = 16 + Math.max(...labels.map((label) => label.length)) * CHARACTER;
  const right = width - RIGHT_MARGIN;
  const [low, high] = [ticks[0] as number, ticks[ticks.length - 1] as number];
  const [first, last] = [places[0] ?? 0, places[places.length - 1] ?? 1];
  const x = (place: number) => left + ((right - left) * (place - first)) / (last - first || 1);
  const y = (value: number) => bottom - ((bottom - top) * (value - low)) / (high - low || 1);
  const at = (i: number, value: number) =>
    `${x(places[i] as number).toFixed(1)} ${y(value).toFixed(1)}`;
  const pathOf = (values: ArrayLike<number>) =>
    runs(values)
      .map(
        ({ from, to }) =>
          `M${Array.from({ length: to - from }, (_, i) => at(from + i, values[from + i] as number)).join('L')}`,
      )
      .join('');

  const parts: string[] = [];
  if (heading) parts.push(`<text class="heading" x="0" y="14">${escaped(heading)}</text>`);
  for (const [i, tick] of ticks.entries()) {
    parts.push(`<path class="grid" d="M${left.toFixed(1)} ${y(tick).toFixed(1)}H${right}"/>`);
    parts.push(
      `<text x="${(left - 7).toFixed(1)}" y="${(y(tick) + 4).toFixed(1)}" text-anchor="end">${escaped(labels[i] as string)}</text>`,
    );
  }
  let free = 0;
  for (const tick of picture.xTicks) {
    const place = x(tick.at);
    const length = tick.label.length * CHARACTER;
    const middle = Math.min(Math.max(place, left + length / 2 - 12), right - length / 2);
    parts.push(`<path class="tick" d="M${place.toFixed(1)} ${bottom}v5"/>`);
    // A label that would touch the one before it is left out; its tick stays.
    if (middle - length / 2 < free) continue;
    free = middle + length / 2 + CHARACTER;
    parts.push(
      `<text x="${middle.toFixed(1)}" y="${bottom + 18}" text-anchor="middle">${escaped(tick.label)}</text>`,
    );
  }
  parts.push(`<path class="axis" d="M${left.toFixed(1)} ${bottom}H${right}"/>`);
  if (picture.xLabel) {
    parts.push(
      `<text x="${((left + right) / 2).toFixed(1)}" y="${height - 5}" text-anchor="middle">${escaped(picture.xLabel)}</text>`,
    );
  }
  for (const mark of picture.marks ?? []) {
    parts.push(`<path class="mark" d="M${x(mark.at).toFixed(1)} ${top}V${bottom}"/>`);
    parts.push(
      `<text x="${(x(mark.at) - 5).toFixed(1)}" y="${top + 10}" text-anchor="end">${escaped(mark.label)}</text>`,
    );
  }
  if (picture.rule !== undefined) {
    parts.push(
      `<path class="rule" d="M${left.toFixed(1)} ${y(picture.rule).toFixed(1)}H${right}"/>`,
    );
  }
  const drawn: string[] = [];
  if (band) {
    const sums = Array.from(band.lower, (value, i) => value + (band.upper[i] as number));
    for (const { from, to } of runs(sums)) {
      const edge = (values: ArrayLike<number>) =>
        Array.from({ length: to - from }, (_, i) => at(from + i, values[from + i] as number));
      drawn.push(
        `<path class="band t-${band.tone}" d="M${[...edge(band.upper), ...edge(band.lower).reverse()].join('L')}Z"/>`,
      );
    }
  }
  for (const line of lines) {
    drawn.push(
      `<path class="line t-${line.tone}${line.dashed ? ' dashed' : ''}" d="${pathOf(line.values)}"/>`,
    );
  }
  for (const line of lines) {
    if (line.dots === false) continue;
    for (let i = 0; i < line.values.length; i++) {
      const value = line.values[i] as number;
      if (!Number.isFinite(value)) continue;
      const place = picture.placeOf?.(i);
      const [cx, cy] = at(i, value).split(' ');
      const says = `${line.name}${place ? `, ${place}` : ''}: ${format(value)}`;
      drawn.push(
        `<circle class="dot t-${line.tone}" cx="${cx}" cy="${cy}" r="2.4"><title>${escaped(says)}</title></circle>`,
      );
    }
  }
  return [
    `<svg viewBox="0 0 ${width} ${height}" role="img" aria-labelledby="${id}-t ${id}-d">`,
    `<title id="${id}-t">${escaped(picture.title)}</title><desc id="${id}-d">${escaped(picture.description)}</desc>`,
    `<clipPath id="${id}-c"><rect x="${(left - 4).toFixed(1)}" y="${top - 4}" width="${(right - left + 8).toFixed(1)}" height="${bottom - top + 8}"/></clipPath>`,
    ...parts,
    `<g clip-path="url(#${id}-c)">${drawn.join('\n')}</g>`,
    '</svg>',
  ].join('\n');
}

/** The key to lines, as HTML that wraps where the page is narrow. */
export function lineLegend(
  lines: readonly Pick<Line, 'name' | 'tone' | 'dashed'>[],
  bandName?: string,
): string {
  const keys = lines.map(
    ({ name, tone, dashed }) =>
      `<li><svg class="key" viewBox="0 0 22 10" aria-hidden="true"><path class="line t-${tone}${dashed ? ' dashed' : ''}" d="M0 5H22"/></svg>${escaped(name)}</li>`,
  );
  if (bandName) {
    keys.push(
      `<li><svg class="key" viewBox="0 0 22 10" aria-hidden="true"><rect class="band t-network" width="22" height="10"/></svg>${escaped(bandName)}</li>`,
    );
  }
  return `<ul class="legend">${keys.join('')}</ul>`;
}

/**
 * Round numbers that hold every value that must be seen; from zero, unless all lie far above it.
 */
function valueTicks({ lines, band, rule, holds = [] }: LineChart): number[] {
  const columns = [
    ...lines.filter((line) => !line.mayLeave).map((line) => line.values),
    ...(band ? [band.lower, band.upper] : []),
  ];
  const values = [
    ...columns.flatMap((column) => Array.from(column)),
    ...holds,
    ...(rule === undefined ? [] : [rule]),
  ].filter(Number.isFinite);
  if (values.length === 0) return [0, 1];
  const low = values.reduce((a, b) => Math.min(a, b));
  const high = values.reduce((a, b) => Math.max(a, b));
  if (low >= 0 && high === 0) return [0, 1];
  return niceTicks(low < 0 || low > 0.5 * high ? low : 0, high, 5);
}
