/**
 * Purpose: put names and values into DuckDB SQL text safely.
 * Invariants: the result is one literal or identifier, whatever the input holds.
 * Fails: never.
 */

/** A SQL string literal: 'it''s'. */
export const sqlText = (value: string): string => `'${value.replaceAll("'", "''")}'`;

/** A SQL identifier: "odd ""name""". */
export const sqlName = (name: string): string => `"${name.replaceAll('"', '""')}"`;
