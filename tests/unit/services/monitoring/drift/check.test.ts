/** Purpose: each fault of the data has its own verdict, and a quiet fleet has none. */
import { expect, test } from '@jest/globals';
import { checkDrift, type DriftState } from '../../../../../services/monitoring/drift/check.ts';
import {
  checkDaily,
  DAY,
  fleet,
  HOUR,
  known,
  NEW_YORK,
} from '../../../../fixtures/drift-fixture.ts';

/** A Wednesday, 11 in New York. */
const AT = Date.UTC(2026, 7, 19, 15);
const FROM = AT - 95 * DAY - 11 * HOUR;
const FIRST = AT - DAY - 5 * HOUR;
const UNTIL = AT + 7 * DAY;
const SERIES = 5;

type Change = (value: number, series: number, at: number) => number;

function runOf(change: Change, until = UNTIL) {
  const days = Math.ceil((until - FROM) / DAY);
  const panel = fleet({ seed: 5, series: SERIES, from: FROM, days, change });
  return checkDaily({}, (at) => known(panel, at), FIRST, until);
}

/** From AT on. */
const after =
  (change: Change): Change =>
  (value, series, at) =>
    at >= AT ? change(value, series, at) : value;

const noise = (at: number, series: number) => Math.sin(at / HOUR) * Math.cos(at * (series + 1));

test.each<[string, number, Change]>([
  ['zeros', SERIES, after(() => 0)],
  ['closed', 1, after((value, series) => (series === 2 ? 0 : value))],
  ['stuck', 1, after((value, series) => (series === 1 ? 123 : value))],
  ['missing', 1, after((value, series) => (series === 1 ? Number.NaN : value))],
  ['stale', SERIES, after(() => Number.NaN)],
  ['unit', SERIES, after((value) => 1000 * value)],
  ['unit', 1, after((value, series) => (series === 0 ? value / 1000 : value))],
  ['volume', SERIES, after((value) => 0.5 * value)],
  ['level', 1, after((value, series) => (series === 3 ? 2.2 * value : value))],
  [
    'variance',
    1,
    after((value, series, at) => (series === 3 ? value * (1 + 0.6 * noise(at, series)) : value)),
  ],
])('finds %s in %i series', (name, count, change) => {
  const { opened } = runOf(change);
  expect(opened.map((verdict) => [verdict.name, verdict.seriesIds.length])).toEqual([
    [name, count],
  ]);
  const [{ detectedAt, since, message, evidence }] = opened;
  expect(detectedAt).toBeGreaterThan(AT);
  expect(since).toBeGreaterThan(AT - 8 * DAY);
  expect(since).toBeLessThan(detectedAt);
  expect(message).toMatch(/^[A-Za-z0-9].*\d.*\.$/);
  expect(Math.abs(evidence.value)).toBeGreaterThan(evidence.limit);
});

test('reports a feed late by an hour as shifted, and a repeated day as repeated', () => {
  const description = { seed: 5, series: 12, from: FROM, days: 105 };
  const plain = fleet(description);
  const runLate = (late: (at: number) => number) => {
    const panel = fleet({
      ...description,
      change: after(
        (_, series, at) =>
          plain.columns.target[series * plain.length + (at - late(at) - FROM) / HOUR] as number,
      ),
    });
    return checkDaily({}, (at) => known(panel, at), FIRST, UNTIL).opened;
  };
  const shifted = runLate(() => HOUR);
  expect(shifted.map(({ name }) => name)).toEqual(['shifted']);
  expect(shifted[0]?.message).toContain('1 h too late');
  const repeated = runLate((at) => DAY * (1 + Math.floor((at - AT) / DAY)));
  expect(repeated.map(({ name, since }) => [name, since])).toEqual([['repeated', AT]]);
});

test('closes a finding once it is absent, without wrong values as a reference', () => {
  const change = after((value, _, at) => (at < AT + 2 * DAY ? 1000 * value : value));
  const { opened, closed } = runOf(change, AT + 12 * DAY);
  expect(opened.map(({ name }) => name)).toEqual(['unit']);
  expect(closed).toEqual(opened);
});

test('reports values of the future and a check before the last as clock errors', () => {
  const panel = fleet({ seed: 5, series: SERIES, from: FROM, days: 120 });
  const grid = { place: NEW_YORK, day: 24, week: 168 };
  const at = FROM + 100 * DAY;
  const first = checkDrift({ ...grid, panel: known(panel, at), at });
  expect(first.verdicts).toEqual([]);
  const ahead = checkDrift({
    ...grid,
    panel: known(panel, at + DAY + 3 * HOUR),
    at: at + DAY,
    state: first.state,
  });
  expect(ahead.opened.map(({ name, since }) => [name, since])).toEqual([['clock', at]]);
  const back = at - 3 * HOUR;
  const behind = checkDrift({ ...grid, panel: known(panel, back), at: back, state: first.state });
  expect(behind.opened.map(({ name }) => name)).toEqual(['clock']);
});

test('names changed columns, and accepts them a week later', () => {
  const panel = fleet({ seed: 5, series: SERIES, from: FROM, days: 120 });
  const grid = { place: NEW_YORK, day: 24, week: 168 };
  let state: DriftState | null = null;
  const names: string[][] = [];
  for (let day = 90; day < 102; day++) {
    const at = FROM + day * DAY;
    const columns = day < 92 ? ['speed: DOUBLE'] : ['speed: VARCHAR'];
    const check = checkDrift({ ...grid, panel: known(panel, at), at, state, columns });
    state = check.state;
    names.push(check.verdicts.map(({ name, message }) => `${name}: ${message}`));
  }
  expect(names[2]).toEqual([
    'schema: Columns have changed: speed: DOUBLE disappeared, speed: VARCHAR appeared.',
  ]);
  expect(names.map((one) => one.length)).toEqual([0, 0, 1, 1, 1, 1, 1, 1, 1, 0, 0, 0]);
});

test('compares columns with the last known ones, and ignores a check without columns', () => {
  const panel = fleet({ seed: 5, series: SERIES, from: FROM, days: 120 });
  const grid = { place: NEW_YORK, day: 24, week: 168 };
  let state: DriftState | null = null;
  const messages = [[], ['speed: DOUBLE'], [], ['speed: VARCHAR']].map((columns, i) => {
    const at = FROM + (90 + i) * DAY;
    const check = checkDrift({ ...grid, panel: known(panel, at), at, state, columns });
    state = check.state;
    return check.verdicts.map(({ message }) => message);
  });
  expect(messages).toEqual([
    [],
    [],
    [],
    ['Columns have changed: speed: DOUBLE disappeared, speed: VARCHAR appeared.'],
  ]);
});

test('gives the same bits in one process and with JSON state between checks', () => {
  const panel = fleet({
    seed: 3,
    series: SERIES,
    from: FROM,
    days: 105,
    change: after((value, s) => (s === 0 ? 0 : value)),
  });
  const through = checkDaily({}, (at) => known(panel, at), FIRST, FROM + 105 * DAY);
  let state: DriftState | null = null;
  for (let at = FIRST; at < FROM + 105 * DAY; at += DAY) {
    const grid = { place: NEW_YORK, day: 24, week: 168 };
    state = checkDrift({ ...grid, panel: known(panel, at), at, state }).state;
  }
  expect(JSON.stringify(state)).toBe(JSON.stringify(through.state));
  // Only the last weeks are read once there is a state.
  const lastWeeks = (at: number) => {
    const whole = known(panel, at);
    const first = whole.length - 13 * 168;
    const target = whole.columns.target.filter((_, i) => i % whole.length >= first);
    return { ...whole, start: FROM + first * HOUR, length: 13 * 168, columns: { target } };
  };
  const short = checkDaily(
    {},
    (at) => (at === FIRST ? known(panel, at) : lastWeeks(at)),
    FIRST,
    FROM + 105 * DAY,
  );
  expect(short.opened.map(({ name }) => name)).toEqual(through.opened.map(({ name }) => name));
});
