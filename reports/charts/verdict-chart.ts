/**
 * Purpose: the gate's verdict as a picture: how much better the challenger was after each cutoff,
 * the mean with its confidence interval, and what it had to exceed. It is kept beside the verdict
 * in the store.
 * Invariants: pure; self-contained SVG in light and dark, below 30 kB however many cutoffs there
 * are; everything from data is escaped.
 * Fails: never; a verdict without comparisons is a picture of its reason.
 */
import type { Comparison } from '../../forecasting/evaluation/comparison.ts';
import { escaped } from '../../platform/text/escaped.ts';
import type { VerdictChart } from '../../services/training/train.ts';
import { niceTicks, numberLabel } from '../../web/scales.js';

const WIDTH = 760;
const LEFT = 74;
const RIGHT = WIDTH - 106;
const HEAD = 92;
const PANEL = 250;
const PLOT_TOP = 40;
const PLOT_BOTTOM = 200;
/** More points than this are drawn as every n-th: the picture stays small. */
const MAX_POINTS = 120;

const STYLE = `
.ground{fill:#fff;stroke:#dfe4ea}.grid{stroke:#e8ecf0}.zero{stroke:#586574;stroke-width:1.5}.margin{stroke:#b4620a;stroke-dasharray:5 4}
text{fill:#586574;font:12px system-ui,-apple-system,"Segoe UI",Roboto,"DejaVu Sans",sans-serif}
.title{fill:#17202b;font-size:17px;font-weight:700}.name{fill:#17202b;font-size:13px;font-weight:600}
.stem{stroke:#9aa7b5}.point{fill:#2b3643}.band{fill:#1d5fd1;fill-opacity:.14}.mean{stroke:#1d5fd1;stroke-width:2.5}
.promoted{fill:#14743d}.rejected{fill:#b3261e}.inconclusive{fill:#8a5a00}.flag{font-weight:700;font-size:13px}
@media (prefers-color-scheme:dark){.ground{fill:#161d26;stroke:#2a3440}.grid{stroke:#222c37}.zero{stroke:#97a4b3}.margin{stroke:#e9a64b}
text{fill:#97a4b3}.title,.name{fill:#e6ebf1}.stem{stroke:#4a5866}.point{fill:#d5dde6}.band{fill:#6cabff;fill-opacity:.2}.mean{stroke:#6cabff}
.promoted{fill:#5fd38d}.rejected{fill:#ff8f86}.inconclusive{fill:#f0bf60}}`;

export function verdictSvg({ title, unit, outcome, reason, comparisons }: VerdictChart): string {
  const lines = wrapped(reason, 112);
  const head = HEAD + Math.max(0, lines.length - 1) * 16;
  const height = head + comparisons.length * PANEL;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" width="${WIDTH}" height="${height}" role="img" aria-labelledby="t d">`,
    `<title id="t">${escaped(title)}</title><desc id="d">${escaped(reason)}</desc><style>${STYLE}</style>`,
    `<rect class="ground" x=".5" y=".5" width="${WIDTH - 1}" height="${height - 1}" rx="10"/>`,
    `<text class="title" x="20" y="31">${escaped(title)}</text>`,
    `<text class="flag ${outcome}" x="${WIDTH - 20}" y="31" text-anchor="end">${outcome}</text>`,
    ...lines.map((line, i) => `<text x="20" y="${54 + 16 * i}">${escaped(line)}</text>`),
    ...comparisons.map(
      (comparison, i) =>
        `<g transform="translate(0 ${head - 16 + i * PANEL})">${panel(comparison, unit)}</g>`,
    ),
    '</svg>\n',
  ].join('\n');
}

/**
 * One comparison: a stem for every cutoff, the band of the interval, its mean, zero and what
 * matters.
 */
function panel(
  { reference, loss, differences, difference, interval, margin, cutoffs }: Comparison,
  unit: string,
): string {
  const every = Math.ceil(differences.length / MAX_POINTS);
  const shown = differences.flatMap((value, c) => (c % every === 0 ? [{ c, value }] : []));
  const [low, high] = interval;
  const all = [...shown.map(({ value }) => value), low, high, 0, margin];
  const ticks = niceTicks(Math.min(...all), Math.max(...all), 5);
  const [bottom, top] = [ticks[0] as number, ticks[ticks.length - 1] as number];
  const x = (c: number) =>
    (LEFT + 10 + ((RIGHT - LEFT - 20) * c) / Math.max(1, differences.length - 1)).toFixed(1);
  const height = (value: number) =>
    PLOT_BOTTOM - ((PLOT_BOTTOM - PLOT_TOP) * (value - bottom)) / (top - bottom || 1);
  const y = (value: number) => height(value).toFixed(1);
  const bandHeight = Math.max(1, height(low) - height(high)).toFixed(1);
  // Labels beside the lines they belong to, moved apart where they would touch.
  const labels = apart([
    { at: height(difference), text: `mean ${numberLabel(Number(difference.toPrecision(3)))}` },
    { at: height(0), text: 'no difference' },
    { at: height(margin), text: 'what matters' },
  ]);
  const lossName = loss === 'pinball' ? 'Pinball loss' : 'Error';
  const order = every === 1 ? '' : `, every ${every}th shown`;
  return [
    `<text class="name" x="20" y="20">${escaped(`${lossName} of ${reference} − that of the challenger`)}</text>`,
    `<text x="${WIDTH - 20}" y="20" text-anchor="end">${escaped(`${unit}; above 0 the challenger was better`)}</text>`,
    ...ticks.map(
      (tick) =>
        `<path class="grid" d="M${LEFT} ${y(tick)}H${RIGHT}"/><text x="${LEFT - 8}" y="${(height(tick) + 4).toFixed(1)}" text-anchor="end">${numberLabel(tick)}</text>`,
    ),
    `<rect class="band" x="${LEFT}" y="${y(high)}" width="${RIGHT - LEFT}" height="${bandHeight}"/>`,
    `<path class="stem" d="${shown.map(({ c, value }) => `M${x(c)} ${y(0)}V${y(value)}`).join('')}"/>`,
    ...shown.map(({ c, value }) => `<circle class="point" cx="${x(c)}" cy="${y(value)}" r="2.6"/>`),
    `<path class="zero" d="M${LEFT} ${y(0)}H${RIGHT}"/><path class="margin" d="M${LEFT} ${y(margin)}H${RIGHT}"/>`,
    `<path class="mean" d="M${LEFT} ${y(difference)}H${RIGHT}"/>`,
    ...labels.map(
      ({ at, text }) => `<text x="${RIGHT + 8}" y="${(at + 4).toFixed(1)}">${escaped(text)}</text>`,
    ),
    `<text x="20" y="${PLOT_BOTTOM + 30}">${cutoffs} cutoffs, oldest first${order}. Band: the true mean lies above its low end (95 % sure) and below its high end (90 %).</text>`,
  ].join('');
}

function apart(labels: { at: number; text: string }[]): { at: number; text: string }[] {
  const sorted = labels.sort((a, b) => a.at - b.at);
  let least = 0;
  for (const label of sorted) {
    label.at = Math.max(label.at, least);
    least = label.at + 14;
  }
  let most = PLOT_BOTTOM;
  for (const label of sorted.toReversed()) {
    label.at = Math.min(label.at, most);
    most = label.at - 14;
  }
  return sorted;
}

function wrapped(text: string, width: number): string[] {
  const lines: string[] = [];
  for (const word of text.slice(0, 600).split(' ')) {
    const last = lines[lines.length - 1];
    if (last !== undefined && last.length + word.length < width)
      lines[lines.length - 1] = `${last} ${word}`;
    else lines.push(word);
  }
  return lines;
}
