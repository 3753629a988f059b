/** Purpose: what the data contract says of series: vanished, at another level, never known. */
import { describe, expect, test } from '@jest/globals';
import type { Domain } from '../../../../../domains/domain.ts';
import type { ExpectationName } from '../../../../../domains/expectations.ts';
import { createPanel, type Panel } from '../../../../../forecasting/panel/panel.ts';
import { judgeRun } from '../../../../../services/feature/contract/contract.ts';
import { domain as counts, measured } from '../../../../fixtures/contract-fixture.ts';

const START = Date.UTC(2026, 0, 5);
const HOUR = 3_600_000;
const WEEK = 168;
const LENGTH = 8 * WEEK;
/** The last day is new. */
const FRESH = LENGTH - 24;
type Series = Readonly<Record<string, (t: number) => number>>;

function panelOf(series: Series): Panel {
  const target = Object.values(series).flatMap((at) =>
    Array.from({ length: LENGTH }, (_, t) => at(t)),
  );
  return createPanel({
    ...{ seriesIds: Object.keys(series), start: START, frequencyMinutes: 60, length: LENGTH },
    columns: { target: Float32Array.from(target) },
  });
}

interface Options {
  readonly now: Series;
  readonly before?: Series;
  /** The hours that the part of this run covers. */
  readonly covers?: readonly [from: number, to: number];
}

function verdictOf(
  name: ExpectationName,
  domain: Domain,
  { now, before, covers = [FRESH, LENGTH] }: Options,
) {
  const [from, to] = covers;
  const fresh = new Uint8Array(LENGTH).fill(1, from, to);
  const part = { name: 'a.csv', feed: 'one', fingerprint: 'f', span: null };
  const span = { start: START + from * HOUR, end: START + to * HOUR };
  const account = { rowsIn: 100, rowsUsed: 100, rejected: {}, rows: 100 };
  const made = { ...account, isolated: null, unfinished: null, path: '' };
  const { verdicts, vanishedSeries } = judgeRun({
    ...{
      domain,
      present: [part],
      committed: [],
      withdrawn: [],
      lastReport: null,
      isAccepted: false,
    },
    now: span.end,
    parts: [
      {
        ...{ part, columns: [], outside: [], unusableFiles: [] },
        made: { ...made, span, part: { ...part, open: () => Promise.reject(new Error()) } },
      },
    ],
    recent: {
      panel: panelOf(now),
      ...{ fresh, covered: new Uint8Array(LENGTH).fill(1) },
      before: before === undefined ? null : panelOf(before),
      oneIn: 1,
    },
  });
  return { ...verdicts.find((verdict) => verdict.name === name)!, vanishedSeries };
}

describe('vanished_series', () => {
  const busy: Series = { a: () => 5, b: () => 7, c: () => 9 };
  const { c: _, ...fewer } = busy;

  test.each([
    ['counts', counts],
    ['values', measured],
  ])('%s: warns about a series that the head has and the next snapshot lacks', (_what, domain) => {
    const found = verdictOf('vanished_series', domain, { now: fewer, before: busy });
    expect(found).toMatchObject({ outcome: 'warn', value: 1 / 3, vanishedSeries: ['c'] });
    expect(verdictOf('vanished_series', domain, { now: busy, before: busy }).outcome).toBe('pass');
  });

  test('warns about a series missing from a republished part of weeks ago', () => {
    const lost = { ...busy, b: (t: number) => (t < 2 * WEEK ? 0 : 7) };
    const covers = [0, 2 * WEEK] as const;
    const found = verdictOf('vanished_series', counts, { now: lost, before: busy, covers });
    expect(found).toMatchObject({ outcome: 'warn', vanishedSeries: ['b'] });
    expect(found.detail).toBe('1 of 3 that a.csv had: b');
  });
});

describe('level', () => {
  /** Days that differ by some degrees, around zero in a cold month. */
  const weather = (mean: number) => (t: number) =>
    mean + 4 * Math.sin((2 * Math.PI * t) / 24) + 5 * Math.sin(Math.floor(t / 24) ** 2);
  const interval: Domain = { ...measured, nonNegative: false, scale: 'interval' };

  test('passes a cold day after mild weeks on an interval scale', () => {
    const now = { x: (t: number) => (t < FRESH ? weather(12)(t) : 0.05) };
    expect(verdictOf('level', interval, { now }).outcome).toBe('pass');
    expect(verdictOf('level', { ...interval, scale: 'ratio' }, { now }).outcome).toBe('fail');
  });

  test('takes values of both signs for an interval scale', () => {
    const now = { x: (t: number) => (t < FRESH ? weather(1)(t) : 0.01) };
    expect(verdictOf('level', { ...interval, scale: 'ratio' }, { now }).outcome).toBe('pass');
  });

  test('detects another unit on both scales', () => {
    const celsius = weather(12);
    const now = (at: (c: number) => number) => ({
      x: (t: number) => (t < FRESH ? celsius(t) : at(celsius(t))),
    });
    const kelvin = verdictOf('level', interval, { now: now((c) => c + 273.15) });
    expect(kelvin).toMatchObject({ outcome: 'fail' });
    expect(kelvin.detail).toMatch(/higher, \d+\.\d times the usual spread/);
    expect(verdictOf('level', interval, { now: now((c) => c * 1.8 + 32) }).outcome).toBe('warn');
    const loads = { x: (t: number) => (t < FRESH ? 100 + (t % 24) : 100_000) };
    expect(verdictOf('level', measured, { now: loads })).toMatchObject({ outcome: 'fail' });
  });

  test('only warns about a constant value that changes once', () => {
    const now = { x: (t: number) => (t < FRESH ? 21 : 90) };
    expect(verdictOf('level', interval, { now }).outcome).toBe('warn');
  });
});

test('warns about an hour of the day that is never known', () => {
  const all: Series = { a: () => 5, b: () => 7 };
  const midnight: Series = {
    a: (t) => (t % 24 === 23 ? Number.NaN : 5),
    b: (t) => (t % 24 === 23 ? Number.NaN : 7),
  };
  expect(verdictOf('unknown_hours', measured, { now: all }).outcome).toBe('pass');
  expect(verdictOf('unknown_hours', measured, { now: midnight })).toMatchObject({
    outcome: 'warn',
    value: 1,
    detail: 'the local hour 23 of a, b is never known',
  });
  expect(verdictOf('unknown_hours', counts, { now: all }).outcome).toBe('unjudged');
});
