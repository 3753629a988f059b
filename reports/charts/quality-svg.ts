/**
 * Purpose: the pictures of the data-quality page as inline SVG: volume against expectation, series
 * by day, rejected rows by part.
 * Invariants: each says in words what it shows (role img, a label); colours come from the page's
 * style, and no meaning hangs on colour alone: the figures are in a title or a table beside it.
 * Everything from data is escaped. Three hundred series stay below 300 kB.
 * Fails: never.
 */
import { escaped } from '../../platform/text/escaped.ts';
import { shareText, wholeText } from '../../services/feature/contract/verdict.ts';
import type { PartAccount } from '../../services/feature/quality-report.ts';
import type { QualityTables } from './quality-tables.ts';

const WIDTH = 720;
const MAX_PARTS = 60;
const MAX_REASONS = 6;
const ROW = 13;
const LABELS = 150;
const MAX_LETTERS = 24;

const dateText = (timestamp: number): string => new Date(timestamp).toISOString().slice(0, 10);
const figure = (value: number): string => (value >= 100 ? wholeText(value) : value.toPrecision(3));
const short = (text: string): string =>
  text.length > MAX_LETTERS ? `${text.slice(0, MAX_LETTERS - 1)}…` : text;

const svg = (height: number, label: string, body: string): string =>
  `<svg viewBox="0 0 ${WIDTH} ${height}" role="img" aria-label="${escaped(label)}">${body}</svg>`;

/** Bars for what there is, a line for what the same hours of the four weeks before let expect. */
export function volumeChart({ volume: { bins, daysEach } }: QualityTables): string {
  const highest = Math.max(
    0,
    ...bins.flatMap(({ actual, expected }) => [actual ?? 0, expected ?? 0]),
  );
  if (bins.length === 0 || highest === 0) return '';
  const step = WIDTH / bins.length;
  const y = (value: number) => 150 - (Math.max(0, value) / highest) * 132;
  const bars = bins.map(({ start, actual, expected, isFresh }, index) => {
    const title = `${dateText(start)}: ${actual === null ? 'unknown' : figure(actual)}, expected ${expected === null ? 'unknown' : figure(expected)}`;
    const height = actual === null ? 2 : 150 - y(actual);
    const kind = actual === null ? 'gap' : isFresh ? 'new' : 'old';
    return `<rect class="${kind}" x="${(index * step).toFixed(1)}" y="${(150 - height).toFixed(1)}" width="${(step * 0.86).toFixed(2)}" height="${height.toFixed(1)}"><title>${title}</title></rect>`;
  });
  let path = '';
  for (const [index, { expected }] of bins.entries()) {
    if (expected === null) continue;
    const starts = index === 0 || bins[index - 1]?.expected === null;
    path += `${starts ? 'M' : 'L'}${((index + 0.43) * step).toFixed(1)} ${y(expected).toFixed(1)}`;
  }
  const every = Math.ceil(bins.length / 7);
  const dates = bins
    .map(({ start }, index) => ({ start, index }))
    .filter(({ index }) => index % every === 0 && (index + 0.5) * step < WIDTH - 50)
    .map(
      ({ start, index }) =>
        `<text x="${(index * step).toFixed(1)}" y="166">${dateText(start)}</text>`,
    );
  const label = `Volume in bins of ${daysEach === 1 ? 'a day' : `${daysEach} days`} from ${dateText(bins[0]?.start ?? 0)}, highest ${figure(highest)}; a line shows what was expected`;
  return svg(
    170,
    label,
    `<text x="0" y="10">${figure(highest)}</text>${bars.join('')}<path class="line" d="${path}"/>${dates.join('')}`,
  );
}

/**
 * One row a series, one column a bin of days; the darker, the nearer to the series' own highest.
 */
export function heatChart({ heat }: QualityTables, seriesNoun: string): string {
  const { rows, starts, daysEach } = heat;
  if (rows.length === 0) return '';
  const shades = new Map<string, string>();
  for (const [index, { cells }] of rows.entries()) {
    const pens = new Map<string, number>();
    // Equal neighbours are one stroke, and each stroke begins where the last of its shade ended:
    // this keeps the page small.
    for (let from = 0, to = 0; from < cells.length; from = to) {
      const shade = cells[from] as string;
      while (to < cells.length && cells[to] === shade) to++;
      const pen = pens.get(shade);
      const move = pen === undefined ? `M${from} ${index * ROW + 6}` : `m${from - pen} 0`;
      shades.set(shade, `${shades.get(shade) ?? ''}${move}h${to - from}`);
      pens.set(shade, to);
    }
  }
  const scale = (WIDTH - LABELS) / starts.length;
  const kinds = (shade: string) => (shade === '.' ? 'gap' : `shade${shade}`);
  const paths = [...shades].sort().map(([shade, d]) => `<path class="${kinds(shade)}" d="${d}"/>`);
  const names = rows.map(({ seriesId, mean, cells }, index) => {
    const missing = cells.split('.').length - 1;
    const title = `${seriesId}: mean ${figure(mean)}${missing > 0 ? `, ${missing} of ${cells.length} bins missing` : ''}`;
    return `<text x="${LABELS - 6}" y="${index * ROW + 10}" text-anchor="end">${escaped(short(seriesId))}<title>${escaped(title)}</title></text>`;
  });
  const every = Math.ceil(starts.length / 6);
  const dates = starts
    .map((start, column) => ({ start, column }))
    .filter(({ column }) => column % every === 0 && column < starts.length * 0.95)
    .map(
      ({ start, column }) =>
        `<text x="${(LABELS + column * scale).toFixed(1)}" y="11">${dateText(start)}</text>`,
    );
  const label = `Each ${seriesNoun} by ${daysEach === 1 ? 'day' : `${daysEach} days`}, ${rows.length} of them, the busiest first; the darker, the nearer to its own highest`;
  const body = `${dates.join('')}<g transform="translate(0 18)">${names.join('')}<g class="heat" transform="translate(${LABELS} 0) scale(${scale.toFixed(4)} 1)">${paths.join('')}</g></g>`;
  return svg(rows.length * ROW + 22, label, body);
}

/** One bar a part: the share of its rows that was rejected, by reason. */
export function rejectionChart(parts: readonly PartAccount[]): string {
  const shown = parts.slice(-MAX_PARTS).filter(({ rowsIn }) => rowsIn > 0);
  const totals = new Map<string, number>();
  for (const { rejected } of shown) {
    for (const [reason, rows] of Object.entries(rejected))
      totals.set(reason, (totals.get(reason) ?? 0) + rows);
  }
  const reasons = [...totals]
    .sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1))
    .map(([reason]) => reason);
  if (reasons.length === 0) return '';
  const named = reasons.slice(0, MAX_REASONS);
  const sharesOf = ({ rejected, rowsIn }: PartAccount): number[] => {
    const all = Object.values(rejected).reduce((sum, rows) => sum + rows, 0);
    const each = named.map((reason) => rejected[reason] ?? 0);
    return [...each, all - each.reduce((sum, rows) => sum + rows, 0)].map((rows) => rows / rowsIn);
  };
  const shares = shown.map(sharesOf);
  const highest = Math.max(...shares.map((each) => each.reduce((sum, share) => sum + share, 0)));
  const step = WIDTH / shown.length;
  const bars = shown.map((part, index) => {
    let top = 140;
    const pieces = (shares[index] as number[]).map((share, kind) => {
      const height = highest > 0 ? (share / highest) * 122 : 0;
      top -= height;
      return height === 0
        ? ''
        : `<rect class="kind${kind}" x="${(index * step).toFixed(1)}" y="${top.toFixed(1)}" width="${Math.min(60, step * 0.86).toFixed(1)}" height="${height.toFixed(1)}"/>`;
    });
    const each = named.map(
      (reason, kind) => `${reason} ${shareText((shares[index] as number[])[kind] as number)}`,
    );
    return `<g><title>${escaped(`${part.name}: ${each.join(', ')}`)}</title>${pieces.join('')}</g>`;
  });
  const names = reasons.length > MAX_REASONS ? [...named, 'other reasons'] : named;
  const legend = names.map((name, kind) => {
    const x = (kind % 3) * 240;
    const y = 158 + Math.floor(kind / 3) * 18;
    return `<rect class="kind${kind}" x="${x}" y="${y - 9}" width="10" height="10"/><text x="${x + 15}" y="${y}">${escaped(short(name))}</text>`;
  });
  const label = `Share of rows rejected in each of the last ${shown.length} files, by reason; highest ${shareText(highest)}`;
  return svg(
    162 + 18 * Math.ceil(names.length / 3),
    label,
    `<text x="0" y="10">${shareText(highest)}</text>${bars.join('')}${legend.join('')}`,
  );
}
