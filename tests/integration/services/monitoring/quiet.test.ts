/**
 * Purpose: what is no drift has no verdict: a year of the stationary city with daily checks, green
 * cabs through the autumn of 2023, and loads through two years.
 */
import { expect, test } from '@jest/globals';
import { rehearse } from '../../../../bench/monitoring/rehearsal.ts';
import type { Domain } from '../../../../domains/domain.ts';
import { electricity } from '../../../../domains/electricity/definition.ts';
import { taxi } from '../../../../domains/taxi/definition.ts';
import type { Panel } from '../../../../forecasting/panel/panel.ts';
import { knownEvents } from '../../../../services/monitoring/drift/known-events.ts';
import { checkDaily, DAY, HOUR, known, NEW_YORK } from '../../../fixtures/drift-fixture.ts';
import { featureFixture } from '../../../fixtures/feature-fixture.ts';
import { someOf } from '../../../fixtures/property-runs.ts';
import { sharedData } from '../../../fixtures/shared-data.ts';

const LAST_WEEKS = 14 * 168;

// Data has 12 weeks to learn from; scores begin with the first check.
test.each(someOf([1, 2, 3, 4], 1))(
  'has no false alarm in a year of 60 series (seed %i)',
  (seed) => {
    const from = Date.UTC(2025, 7, 1, 4);
    const [first, until] = [from + 91 * DAY + 6 * HOUR, from + 456 * DAY];
    const city = rehearse({ seed, places: 60, incident: null, from, until });
    const { opened } = checkDaily(
      {},
      (at) => city.panelAt(at, at === first ? 1e9 : LAST_WEEKS),
      first,
      until,
      (at) => city.scoresOf(Math.floor(at / DAY) * DAY - DAY),
    );
    expect(opened.map(({ message }) => message)).toEqual([]);
  },
);

/** All of it at the first check, then the last weeks. */
const recentOf = (panel: Panel, first: number) => (at: number) =>
  known(panel, at, at === first ? panel.length : LAST_WEEKS);

async function panelOf(domain: Domain, folder: string) {
  const bench = await featureFixture(domain);
  try {
    await bench.run(folder);
    return await bench.features.readAsOf({});
  } finally {
    await bench.remove();
  }
}

const green = sharedData('tlc-green-2023');
(green ? test : test.skip)(
  'green cabs, October to December 2023: one closure, at the end of a season',
  async () => {
    const panel = await panelOf(taxi, green!);
    const [first, until] = [Date.UTC(2023, 9, 1, 10), Date.UTC(2024, 0, 1, 10)];
    const { opened } = checkDaily({}, recentOf(panel, first), first, until);
    // Series 93 is a park with two stadiums, whose seasons ended on 10 September and 1 October.
    expect(opened.map(({ name, seriesIds }) => [name, seriesIds])).toEqual([['closed', ['93']]]);
    // What a report shows instead.
    expect(knownEvents(NEW_YORK, first, until).map(({ title }) => title)).toEqual(
      expect.arrayContaining(['Thanksgiving Day', 'Christmas Day', 'clocks go back by 1 h']),
    );
  },
);

const pjm = sharedData('pjm-hourly');
(pjm ? test : test.skip)('loads, 2016 and 2017: nothing', async () => {
  const until = Date.UTC(2018, 0, 1, 11);
  // A year to learn the seasons from.
  const hours = (until - Date.UTC(2015, 0, 1, 5)) / HOUR;
  const panel = known(await panelOf(electricity, pjm!), until, hours);
  const first = Date.UTC(2016, 0, 1, 11);
  const { opened } = checkDaily({}, recentOf(panel, first), first, until);
  expect(opened.map(({ message }) => message)).toEqual([]);
});
