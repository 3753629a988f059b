/**
 * Purpose: one forecast as text for a terminal: the data of its chart in Braille dots.
 * Invariants: pure; every row has at most `width` characters; colour only where asked; control
 * characters in titles are dropped.
 * Fails: a RangeError as `checkForecast`, or for a size too small to read.
 */

import { localDays, numberLabel, runs, timeLabels } from '../../platform/text/scales.ts';
import {
  checkForecast,
  type ForecastData,
  forecastValues,
  ticksFor,
} from '../charts/data/forecast-data.ts';

export interface TerminalSize {
  /** Characters, axis and labels included. */
  readonly width: number;
  /** Rows, title, axis and legend included. */
  readonly height: number;
  /** ANSI colours. Default: none. */
  readonly colour?: boolean;
}

/** Dot (column 0–1, row 0–3) → its bit in U+2800. */
const BITS = [
  [0x01, 0x02, 0x04, 0x40],
  [0x08, 0x10, 0x20, 0x80],
];
/** Later ones win a cell that several share. */
const LAYERS = ['band', 'actual', 'median'] as const;
type Layer = (typeof LAYERS)[number];
const COLOURS: Record<Layer, string> = { band: '34', actual: '39', median: '1;36' };

export function forecastInTerminal(data: ForecastData, size: TerminalSize): string {
  checkForecast(data);
  const { actuals, forecast, timeZone } = data;
  if (!(size.width >= 30 && size.height >= 8))
    throw new RangeError('a chart needs at least 30 × 8 characters');
  const rows = Math.floor(size.height) - 4;
  const ticks = ticksFor(forecastValues(data), Math.max(2, Math.floor(rows / 3)));
  const margin = Math.max(...ticks.map((tick) => numberLabel(tick).length));
  const columns = Math.floor(size.width) - margin - 2;
  const times = [...actuals.map((one) => one.timestamp), ...forecast.timestamps];
  const first = times.reduce((a, b) => Math.min(a, b));
  const last = times.reduce((a, b) => Math.max(a, b));
  const x = (time: number) => ((columns * 2 - 1) * (time - first)) / Math.max(1, last - first);
  const y = (value: number) =>
    ((rows * 4 - 1) * (ticks[ticks.length - 1] - value)) / (ticks[ticks.length - 1] - ticks[0]);

  const bits: Record<Layer, Uint8Array> = {
    band: new Uint8Array(rows * columns),
    actual: new Uint8Array(rows * columns),
    median: new Uint8Array(rows * columns),
  };
  const dot = (layer: Layer, dx: number, dy: number) => {
    const [px, py] = [Math.round(dx), Math.round(dy)];
    if (px < 0 || py < 0 || px >= columns * 2 || py >= rows * 4) return;
    bits[layer][(py >> 2) * columns + (px >> 1)] |= BITS[px & 1][py & 3];
  };
  const line = (layer: Layer, stamps: readonly number[], values: ArrayLike<number>) => {
    for (const { from, to } of runs(values)) {
      dot(layer, x(stamps[from]), y(values[from]));
      for (let i = from + 1; i < to; i++) {
        const [x0, y0, x1, y1] = [x(stamps[i - 1]), y(values[i - 1]), x(stamps[i]), y(values[i])];
        const dots = Math.ceil(Math.max(Math.abs(x1 - x0), Math.abs(y1 - y0), 1));
        for (let k = 1; k <= dots; k++)
          dot(layer, x0 + ((x1 - x0) * k) / dots, y0 + ((y1 - y0) * k) / dots);
      }
    }
  };
  // The band is shaded sparsely, every other dot, so that the median stays readable without colour.
  for (let i = 0; i < forecast.timestamps.length; i++) {
    const [low, high] = [y(forecast.lower[i]), y(forecast.upper[i])];
    if (!Number.isFinite(low + high)) continue;
    const from = Math.round(x(forecast.timestamps[i]));
    const until =
      i + 1 < forecast.timestamps.length ? Math.round(x(forecast.timestamps[i + 1])) : from + 1;
    for (let px = from; px < Math.max(until, from + 1); px++) {
      for (let py = Math.round(high); py <= Math.round(low); py++)
        if ((px + py) % 2 === 0) dot('band', px, py);
    }
  }
  line(
    'actual',
    actuals.map((one) => one.timestamp),
    actuals.map((one) => one.value),
  );
  line('median', forecast.timestamps, forecast.median);

  const paint = (text: string, code: string) =>
    size.colour ? `\u001b[${code}m${text}\u001b[0m` : text;
  const labelAt = new Map(ticks.map((tick) => [Math.round(y(tick)) >> 2, numberLabel(tick)]));
  const chart = Array.from({ length: rows }, (_, row) => {
    const label = labelAt.get(row) ?? '';
    const text = rowOf(bits, row * columns, columns, paint);
    return `${label.padStart(margin)} ${label ? '┤' : '│'}${text}`.trimEnd();
  });
  const step = forecast.timestamps.length > 1 ? forecast.timestamps[1] - forecast.timestamps[0] : 0;
  const cutoff = Math.min(columns - 1, Math.max(0, Math.round(x(data.cutoff + step / 2) / 2)));
  const axis = `${' '.repeat(margin)} └${'─'.repeat(cutoff)}┴${'─'.repeat(columns - cutoff - 1)}`;
  const plain = (text: string) => text.replace(/\p{C}/gu, '').slice(0, Math.floor(size.width));
  const { full } = timeLabels(timeZone);
  const band = data.bandName ?? '80 % interval';
  const names = `━ actual, then median in its ${band}; ┴ cutoff ${full(data.cutoff)}`;
  const legend = `${' '.repeat(margin + 2)}${names}`;
  return [
    paint(plain(`${data.title} (${data.unit})`), '1'),
    ...chart,
    axis,
    `${' '.repeat(margin + 2)}${dayRow(times, timeZone, columns, (time) => x(time) / 2)}`.trimEnd(),
    plain(legend),
  ].join('\n');
}

/** One row of characters, from `first` on; neighbours of one layer are painted together. */
function rowOf(
  bits: Record<Layer, Uint8Array>,
  first: number,
  columns: number,
  paint: (text: string, code: string) => string,
): string {
  let text = '';
  let stretch = '';
  let layer: Layer | undefined;
  for (let cell = first; cell < first + columns; cell++) {
    const all = LAYERS.reduce((sum, layer) => sum | bits[layer][cell], 0);
    const top = LAYERS.findLast((layer) => bits[layer][cell] !== 0);
    // Where the median runs, the band's dots would blur it.
    const shown = bits.median[cell] || all;
    if (top !== layer) {
      text += layer ? paint(stretch, COLOURS[layer]) : stretch;
      stretch = '';
      layer = top;
    }
    stretch += top ? String.fromCodePoint(0x2800 + shown) : ' ';
  }
  return text + (layer ? paint(stretch, COLOURS[layer]) : stretch);
}

/** Day labels under the axis, each at its local midnight, dropped where they would touch. */
function dayRow(
  times: readonly number[],
  timeZone: string,
  columns: number,
  x: (time: number) => number,
): string {
  const { day } = timeLabels(timeZone);
  let row = '';
  for (const midnight of localDays(times, timeZone)) {
    const at = Math.round(x(midnight));
    const label = day(midnight);
    if (at < row.length + (row ? 2 : 0) || at + label.length > columns) continue;
    row = row.padEnd(at) + label;
  }
  return row;
}
