/**
 * Purpose: the charts of the data-quality page: volume against expectation, series by day, rejected
 * rows by part, means by hour and weekday.
 * Invariants: no meaning depends on colour alone: the numbers are in a title or a table. Three
 * hundred series stay below 300 kB.
 * Fails: never.
 */
import * as Plot from '@observablehq/plot';
import { shareText } from '../../services/feature/contract/verdict.ts';
import type { PartAccount } from '../../services/feature/quality-report.ts';
import { dateText, figure } from '../text/figures.ts';
import { ticksFor } from './data/forecast-data.ts';
import type { QualityTables } from './data/quality-tables.ts';
import { colour, partColour } from './look.ts';
import { domainOf, endLabels, labelsBelow, lineOf, marginOf, verticalAxis } from './marks.ts';
import type { Chart } from './svg.ts';

const WIDTH = 960;
const MAX_PARTS = 60;
const MAX_REASONS = 6;
const ROW = 16;
const NAMES = 160;
const MAX_LETTERS = 22;

const short = (text: string): string =>
  text.length > MAX_LETTERS ? `${text.slice(0, MAX_LETTERS - 1)}…` : text;
const known = (value: number | null): string => (value === null ? 'unknown' : figure(value));
const daysText = (days: number): string => (days === 1 ? 'a day' : `${days} days`);

/** Bars are means, the line is the expectation. null where nothing is known. */
export function volumeChart({ timeZone, volume: { bins, daysEach } }: QualityTables): Chart | null {
  const values = bins.flatMap(({ actual, expected }) => [actual ?? 0, expected ?? 0]);
  const ticks = ticksFor([0, ...values], 3);
  if (values.every((value) => value <= 0)) return null;
  const rows = bins.map((bin, i) => ({
    ...bin,
    from: i + 0.07,
    to: i + 0.93,
    says: `${dateText(bin.start, timeZone)}: ${known(bin.actual)}, expected ${known(bin.expected)}`,
  }));
  const lastExpected = rows.findLast(({ expected }) => expected !== null)?.expected ?? Number.NaN;
  const frame = {
    ...{ width: WIDTH, height: 220, marginTop: 12, marginRight: 72, marginBottom: 28 },
    marginLeft: marginOf(ticks),
  };
  const domain: [number, number] = [0, bins.length];
  const start = dateText(bins[0]?.start ?? 0, timeZone);
  const bar = { x1: 'from', x2: 'to', title: 'says' };
  return {
    title: `Volume by ${daysText(daysEach)}`,
    description: `From ${start}, highest ${figure(Math.max(...values))}; the line is expected.`,
    panels: [
      {
        ...frame,
        x: { domain, axis: null },
        y: { domain: domainOf(ticks), axis: null },
        marks: [
          ...verticalAxis(ticks),
          ...[false, true].map((isFresh) =>
            Plot.rect(
              rows.filter((row) => row.actual !== null && row.isFresh === isFresh),
              {
                ...{ ...bar, y1: () => 0, y2: 'actual' },
                fill: colour(isFresh ? 'actual' : 'line'),
                ariaDescription: isFresh ? 'new' : 'earlier',
              },
            ),
          ),
          Plot.rect(
            rows.filter(({ actual }) => actual === null),
            {
              ...{ ...bar, y1: () => 0, y2: () => domainOf(ticks)[1] * 0.03 },
              ...{ fill: colour('trouble'), ariaDescription: 'missing' },
            },
          ),
          lineOf(
            rows.map(({ expected }, i) => ({ x: i + 0.5, y: expected ?? Number.NaN })),
            'expected',
            { stroke: colour('forecast'), strokeWidth: 1.8 },
          ),
          ...endLabels(
            [{ text: 'expected', at: lastExpected, fill: colour('forecast'), isBold: true }],
            domainOf(ticks),
            frame,
          ),
          labelsBelow(
            datesOf(rows).map(({ start, at }) => ({
              at: at + 0.5,
              label: dateText(start, timeZone),
            })),
            domain,
            frame,
          ),
        ],
      },
    ],
  };
}

/** About seven of them, with their places. */
function datesOf(bins: readonly { readonly start: number }[]) {
  const every = Math.ceil(bins.length / 7);
  return bins
    .map(({ start }, at) => ({ start, at }))
    .filter(({ at }) => at % every === Math.floor(every / 2) && at < 0.95 * bins.length);
}

/** One row per series, one column per bin of days; the darker, the nearer to its own highest. */
export function heatChart({ timeZone, heat }: QualityTables, seriesNoun: string): Chart | null {
  const { rows, starts, daysEach } = heat;
  if (rows.length === 0) return null;
  const frame = {
    ...{ width: WIDTH, height: rows.length * ROW + 28, marginTop: 24, marginBottom: 4 },
    ...{ marginLeft: NAMES, marginRight: 0 },
  };
  const names = rows.map(({ seriesId, mean, cells }, row) => {
    const missing = cells.split('.').length - 1;
    const gaps = missing > 0 ? `, ${missing} of ${cells.length} bins missing` : '';
    return {
      row: row + 0.5,
      name: short(seriesId),
      says: `${seriesId}: mean ${figure(mean)}${gaps}`,
    };
  });
  return {
    title: `Each ${seriesNoun} by ${daysText(daysEach)}`,
    description: `${rows.length} rows, the busiest first; darker is nearer to its own highest.`,
    panels: [
      {
        ...frame,
        x: { domain: [0, starts.length], axis: null },
        y: { domain: [rows.length, 0], axis: null },
        marks: [
          shades(rows.map(({ cells }) => cells)),
          Plot.text(names, {
            ...{ y: 'row', text: 'name', title: 'says', frameAnchor: 'left', textAnchor: 'end' },
            ...{ dx: -8, fill: colour('muted'), ariaDescription: 'names' },
          }),
          Plot.text(datesOf(starts.map((start) => ({ start }))), {
            ...{ x: ({ at }) => at + 0.5, text: ({ start }) => dateText(start, timeZone) },
            ...{ frameAnchor: 'top', lineAnchor: 'bottom', dy: -6, fill: colour('muted') },
          }),
        ],
      },
    ],
  };
}

/** How a shade is stroked; "0" is nothing, "." is missing. */
const SHADES: Readonly<Record<string, readonly [stroke: string, opacity: number, width: number]>> =
  {
    '.': [colour('trouble'), 0.7, 2],
    '0': [colour('line'), 1, 2],
    ...Object.fromEntries(
      [1, 2, 3, 4, 5].map((shade) => [String(shade), [colour('forecast'), shade / 5, ROW - 3]]),
    ),
  };

interface SvgElement {
  setAttribute(name: string, value: string): void;
  append(child: SvgElement): void;
}
interface SvgDocument {
  createElementNS(namespace: string, name: string): SvgElement;
}

/**
 * One path for each shade. Equal neighbours are one stroke, and each stroke is relative to the one
 * before: as a cell each, 300 series would be a megabyte.
 */
function shades(cells: readonly string[]): Plot.Markish {
  return (_index, { scales: _ }, _values, { width, marginLeft, marginTop }, context) => {
    const { document } = context as unknown as { document: SvgDocument };
    const create = (name: string) => document.createElementNS('http://www.w3.org/2000/svg', name);
    const group = create('g');
    const columns = cells[0]?.length ?? 1;
    const step = ((width as number) - (marginLeft as number)) / columns;
    group.setAttribute('fill', 'none');
    group.setAttribute(
      'transform',
      `translate(${marginLeft} ${marginTop}) scale(${step.toFixed(4)} 1)`,
    );
    for (const [shade, [stroke, opacity, strokeWidth]] of Object.entries(SHADES)) {
      const path = create('path');
      const d = strokesOf(cells, shade);
      path.setAttribute('d', d);
      path.setAttribute('stroke', stroke);
      path.setAttribute('stroke-opacity', String(opacity));
      path.setAttribute('stroke-width', String(strokeWidth));
      path.setAttribute('aria-description', shade === '.' ? 'missing' : `shade ${shade}`);
      if (d) group.append(path);
    }
    return group as unknown as ReturnType<Plot.RenderFunction>;
  };
}

function strokesOf(cells: readonly string[], shade: string): string {
  let d = '';
  for (const [row, text] of cells.entries()) {
    let pen: number | null = null;
    for (let from = 0, to = 0; from < text.length; from = to) {
      while (to < text.length && text[to] === text[from]) to++;
      if (text[from] !== shade) continue;
      d += `${pen === null ? `M${from} ${row * ROW + ROW / 2}` : `m${from - pen} 0`}h${to - from}`;
      pen = to;
    }
  }
  return d;
}

export interface RejectionChart {
  readonly chart: Chart;
  /** In the order of `partColour`. */
  readonly reasons: readonly string[];
}

/** One bar per part: the share of its rows that was rejected, by reason. null where none was. */
export function rejectionChart(parts: readonly PartAccount[]): RejectionChart | null {
  const shown = parts.slice(-MAX_PARTS).filter(({ rowsIn }) => rowsIn > 0);
  const totals = new Map<string, number>();
  for (const { rejected } of shown) {
    for (const [reason, rows] of Object.entries(rejected))
      totals.set(reason, (totals.get(reason) ?? 0) + rows);
  }
  const reasons = [...totals]
    .sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1))
    .map(([reason]) => reason);
  if (reasons.length === 0) return null;
  const named = reasons.slice(0, MAX_REASONS);
  const bars = shown.flatMap((part, index) => {
    const { rejected, rowsIn, name } = part;
    const all = Object.values(rejected).reduce((sum, rows) => sum + rows, 0);
    const each = named.map((reason) => rejected[reason] ?? 0);
    const shares = [...each, all - each.reduce((sum, rows) => sum + rows, 0)].map(
      (rows) => rows / rowsIn,
    );
    const said = named.map((reason, kind) => `${reason} ${shareText(shares[kind] as number)}`);
    let from = 0;
    return shares.flatMap((share, kind) => {
      from += share;
      if (share === 0) return [];
      return [{ index, kind, from: from - share, to: from, says: `${name}: ${said.join(', ')}` }];
    });
  });
  const ticks = ticksFor([0, ...bars.map(({ to }) => to)], 3);
  const format = (share: number) => `${Number((100 * share).toPrecision(3))} %`;
  const wide = Math.min(0.86, (60 * shown.length) / WIDTH);
  return {
    reasons: reasons.length > MAX_REASONS ? [...named, 'other reasons'] : named,
    chart: {
      title: `Share of rows rejected, highest ${shareText(Math.max(...bars.map(({ to }) => to)))}`,
      description: `Share of rows rejected in each of the last ${shown.length} files, by reason.`,
      panels: [
        {
          ...{ width: WIDTH, height: 180, marginTop: 12, marginRight: 0, marginBottom: 8 },
          marginLeft: marginOf(ticks, format),
          x: { domain: [0, shown.length], axis: null },
          y: { domain: domainOf(ticks), axis: null },
          marks: [
            ...verticalAxis(ticks, format),
            Plot.rect(bars, {
              ...{ x1: 'index', x2: ({ index }) => index + wide, y1: 'from', y2: 'to' },
              ...{ fill: ({ kind }) => partColour(kind), title: 'says' },
              ariaDescription: 'rejected',
            }),
          ],
        },
      ],
    },
  };
}

/** A bar for each label; null is unknown. */
export function barChart(
  title: string,
  values: readonly (number | null)[],
  labels: readonly string[],
): Chart {
  const known = values.map((value) => value ?? 0);
  const ticks = ticksFor([0, ...known], 3);
  const rows = known.map((value, i) => ({
    ...{ i, value, says: `${labels[i]}: ${figure(values[i] ?? null)}` },
  }));
  const frame = {
    ...{ width: WIDTH, height: 180, marginTop: 12, marginRight: 0, marginBottom: 28 },
    marginLeft: marginOf(ticks),
  };
  const domain: [number, number] = [-0.5, values.length - 0.5];
  return {
    title,
    description: `Highest ${figure(Math.max(0, ...known))}; every bar has its number as a title.`,
    panels: [
      {
        ...frame,
        x: { domain, axis: null },
        y: { domain: domainOf(ticks), axis: null },
        marks: [
          ...verticalAxis(ticks),
          Plot.rect(rows, {
            ...{ x1: ({ i }) => i - 0.4, x2: ({ i }) => i + 0.4, y1: () => 0, y2: 'value' },
            ...{ fill: colour('actual'), fillOpacity: 0.75, title: 'says', ariaDescription: title },
          }),
          labelsBelow(
            labels.map((label, at) => ({ at, label })),
            domain,
            frame,
          ),
        ],
      },
    ],
  };
}
