/**
 * Purpose: what every generated page is built of: the document with its stylesheet, key figures,
 * tables, charts, legends.
 * Invariants: self-contained, without script; a page has one main heading that states the finding;
 * reads in light and dark, on a phone and on paper.
 * Fails: never.
 */
import { LOOK } from '../charts/look.ts';
import { type Chart, inlineSvg } from '../charts/svg.ts';
import { type Html, html, Markup } from '../text/html.ts';

const STYLESHEET = `${LOOK}
*{box-sizing:border-box}
body{margin:0 auto;max-width:1024px;padding:40px 24px 64px;background:var(--ground);
color:var(--ink);
font:15px/24px -apple-system,"Segoe UI",Roboto,"Noto Sans","Liberation Sans",system-ui,sans-serif;
font-variant-numeric:tabular-nums}
h1{font-size:28px;line-height:36px;font-weight:600;letter-spacing:-.01em;margin:0 0 8px;
text-wrap:balance}
h2{font-size:15px;font-weight:600;margin:48px 0 16px;padding-bottom:8px;
border-bottom:1px solid var(--line)}
h3{font-size:15px;font-weight:600;margin:32px 0 8px}
p{color:var(--muted);margin:0 0 16px;max-width:46rem}
small,figcaption,summary,.key,footer p{color:var(--muted);font-size:13px;line-height:20px}
.eyebrow{color:var(--muted);margin:0 0 8px;font-size:13px}
.figures{display:grid;grid-template-columns:repeat(auto-fit,minmax(112px,1fr));gap:24px;
margin:32px 0 0}
.figures b{display:block;font-size:28px;line-height:36px;font-weight:600;letter-spacing:-.01em;
overflow-wrap:anywhere}
.figures span{color:var(--muted);font-size:13px;line-height:20px;display:block}
.wide{overflow-x:auto;margin:0 0 16px}
table{border-collapse:collapse;width:100%}
th,td{text-align:right;padding:7px 0 8px 24px;border-bottom:1px solid var(--line);
white-space:nowrap;font-weight:400;vertical-align:top}
thead th{color:var(--muted);font-size:13px;vertical-align:bottom;white-space:normal}
th:first-child,td:first-child{text-align:left;padding-left:0}
tbody th{white-space:normal;overflow-wrap:anywhere;min-width:9rem}
tr.strong>*{font-weight:600}tr.aside>*{color:var(--muted);font-style:italic}
td.text,th.text{text-align:left;white-space:normal;overflow-wrap:anywhere;min-width:14rem}
.trouble{color:var(--trouble);font-weight:600}.warn{color:var(--naive);font-weight:600}
.worse{color:var(--naive)}.quiet{color:var(--muted)}
.meter{display:inline-block;width:72px;height:6px;margin-left:12px;background:var(--line);
vertical-align:2px}
.meter i{display:block;height:100%;background:var(--muted)}
.strong .meter i{background:var(--forecast)}
/* Room for labels that are wider in the reader's font than in ours. */
figure{margin:0 0 24px;min-width:0}figure .scroll{overflow-x:auto;margin:0 -12px;padding:0 12px}
figure .scroll>svg{min-width:560px}
.pair figure .scroll>svg,.small figure .scroll>svg{min-width:0}
svg{width:100%;height:auto;display:block;overflow:visible}figcaption{margin-top:8px}
.pair{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,400px),1fr));
gap:16px 40px}
.small{display:grid;grid-template-columns:repeat(auto-fill,minmax(240px,1fr));gap:24px 32px}
.key{list-style:none;display:flex;flex-wrap:wrap;gap:4px 24px;margin:0 0 8px;padding:0}
.key i{display:inline-block;width:20px;height:10px;margin-right:8px}
.key i.line{height:0;vertical-align:3px;border-top:2px solid}
.ids{overflow-wrap:anywhere}summary{cursor:pointer;margin:0 0 8px}details{margin:0 0 16px}
footer{margin-top:64px;border-top:1px solid var(--line);padding-top:16px}
@media (max-width:640px){body{padding:24px 16px 48px}h1,.figures b{font-size:22px;
line-height:28px}}
@media print{body{max-width:none}figure,tr{break-inside:avoid}}`;

export interface Page {
  /** What kind of page, of what: in the browser's tab and above the heading. */
  readonly name: string;
  /** The finding. */
  readonly heading: string;
  readonly intro: Html;
  readonly figures: readonly (readonly [value: string, label: string])[];
  readonly body: Html;
}

export function page({ name, heading, intro, figures, body }: Page): string {
  const cards = figures.map(
    ([value, label]) => html`<div><b>${value}</b><span>${label}</span></div>\n`,
  );
  return `${html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${name}</title>
<style>${new Markup(STYLESHEET)}</style>
</head>
<body>
<p class="eyebrow">${name}</p>
<h1>${heading}</h1>
${intro}
${figures.length > 0 && html`<div class="figures">\n${cards}</div>`}
${body}
</body>
</html>
`}`;
}

/** '' for no class. */
export function table(
  head: readonly Html[],
  rows: readonly (readonly Html[])[],
  rowClasses: readonly string[] = [],
): Markup {
  const lines = rows.map(([first, ...rest], i) => {
    const name = rowClasses[i] ? html` class="${rowClasses[i]}"` : '';
    const cells = rest.map((cell) => html`<td>${cell}</td>`);
    return html`<tr${name}><th scope="row">${first}</th>${cells}</tr>\n`;
  });
  const titles = head.map((cell) => html`<th scope="col">${cell}</th>`);
  return html`<div class="wide"><table><thead><tr>${titles}</tr></thead><tbody>
${lines}</tbody></table></div>`;
}

/** Nothing where there is no chart. */
export function figureOf(chart: Chart | null, caption?: Html, key?: Html): Markup {
  if (chart === null) return html``;
  const below = caption && html`<figcaption>${caption}</figcaption>`;
  return html`<figure>${key}<div class="scroll">${inlineSvg(chart)}</div>${below}</figure>`;
}

/** What a colour or a line means; `css` is a style of ours, never data. */
export const keyOf = (
  entries: readonly { css: string; isLine?: boolean; text: string }[],
): Markup =>
  html`<ul class="key">${entries.map(
    ({ css, isLine, text }) =>
      html`<li><i${isLine && html` class="line"`} style="${css}"></i>${text}</li>`,
  )}</ul>`;

/** A bar after a number; the number is there in words. */
export function meter(share: number): Markup {
  const width = `width:${(100 * share || 0).toFixed(1)}%`;
  return html`<span class="meter" aria-hidden="true"><i style="${width}"></i></span>`;
}
