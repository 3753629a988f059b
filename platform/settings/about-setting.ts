/**
 * Purpose: what a setting says of itself.
 * Invariants: plain data and pure functions.
 * Fails: never.
 */

/** A setting: its JSON Schema and its documentation. `allowed` is for people. */
export interface About {
  readonly schema: { readonly type?: string | readonly string[] } & Readonly<
    Record<string, unknown>
  >;
  readonly variable: string;
  readonly description: string;
  readonly allowed: string;
  readonly unit?: string;
  readonly default?: unknown;
  /** How null is shown; default: "the domain's own". */
  readonly none?: string;
  /** The word for null, for settings with another default. */
  readonly off?: 'off';
  /** Parses the text, where it is not a plain text or number. */
  readonly read?: (text: string) => unknown;
  /** What JSON Schema cannot express. */
  readonly isSound?: (value: unknown) => boolean;
  /**
   * An empty text counts as set; a JSON text is not shown.
   */
  readonly isSecret?: true;
  /** No part of the value is ever shown. */
  readonly isHidden?: true;
}
