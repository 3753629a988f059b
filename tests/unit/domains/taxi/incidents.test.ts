/** Purpose: the incidents of the simulated city change what they say, from their hour on. */
import { expect, test } from '@jest/globals';
import { createCityDemand } from '../../../../domains/taxi/city-demand.ts';
import {
  feedOf,
  INCIDENTS,
  type IncidentName,
  modelOf,
  parseIncident,
  worldOf,
} from '../../../../domains/taxi/incidents.ts';

const HOUR = 3_600_000;
const AT = Date.UTC(2026, 10, 20, 15);
const PLACES = 12;

const plain = createCityDemand(7, PLACES);
const cityOf = (name: IncidentName, at = AT) => {
  const incident = { name, at };
  const demand = createCityDemand(7, PLACES, worldOf(incident));
  return { demand, feed: feedOf(demand, incident), model: modelOf(demand, incident) };
};

test.each(Object.keys(INCIDENTS) as IncidentName[])(
  '%s changes nothing before its hour',
  (name) => {
    const { demand, feed, model } = cityOf(name);
    for (const [s, place] of plain.places.entries()) {
      for (let at = AT - 30 * HOUR; at < AT; at += HOUR) {
        expect(feed.count(demand.places[s]!, at)).toBe(plain.count(place, at));
        expect(model(place.seriesId, at, 0.9)).toBe(plain.quantile(place.seriesId, at, 0.9));
      }
    }
    expect(feed.end(AT - HOUR)).toBe(AT - HOUR);
    expect(feed.hasNewColumns(AT - HOUR)).toBe(false);
  },
);

const total = (name: IncidentName, at: number, only?: number) => {
  const { demand, feed } = cityOf(name);
  return demand.places
    .filter((_, s) => only === undefined || s === only)
    .reduce((sum, place) => sum + feed.count(place, at), 0);
};
const truth = (at: number) => plain.places.reduce((sum, place) => sum + plain.count(place, at), 0);

test('each incident changes the counts as documented', () => {
  expect(total('zone-closes', AT + 4 * HOUR, PLACES / 4)).toBe(0);
  expect(total('zone-closes', AT + 4 * HOUR)).toBeGreaterThan(0);
  expect(total('feed-zeros', AT)).toBe(0);
  expect(total('unit-changes', AT)).toBe(1000 * truth(AT));
  expect(total('feed-shifts', AT + 5 * HOUR)).toBe(truth(AT + 4 * HOUR));
  expect(total('clock-skew', AT + 5 * HOUR)).toBe(truth(AT + 3 * HOUR));
  // The last day before it, and the same one a day later.
  expect(total('feed-repeats', AT + 3 * HOUR)).toBe(truth(AT - 21 * HOUR));
  expect(total('feed-repeats', AT + 27 * HOUR)).toBe(truth(AT - 21 * HOUR));
  const stuck = total('sensor-sticks', AT, PLACES / 4);
  expect(stuck).toBeGreaterThan(0);
  expect(total('sensor-sticks', AT + 40 * HOUR, PLACES / 4)).toBe(stuck);
  expect(cityOf('feed-stops').feed.end(AT + 9 * HOUR)).toBe(AT);
  expect(cityOf('clock-skew').feed.end(AT + 9 * HOUR)).toBe(AT + 11 * HOUR);
  expect(cityOf('schema-changes').feed.hasNewColumns(AT)).toBe(true);
});

test('the oracle knows changes of demand but not of the feed', () => {
  const [place] = plain.places;
  const later = AT + 8 * 24 * HOUR;
  expect(cityOf('demand-doubles').demand.mean(place!.seriesId, later)).toBeCloseTo(
    2 * plain.mean(place!.seriesId, later),
  );
  expect(cityOf('feed-zeros').demand.mean(place!.seriesId, later)).toBe(
    plain.mean(place!.seriesId, later),
  );
});

test('holiday-moves shifts Thanksgiving to Friday and Christmas 2026 to Monday', () => {
  const { demand } = cityOf('holiday-moves');
  const differs = (day: string) => {
    const noon = Date.parse(`${day}T17:00:00Z`);
    return plain.places.some(
      ({ seriesId }) => demand.mean(seriesId, noon) !== plain.mean(seriesId, noon),
    );
  };
  const days = ['2026-11-25', '2026-11-26', '2026-11-27', '2026-12-25', '2026-12-28', '2026-12-29'];
  expect(days.map(differs)).toEqual([false, true, true, true, true, false]);
});

test.each([
  ['feed-stops@2026-11-01T00', true],
  ['feed-stops@2026-11-01', false],
  ['feed-stops@2026-13-01T00', false],
  ['constructor@2026-11-01T00', false],
  // Of models: no source can rehearse them.
  ['bad-model@2026-11-01T00', false],
])('parseIncident accepts %s: %s', (text, reads) => {
  expect(parseIncident(text) !== null).toBe(reads);
});
