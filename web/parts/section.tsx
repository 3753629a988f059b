/**
 * Purpose: the frame of every view: the finding at its top, and titled sections on twelve columns.
 * Invariants: one h1 a view, an h2 a section.
 * Fails: never.
 */
import type { ComponentChildren } from 'preact';

export const Finding = (props: {
  readonly title: ComponentChildren;
  readonly children?: ComponentChildren;
}) => (
  <div class="finding">
    <h1>{props.title}</h1>
    {props.children !== undefined && <p>{props.children}</p>}
  </div>
);

export const Section = (props: {
  readonly title: string;
  readonly note?: ComponentChildren;
  /** Of twelve columns; all of them on a narrow screen. */
  readonly columns: 4 | 8 | 12;
  readonly children: ComponentChildren;
}) => (
  <section class={`c${props.columns}`}>
    <header>
      <h2>{props.title}</h2>
      {props.note !== undefined && <p class="note">{props.note}</p>}
    </header>
    {props.children}
  </section>
);

/** Names and values, a line each. */
export const Pairs = (props: {
  readonly rows: readonly (readonly [name: string, value: ComponentChildren])[];
}) => (
  <dl class="pairs">
    {props.rows.map(([name, value]) => (
      <div key={name}>
        <dt>{name}</dt>
        <dd>{value}</dd>
      </div>
    ))}
  </dl>
);
