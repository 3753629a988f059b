/**
 * Purpose: draw one forecast as SVG in the page, and find which interval is under the pointer.
 * Invariants: all text goes in as text nodes; colours come from page.css by class; a missing value
 * breaks its line.
 * Fails: never; with nothing to draw there are axes only.
 */
import { localDays, niceTicks, numberLabel, runs, timeLabels } from './scales.js';

const SVG = 'http://www.w3.org/2000/svg';

function element(parent, name, attributes = {}, text) {
  const node = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
  if (text !== undefined) node.textContent = text;
  parent.append(node);
  return node;
}

/**
 * @param {HTMLElement} box where to draw
 * @param {{ timestamps: number[], actual: number[], lower: number[], median: number[],
 *   upper: number[], naive: number[], cutoffIndex: number, timeZone: string }} data columns over
 *   the same timestamps; NaN is "none"
 * @returns {{ indexAt(clientX: number): number, mark(index: number | null): void }}
 */
export function drawChart(box, data) {
  const width = Math.max(280, box.clientWidth);
  const height = Math.round(Math.min(400, Math.max(260, width * 0.4)));
  const values = [data.actual, data.lower, data.median, data.upper, data.naive]
    .flat()
    .filter(Number.isFinite);
  const highest = values.length > 0 ? Math.max(...values) : 1;
  const ticks = niceTicks(floorOf(values), highest, height > 300 ? 6 : 4);
  const top = 12;
  const bottom = height - 26;
  const left = 16 + Math.max(...ticks.map((tick) => numberLabel(tick).length)) * 7;
  const right = width - 10;
  const count = data.timestamps.length;
  const x = (index) => left + ((right - left) * index) / Math.max(1, count - 1);
  const y = (value) =>
    bottom - ((bottom - top) * (value - ticks[0])) / (ticks[ticks.length - 1] - ticks[0]);
  const point = (index, value) => `${x(index).toFixed(1)} ${y(value).toFixed(1)}`;
  const line = (column) =>
    runs(column)
      .map(({ from, to }) => column.slice(from, to).map((value, i) => point(from + i, value)))
      .map((points) => `M${points.join('L')}`)
      .join('');

  const svg = document.createElementNS(SVG, 'svg');
  svg.setAttribute('viewBox', `0 0 ${width} ${height}`);
  svg.setAttribute('aria-hidden', 'true');

  const boundary = x(data.cutoffIndex + 0.5);
  element(svg, 'rect', {
    class: 'future',
    x: boundary,
    y: top,
    width: Math.max(0, right - boundary),
    height: bottom - top,
  });
  for (const tick of ticks) {
    element(svg, 'line', { class: 'grid', x1: left, x2: right, y1: y(tick), y2: y(tick) });
    element(svg, 'text', { x: left - 8, y: y(tick) + 4, 'text-anchor': 'end' }, numberLabel(tick));
  }
  drawDays(svg, data, { x, top, bottom, left, right });
  for (const { from, to } of runs(data.lower)) {
    const upper = Array.from({ length: to - from }, (_, i) =>
      point(from + i, data.upper[from + i]),
    );
    const lower = Array.from({ length: to - from }, (_, i) =>
      point(to - 1 - i, data.lower[to - 1 - i]),
    );
    element(svg, 'path', { class: 'band', d: `M${[...upper, ...lower].join('L')}Z` });
  }
  element(svg, 'path', { class: 'naive', d: line(data.naive) });
  element(svg, 'path', { class: 'actual', d: line(data.actual) });
  element(svg, 'path', { class: 'median', d: line(data.median) });
  element(svg, 'line', { class: 'cutoff', x1: boundary, x2: boundary, y1: top, y2: bottom });
  element(svg, 'text', { x: boundary - 6, y: top + 10, 'text-anchor': 'end' }, 'cutoff');

  const marker = element(svg, 'g');
  box.replaceChildren(svg);
  return {
    indexAt(clientX) {
      const bounds = svg.getBoundingClientRect();
      const at = ((clientX - bounds.left) / bounds.width) * width;
      return Math.min(
        count - 1,
        Math.max(0, Math.round(((at - left) / (right - left)) * (count - 1))),
      );
    },
    mark(index) {
      marker.replaceChildren();
      if (index === null) return;
      element(marker, 'line', { class: 'cross', x1: x(index), x2: x(index), y1: top, y2: bottom });
      for (const name of ['actual', 'median']) {
        const value = data[name][index];
        if (Number.isFinite(value))
          element(marker, 'circle', { class: `dot ${name}`, cx: x(index), cy: y(value), r: 4 });
      }
    },
  };
}

/** Zero, unless values lie below it, or all far above it: then the line would be squeezed flat. */
function floorOf(values) {
  const lowest = Math.min(...values);
  const highest = Math.max(...values);
  return values.length > 0 && (lowest < 0 || lowest > 0.5 * highest) ? lowest : 0;
}

function drawDays(svg, { timestamps, timeZone }, { x, top, bottom, left, right }) {
  const labels = timeLabels(timeZone);
  const days = localDays(timestamps, timeZone);
  const every = Math.max(1, Math.ceil((days.length * 74) / (right - left)));
  for (const [i, day] of days.entries()) {
    const at = x(timestamps.indexOf(day));
    element(svg, 'line', { class: 'grid', x1: at, x2: at, y1: top, y2: bottom });
    // Counted from the last day, so that the forecast's own day keeps its label.
    if ((days.length - 1 - i) % every !== 0) continue;
    const anchor = at > right - 34 ? 'end' : at < 38 ? 'start' : 'middle';
    element(
      svg,
      'text',
      { x: anchor === 'end' ? right : at, y: bottom + 17, 'text-anchor': anchor },
      labels.day(day),
    );
  }
  element(svg, 'line', { class: 'axis', x1: left, x2: right, y1: bottom, y2: bottom });
}
