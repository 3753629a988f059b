/**
 * Purpose: the template tag of every generated page and chart: html`<p>${text}</p>`.
 * Invariants: a value is escaped unless it is Markup; arrays are joined; null, undefined and false
 * give nothing.
 * Fails: never.
 */
import { escaped } from '../../platform/text/escaped.ts';

/** Text that is HTML or SVG already. */
export class Markup {
  readonly text: string;
  constructor(text: string) {
    this.text = text;
  }
  toString(): string {
    return this.text;
  }
}

export type Html = Markup | string | number | null | undefined | false | readonly Html[];

export function html(strings: TemplateStringsArray, ...values: readonly Html[]): Markup {
  return new Markup(strings.map((text, i) => text + textOf(values[i])).join(''));
}

function textOf(value: Html): string {
  if (value instanceof Markup) return value.text;
  if (typeof value === 'string' || typeof value === 'number') return escaped(value);
  return value ? value.map(textOf).join('') : '';
}
