/**
 * Purpose: a script as a notebook: each cell is run, and shown with its own code and what it gave.
 * Invariants: the page is self-contained; the code of a cell is the text of the script.
 * Fails: with the error of the cell; a plain Error for a cell whose text is not found.
 */
import { readFile, writeFile } from 'node:fs/promises';
import { page } from '../../reports/pages/layout.ts';
import { type Html, html } from '../../reports/text/html.ts';

/** What is needed of a data frame of danfojs. */
interface Frame {
  readonly columns: readonly string[];
  readonly values: unknown;
}

export interface Notebook {
  /** @param run what the cell shows, or nothing */
  cell(title: string, words: string, run: () => Html | Promise<Html>): Promise<void>;
  /** Writes the page. @param heading the finding */
  write(path: string, heading: string, intro: string): Promise<void>;
}

export async function openNotebook(script: URL): Promise<Notebook> {
  const source = await readFile(script, 'utf8');
  const sections: Html[] = [];
  return {
    async cell(title, words, run) {
      const code = codeOf(source, title);
      const shown = await run();
      sections.push(html`<h2>${title}</h2>
<p>${words}</p>
<details open><summary>Code</summary>
<div class="wide"><pre><code>${code}</code></pre></div></details>
${shown ?? ''}
`);
    },
    async write(path, heading, intro) {
      const body = html`${sections}`;
      const text = page({ name: 'Notebook', heading, intro, figures: [], body });
      await writeFile(path, text);
    },
  };
}

/** As the formatter writes it: the body ends with the next `}` at the indent of its first line. */
export function codeOf(source: string, title: string): string {
  const lines = source.split('\n');
  const at = lines.findIndex((line) => line.includes(`'${title}'`));
  const first = lines.findIndex((line, i) => i >= at && line.endsWith('=> {'));
  const indent = ' '.repeat((lines[first] ?? '').search(/\S|$/));
  const end = lines.findIndex((line, i) => i > first && line.startsWith(`${indent}}`));
  if (at < 0 || first < 0 || end < 0) throw new Error(`no cell ${title} in the script`);
  const code = lines.slice(first + 1, end);
  return code.map((line) => line.slice(indent.length + 2)).join('\n');
}

/** The first rows of a frame as a table. */
export function table(frame: Frame, rows = 8): Html {
  const values = frame.values as readonly (readonly unknown[])[];
  const text = (value: unknown) => {
    if (typeof value !== 'number' || Number.isInteger(value)) return String(value);
    return Number.isNaN(value) ? '–' : value.toPrecision(4);
  };
  return html`<div class="wide"><table><thead><tr>${frame.columns.map(
    (name) => html`<th>${name}</th>`,
  )}</tr></thead><tbody>${values
    .slice(0, rows)
    .map(
      (row) => html`<tr>${row.map((value) => html`<td>${text(value)}</td>`)}</tr>`,
    )}</tbody></table></div>`;
}
