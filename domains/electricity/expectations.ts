/**
 * Purpose: what the electricity domain expects of its load files on top of the general defaults
 * (docs/decisions/0018).
 * Invariants: the whole folder is one part, so nothing here is about single files; their headers
 * are checked when they are opened.
 * Fails: never.
 */
import type { Expectations } from '../expectations.ts';

export const expectations: Expectations = {
  limits: {
    // A region does not stop, and does not use ten times as much: that is another unit, or another
    // region's column.
    vanished_series: { hard: 0.3 },
    level: { soft: 3, hard: 10 },
  },
};
