/**
 * Purpose: charts as SVG text without a browser: inline in a page, or as a file of its own.
 * Invariants: the same chart gives the same bytes; text is escaped; coordinates have two decimals;
 * no script, no style from elsewhere; a title and a description come first.
 * Fails: never.
 */
import * as Plot from '@observablehq/plot';
import { parseHTML } from 'linkedom/worker';
import { escaped } from '../../platform/text/escaped.ts';
import { html, Markup } from '../text/html.ts';
import { LOOK, TEXT_SIZE } from './look.ts';

/** What is drawn: in a browser `Plot.plot(panel)` draws the same. */
export interface Chart {
  /** The finding in one line. */
  readonly title: string;
  /** The same for those who cannot see the chart. */
  readonly description: string;
  readonly panels: readonly Panel[];
}

export interface Panel extends Plot.PlotOptions {
  readonly width: number;
  readonly height: number;
  /** Above the panel, in a file. */
  readonly heading?: string;
  readonly note?: string;
}

export interface ChartFile extends Chart {
  readonly subtitle: readonly string[];
}

/** A chart of one panel or more for a page that has the stylesheet. */
export function inlineSvg({ title, description, panels }: Chart): Markup {
  const { body, width, height } = stacked(panels, 0);
  const size = html`viewBox="0 0 ${width} ${height}" font-size="${TEXT_SIZE}"`;
  const about = html`<title>${title}</title><desc>${description}</desc>`;
  return html`<svg ${size} role="img">${about}${body}</svg>`;
}

const EDGE = 24;
const TITLE = 40;
const LINE = 20;

/** A file that brings its own ground and colours, for light and dark. */
export function svgFile({ title, description, panels, subtitle }: ChartFile): string {
  const top = TITLE + LINE * subtitle.length + 12;
  const { body, width, height } = stacked(panels, top, EDGE);
  const [outer, bottom] = [width + 2 * EDGE, height + 16];
  const yOf = (line: number) => TITLE + LINE * (line + 1) + 4;
  const lines = subtitle.map(
    (text, i) => html`<text x="${EDGE}" y="${yOf(i)}" fill="var(--muted)">${text}</text>\n`,
  );
  return `${html`<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${outer} ${bottom}"
 width="${outer}" height="${bottom}" role="img" aria-labelledby="t d" font-size="${TEXT_SIZE}">
<title id="t">${title}</title><desc id="d">${description}</desc>
<style>${new Markup(LOOK)}</style>
<rect width="100%" height="100%" fill="var(--ground)"/>
<text x="${EDGE}" y="${TITLE}" font-size="20" font-weight="600" fill="var(--ink)">${title}</text>
${lines}${body}
</svg>
`}`;
}

function stacked(panels: readonly Panel[], top: number, left = 0) {
  let y = top;
  const body = panels.map((panel) => {
    const { heading, note, ...options } = panel;
    const above = heading === undefined ? 0 : 44;
    const below = note === undefined ? 0 : 28;
    const muted = new Markup('fill="var(--muted)"');
    const drawn = html`<g transform="translate(${left} ${y})">
${heading !== undefined && html`<text y="32" font-weight="600" fill="var(--ink)">${heading}</text>`}
<g transform="translate(0 ${above})" ${muted} text-anchor="middle">${plotted(options)}</g>
${note !== undefined && html`<text y="${above + panel.height + 16}" ${muted}>${note}</text>`}</g>`;
    y += above + panel.height + below;
    return drawn;
  });
  return { body, width: Math.max(...panels.map(({ width }) => width)), height: y };
}

interface SvgNode {
  readonly nodeType: number;
  readonly localName: string;
  readonly textContent: string;
  readonly childNodes: Iterable<SvgNode>;
  readonly attributes: Iterable<{ readonly name: string; readonly value: string }>;
}
const TEXT_NODE = 3;
const ELEMENT_NODE = 1;

function plotted(options: Plot.PlotOptions): Markup {
  const { document } = parseHTML('<html><body></body></html>');
  const svg = Plot.plot({ ...options, document } as Plot.PlotOptions) as unknown as SvgNode;
  return new Markup([...svg.childNodes].map(serialized).join(''));
}

/** Plot's own style of a chart is in LOOK. */
function serialized(node: SvgNode): string {
  if (node.nodeType === TEXT_NODE) return escaped(node.textContent);
  if (node.nodeType !== ELEMENT_NODE || node.localName === 'style') return '';
  const attributes = [...node.attributes].map(
    ({ name, value }) => ` ${name}="${escaped(rounded(name, value))}"`,
  );
  const children = [...node.childNodes].map(serialized).join('');
  const open = `<${node.localName}${attributes.join('')}`;
  return children ? `${open}>${children}</${node.localName}>` : `${open}/>`;
}

const rounded = (name: string, value: string): string =>
  name.startsWith('aria-')
    ? value
    : value.replace(/-?\d+\.\d{3,}(e-?\d+)?/g, (number) =>
        String(Number(Number(number).toFixed(2))),
      );
