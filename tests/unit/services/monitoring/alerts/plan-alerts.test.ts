/**
 * Purpose: what is sent when: once while it lasts, together, not in quiet hours, and again on
 * failure.
 */
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { Condition } from '../../../../../services/monitoring/alerts/conditions.ts';
import { conditionsOf } from '../../../../../services/monitoring/alerts/conditions.ts';
import {
  afterSending,
  type PlanRequest,
  planAlerts,
} from '../../../../../services/monitoring/alerts/plan-alerts.ts';
import { quietHoursOf, quietUntil } from '../../../../../services/monitoring/alerts/quiet-hours.ts';
import { silences } from '../../../../../services/monitoring/alerts/silence.ts';
import type { AlertState } from '../../../../../storage/alerts/alert-log.ts';
import type { DecisionEntry } from '../../../../../storage/decisions/decision-log.ts';
import { HOUR, NOW } from '../../../../fixtures/monitoring.ts';

const wrong = (name: string, severity: 'page' | 'ticket' = 'ticket', group = 'all'): Condition => ({
  ...{ name, group, severity, since: NOW - HOUR, message: `${name} is wrong` },
});
const plan = (state: AlertState | null, more: Partial<PlanRequest> = {}) =>
  planAlerts({
    ...{ now: NOW, state, conditions: [], decisions: [], channels: ['webhook'], quietUntil: null },
    ...more,
  });
const sent = (state: AlertState, now = NOW) =>
  afterSending(state, new Set(state.queue.map(({ id }) => id)), new Set(), now);
const namesOf = ({ claimed }: ReturnType<typeof plan>) =>
  claimed.map(({ channel, kind, alerts }) => [channel, kind, alerts.map(({ name }) => name)]);

describe('alert', () => {
  test('is sent once with others that open, and its recovery once', () => {
    const conditions = [wrong('level'), wrong('zeros'), wrong('no-data', 'page')];
    const channels = ['webhook', 'mail'];
    const first = plan(null, { conditions, channels });
    expect(namesOf(first)).toEqual([
      ['webhook', 'opened', ['no-data']],
      ['mail', 'opened', ['no-data']],
      ['webhook', 'opened', ['level', 'zeros']],
      ['mail', 'opened', ['level', 'zeros']],
    ]);
    const again = plan(sent(first.state), { conditions, channels, now: NOW + HOUR });
    expect([again.isChanged, again.claimed]).toEqual([false, []]);
    const rest = plan(again.state, { conditions: [wrong('level')], now: NOW + 2 * HOUR });
    expect(namesOf(rest)).toEqual([
      ['webhook', 'recovered', ['no-data']],
      ['webhook', 'recovered', ['zeros']],
    ]);
    expect(rest.state.open.map(({ name }) => name)).toEqual(['level']);
  });

  test('is separate for each group', () => {
    const { state } = plan(null, { conditions: [wrong('level', 'ticket', 'north')] });
    const next = plan(sent(state), {
      conditions: [wrong('level', 'ticket', 'north'), wrong('level', 'ticket', 'south')],
    });
    expect(next.claimed.flatMap(({ alerts }) => alerts.map(({ group }) => group))).toEqual([
      'south',
    ]);
  });

  test('waits for the end of quiet hours unless urgent, and is dropped if it recovers', () => {
    const conditions = [wrong('level'), wrong('no-data', 'page'), wrong('zeros')];
    const quiet = { conditions, quietUntil: NOW + 8 * HOUR };
    const night = plan(null, quiet);
    expect(namesOf(night)).toEqual([['webhook', 'opened', ['no-data']]]);
    const state = afterSending(
      night.state,
      new Set([night.claimed[0]?.id as string]),
      new Set(),
      NOW,
    );
    const later = plan(state, { ...quiet, conditions: conditions.slice(0, 2), now: NOW + HOUR });
    expect(namesOf(later)).toEqual([]);
    const morning = plan(later.state, {
      conditions: conditions.slice(0, 2),
      now: NOW + 8 * HOUR,
    });
    expect(namesOf(morning)).toEqual([['webhook', 'opened', ['level']]]);
  });

  test('is retried ten times with growing pauses', () => {
    let now = NOW;
    let { state, claimed } = plan(null, { conditions: [wrong('level')] });
    const pauses: number[] = [];
    while (claimed.length > 0) {
      state = afterSending(state, new Set(), new Set(claimed.map(({ id }) => id)), now);
      const [waiting] = state.queue;
      if (waiting === undefined) break;
      pauses.push((waiting.notBefore - now) / 60_000);
      expect(
        plan(state, { conditions: [wrong('level')], now: waiting.notBefore - 1 }).claimed,
      ).toEqual([]);
      now = waiting.notBefore;
      ({ state, claimed } = plan(state, { conditions: [wrong('level')], now }));
    }
    expect(pauses).toEqual([1, 2, 4, 8, 16, 32, 64, 128, 256]);
  });

  test('is sent again after five minutes if its process died', () => {
    const { state } = plan(null, { conditions: [wrong('level')] });
    const conditions = [wrong('level')];
    expect(plan(state, { conditions, now: NOW + 5 * 60_000 }).claimed).toEqual([]);
    expect(plan(state, { conditions, now: NOW + 5 * 60_000 + 1 }).claimed).toHaveLength(1);
  });
});

test('alerts once on each decision, but not on those before the first state', () => {
  const decision = (number: number, kind: string) =>
    ({ number, kind, at: NOW, reason: `reason ${number}` }) as DecisionEntry;
  const old = [decision(2, 'rollback'), decision(1, 'promote')];
  const first = plan(null, { decisions: old });
  expect([first.claimed, first.state.lastDecision]).toEqual([[], 2]);
  const decisions = [decision(4, 'keep'), decision(3, 'rollback'), ...old];
  const next = plan(first.state, { decisions });
  expect(next.claimed.map(({ kind, alerts }) => [kind, alerts[0]?.message])).toEqual([
    ['notice', 'reason 3'],
  ]);
  expect(plan(next.state, { decisions }).claimed).toEqual([]);
});

test('closes each opened alert once and sends nothing twice, in any order of events', () => {
  const step = fc.record({
    names: fc.uniqueArray(fc.constantFrom('a', 'b', 'c'), { maxLength: 3 }),
    quiet: fc.boolean(),
    fails: fc.boolean(),
  });
  const property = fc.property(fc.array(step, { maxLength: 30 }), (steps) => {
    let state: AlertState | null = null;
    const isOpen = new Map<string, boolean>();
    for (const [i, { names, quiet, fails }] of [
      ...steps,
      { names: [], quiet: false, fails: false },
    ].entries()) {
      const now = NOW + i * 12 * HOUR;
      const conditions = names.map((name) => wrong(name));
      const made = plan(state, { now, conditions, quietUntil: quiet ? now + HOUR : null });
      const ids = new Set(made.claimed.map(({ id }) => id));
      state = afterSending(made.state, fails ? new Set() : ids, fails ? ids : new Set(), now);
      for (const { kind, alerts } of fails ? [] : made.claimed)
        for (const { name } of alerts) {
          expect(isOpen.get(name) ?? false).toBe(kind === 'recovered');
          isOpen.set(name, kind === 'opened');
        }
    }
  });
  fc.assert(property, { numRuns: 100, seed: 2 });
});

test.each([
  ['2024-06-01T23:30:00-04:00', '2024-06-02T07:00:00-04:00'],
  ['2024-06-02T06:59:59-04:00', '2024-06-02T07:00:00-04:00'],
  ['2024-06-02T07:00:00-04:00', null],
  ['2024-06-02T21:59:00-04:00', null],
  ['2024-03-09T23:00:00-05:00', '2024-03-10T07:00:00-04:00'],
  ['2024-11-02T23:00:00-04:00', '2024-11-03T07:00:00-05:00'],
])('quiet hours in New York at %s end at %s', (now, end) => {
  const hours = quietHoursOf('22:00-07:00', 'America/New_York');
  expect(quietUntil(hours, Date.parse(now))).toBe(end === null ? null : Date.parse(end));
});

test('handles quiet hours within a day, and none', () => {
  const hours = quietHoursOf('12:00-13:00', 'UTC');
  expect(quietUntil(hours, Date.UTC(2024, 0, 1, 12, 30))).toBe(Date.UTC(2024, 0, 1, 13));
  expect(quietUntil(hours, Date.UTC(2024, 0, 1, 13))).toBeNull();
  expect(quietUntil(null, NOW)).toBeNull();
});

test('reports silence after the allowed intervals, also before a first value', () => {
  const request = { now: NOW, frequencyMinutes: 60, intervals: 48, waitedSince: NOW - 100 * HOUR };
  const found = silences({
    ...request,
    ...{ forecastAt: NOW - 48 * HOUR, dataAt: NOW - 49 * HOUR, scoreAt: null },
  });
  expect(found).toMatchObject([
    { name: 'no-data', severity: 'page', since: NOW - 49 * HOUR },
    { name: 'no-score', severity: 'page', since: NOW - 100 * HOUR },
  ]);
  expect(found[1]?.message).toMatch(/^No forecast was scored yet, since /);
  const fresh = { forecastAt: null, dataAt: null, scoreAt: null };
  expect(silences({ ...request, ...fresh, waitedSince: NOW - HOUR })).toEqual([]);
});

test('verdicts of one name and group are one condition, since the first', () => {
  const verdict = (name: string, since: number, id: string) => ({
    ...{ name, since, detectedAt: NOW, seriesIds: [id], evidence: null, message: 'twice as much' },
  });
  const some = ['a', 'b', 'c', 'd', 'e', 'f', 'g'].map((id, i) => verdict('level', NOW - i, id));
  expect(conditionsOf([...some, verdict('zeros', NOW, 'a')])).toEqual([
    {
      ...{ name: 'level', group: 'all', severity: 'ticket', since: NOW - 6 },
      message: 'twice as much Series: a, b, c, d, e and 2 more.',
    },
    expect.objectContaining({ name: 'zeros' }),
  ]);
  const bySeries = conditionsOf(some.slice(0, 2), (ids) => ids[0] as string);
  expect(bySeries.map(({ group }) => group)).toEqual(['a', 'b']);
});
