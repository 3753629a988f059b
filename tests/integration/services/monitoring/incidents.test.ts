/**
 * Purpose: each rehearsed incident gets the verdict, within the time, that docs/monitoring.md
 * states, and no other. Here each is in one of three cities, `npm run test:crash` has all.
 */
import { readFileSync } from 'node:fs';
import { expect, test } from '@jest/globals';
import { rehearse } from '../../../../bench/monitoring/rehearsal.ts';
import { INCIDENTS, type IncidentName } from '../../../../domains/taxi/incidents.ts';
import { checkDrift, type DriftState } from '../../../../services/monitoring/drift/check.ts';
import type { DriftVerdict } from '../../../../services/monitoring/drift/verdict.ts';
import { DAY, HOUR, NEW_YORK } from '../../../fixtures/drift-fixture.ts';
import { someOf } from '../../../fixtures/property-runs.ts';

const WEEKS = 14;
const LEARNED_DAYS = 90;

/** Incident → verdict and days, from the table of the document. */
const stated = new Map(
  readFileSync('docs/monitoring.md', 'utf8')
    .split('\n')
    .map((line) => /^\| `([a-z-]+)` \|.*\| `([a-z]+)` \| (\d+) \|/.exec(line))
    .filter((match) => match !== null)
    .map(([, name, verdict, days]) => [name, { verdict, days: Number(days) }]),
);

test('the document describes each incident', () => {
  expect([...stated.keys()].sort()).toEqual(Object.keys(INCIDENTS).sort());
});

/** The check days after the incident, at six in the morning of New York or so. */
function opened(seed: number, name: IncidentName, at: number, days: number): DriftVerdict[] {
  const first = Math.floor(at / DAY) * DAY - 3 * DAY + 10 * HOUR;
  const until = at + days * DAY;
  const isOfModel = name === 'bad-model' || name === 'accuracy-leaks';
  const from = first - 2 * LEARNED_DAYS * DAY;
  const city = rehearse({ seed, places: 60, incident: { name, at }, from, until });
  const verdicts: DriftVerdict[] = [];
  let state: DriftState | null = null;
  for (let now = first; now <= until; now += DAY) {
    const yesterday = Math.floor(now / DAY) * DAY - DAY;
    const scored = state ? 1 : LEARNED_DAYS;
    const scores = Array.from({ length: isOfModel ? scored : 0 }, (_, i) =>
      city.scoresOf(yesterday - (scored - 1 - i) * DAY),
    ).flat();
    const check = checkDrift({
      panel: city.panelAt(now, state ? WEEKS * 168 : 1e9),
      at: now,
      state,
      scores,
      columns: city.columnsAt(now),
      place: NEW_YORK,
      day: 24,
      week: 168,
    });
    state = JSON.parse(JSON.stringify(check.state)) as DriftState;
    verdicts.push(...check.opened);
  }
  return verdicts;
}

/** Seed, time of the incident, and the next holiday: Columbus Day, Memorial Day, Thanksgiving. */
const CITIES = [
  [1, '2026-09-15T15', '2026-10-12'],
  [5, '2026-04-20T22', '2026-05-25'],
  [12, '2026-11-20T02', '2026-11-26'],
] as const;
const cases = CITIES.flatMap(([seed, hour, holiday], c) =>
  someOf([...stated], c).map(([name, { verdict, days }]) => ({
    ...{ seed, hour, holiday, name, verdict, days },
  })),
);

test.each(cases)(
  'city $seed from $hour: detects $name',
  ({ seed, hour, holiday, name, verdict, days }) => {
    // A holiday moves when there is one.
    const start = Date.parse(name === 'holiday-moves' ? `${holiday}T04:00Z` : `${hour}:00Z`);
    const found = opened(seed, name as IncidentName, start, days);
    expect(found[0]?.name).toBe(verdict);
    // A worse model may have intervals that hold too little, too.
    const others = found.filter((one) => one.name !== verdict && one.name !== 'coverage');
    expect(others.map(({ message }) => message)).toEqual([]);
    expect(found[0]?.detectedAt).toBeGreaterThan(start);
  },
);
