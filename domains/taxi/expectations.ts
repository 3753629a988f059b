/**
 * Purpose: what the taxi domain expects of its trip files on top of the general defaults
 * (docs/decisions/0018).
 * Invariants: only what follows from what the files are; nothing is fitted to a certain year. Only
 * what counting needs must be there: without the other columns rows are counted all the same, and
 * none is taken for a duplicate.
 * Fails: never.
 */
import type { Expectations } from '../expectations.ts';
import { SPELLINGS } from './spellings.ts';

export const expectations: Expectations = {
  columns: [
    { names: SPELLINGS.pickup, kinds: ['time', 'text'] },
    { names: SPELLINGS.place, kinds: ['number', 'text'] },
  ],
  limits: {
    // One month's trips under the name of another cab or month would be counted twice.
    repeated_files: { hard: 0 },
  },
};
