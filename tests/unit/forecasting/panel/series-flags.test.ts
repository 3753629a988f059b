/**
 * Purpose: which series are flagged, and from where on; never by what comes after the cutoff, nor
 * by the unit.
 */
import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { seriesFlags } from '../../../../forecasting/panel/series-flags.ts';
import {
  changedAfter,
  panelDescription,
  panelOf,
  randomPanel,
} from '../../../fixtures/random-panels.ts';

const SEASONS = { day: 24, week: 168 };
const WEEKS = 4 * 168;
const LENGTH = 10 * 168;
const LAST = LENGTH - 1;
const all = { knows: () => true };

const flagsOf = (
  valueAt: (t: number) => number,
  forecaster: Parameters<typeof seriesFlags>[0] = all,
  length = LENGTH,
) =>
  seriesFlags(
    forecaster,
    panelOf(['a'], length, (_, t) => valueAt(t)),
    0,
    length - 1,
    SEASONS,
  );

const NAN = Number.NaN;
const isOld = (t: number) => t <= LAST - WEEKS;

test.each<[string, (t: number) => number, string[]]>([
  ['a series with values all along', (t) => 1 + (t % 24), []],
  ['a sparse one', (t) => (t % 100 === 0 ? 1 : 0), []],
  ['negative values', () => -3, []],
  ['zeros', () => 0, ['silent']],
  ['zeros for 4 weeks', (t) => (isOld(t) ? 5 : 0), ['silent']],
  ['zeros for an hour less', (t) => (t <= LAST - WEEKS + 1 ? 5 : 0), []],
  ['zeros where it is known', (t) => (t % 2 === 0 ? NAN : 0), ['silent', 'gaps']],
  ['a tenth unknown', (t) => (t % 10 === 0 && t > LAST - 670 ? NAN : 5), []],
  ['more than a tenth unknown', (t) => (t % 9 === 0 ? NAN : 5), ['gaps']],
  ['gaps that are older', (t) => (isOld(t) && t % 2 === 0 ? NAN : 5), []],
  ['a silent last day', (t) => (t > LAST - 24 ? NAN : 5), ['gaps']],
  ['a silent last day but for its first hour', (t) => (t > LAST - 23 ? NAN : 5), []],
  ['nothing known', () => NAN, ['gaps']],
  ['born last week', (t) => (t <= LAST - 168 ? NAN : 5), ['new']],
  [
    'born last week, with gaps since',
    (t) => (t <= LAST - 168 || t % 5 === 0 ? NAN : 5),
    ['gaps', 'new'],
  ],
  ['born last week, zeros before', (t) => (t <= LAST - 168 ? 0 : 5), ['new']],
  ['born last week, at rest', (t) => (t <= LAST - 168 ? NAN : 0), ['silent', 'new']],
  ['a reading far from all others', (t) => (t === LAST - 30 ? 900 : 5 + (t % 24)), ['outlier']],
  ['an older one', (t) => (t === LAST - WEEKS ? 900 : 5 + (t % 24)), []],
  ['born 4 weeks ago', (t) => (isOld(t) && t < LAST - WEEKS ? NAN : 5), []],
  ['born an hour later', (t) => (isOld(t) ? NAN : 5), ['new']],
])('flags of %s', (_title, valueAt, expected) => {
  expect(flagsOf(valueAt)).toEqual(expected);
});

test('flags a history of one week as new', () => {
  expect(flagsOf(() => 5, all, 168)).toEqual(['new']);
});

test('flags series unknown to a forecaster as unseen, if it knows series', () => {
  expect(flagsOf(() => 5, { knows: (id) => id !== 'a' })).toEqual(['unseen']);
  expect(flagsOf(() => 0, { knows: () => false })).toEqual(['unseen', 'silent']);
  expect(flagsOf(() => 5, {})).toEqual([]);
});

test('neither the future nor the unit changes a flag', () => {
  fc.assert(
    fc.property(
      panelDescription(LENGTH),
      fc.integer({ min: 168, max: LAST }),
      fc.constantFrom(NAN, 0, 7),
      (description, cutoff, value) => {
        const panel = randomPanel(description);
        const flags = (of: typeof panel) =>
          of.seriesIds.map((_, s) => seriesFlags(all, of, s, cutoff, SEASONS));
        const scaled = { ...panel, columns: { target: panel.columns.target.map((y) => 8 * y) } };
        expect(flags(changedAfter(panel, cutoff, () => value))).toEqual(flags(panel));
        expect(flags(scaled)).toEqual(flags(panel));
      },
    ),
    { numRuns: 8, seed: 1 },
  );
});
