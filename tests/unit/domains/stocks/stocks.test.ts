/** Purpose: prices from files and from the API: business days, a series a file. */
import { mkdir, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { openStooq, stocks } from '../../../../domains/stocks/definition.ts';
import { type FeatureFixture, featureFixture } from '../../../fixtures/feature-fixture.ts';

let fixture: FeatureFixture;
beforeEach(async () => {
  fixture = await featureFixture(stocks);
});
afterEach(() => fixture.remove());

const day = (date: string) => Date.parse(`${date}T00:00Z`);
const HEADER = 'Date,Open,High,Low,Close,Volume';

test('reads the close of business days, rejects weekends and skips holidays', async () => {
  // 4 July 2017 was a holiday, the 8th a Saturday.
  const rows = ['2017-07-03,1,1,1,10.5,9', '2017-07-05,1,1,1,11,9', '2017-07-08,1,1,1,12,9'];
  await writeFile(join(fixture.input, 'KO.csv'), [HEADER, ...rows, ''].join('\n'));
  await mkdir(join(fixture.input, 'more'));
  await writeFile(join(fixture.input, 'more', 'XOM.csv'), `${HEADER}\n2017-07-03,1,1,1,80,9\n`);
  const { parts, values } = await fixture.read();
  expect(Object.fromEntries(values)).toEqual({
    [`KO@${day('2017-07-03')}`]: 10.5,
    [`KO@${day('2017-07-05')}`]: 11,
    [`XOM@${day('2017-07-03')}`]: 80,
  });
  expect(parts.map(({ rejected }) => rejected)).toEqual([{ closed_day: 1 }, {}]);
});

test('requests each symbol from Stooq', async () => {
  const asked: string[] = [];
  const server = createServer((request, response) => {
    asked.push(request.url ?? '');
    response.end(`${HEADER}\n2017-07-03,1,1,1,${100 + asked.length},9\n`);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const address = `http://127.0.0.1:${port}/q/d/l/`;
  const domain = {
    ...stocks,
    openSource: (spec: string, context: Parameters<typeof openStooq>[1]) =>
      openStooq(spec, context, address),
  };
  const other = await featureFixture(domain);
  try {
    const { values } = await other.read('stooq:aapl.us,ko.us');
    expect(asked).toEqual(['/q/d/l/?i=d&s=aapl.us', '/q/d/l/?i=d&s=ko.us']);
    expect(Object.fromEntries(values)).toEqual({
      [`aapl.us@${day('2017-07-03')}`]: 101,
      [`ko.us@${day('2017-07-03')}`]: 102,
    });
  } finally {
    await other.remove();
    await new Promise((resolve) => server.close(resolve));
  }
});
