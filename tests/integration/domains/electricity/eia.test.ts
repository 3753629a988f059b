/** Purpose: what is asked of the EIA's API, how its pages are read, and what happens when it fails. */
import { readdir } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import type { Domain, Source } from '../../../../domains/domain.ts';
import { electricity } from '../../../../domains/electricity/definition.ts';
import { openEia } from '../../../../domains/electricity/eia.ts';
import { type FeatureFixture, featureFixture } from '../../../fixtures/feature-fixture.ts';

const HOUR = 3_600_000;
let server: Server;
let asked: URL[];
let reply: { status: number; text: string } | null;
/** Rows of a page; the API gives at most 5,000. */
let pageRows: number;
let key: string | null;
/** The first period without a row yet. */
let knownUntil: string;
let fixture: FeatureFixture;
/** Fetches the files. */
let open: (spec: string) => Promise<Source>;

/** As the API replies: periods of the ends of hours, values as text, the total as text. */
function pageOf({ searchParams }: URL): string {
  const [start, end] = ['start', 'end'].map((name) =>
    Date.parse(`${searchParams.get(name)}:00Z`),
  ) as [number, number];
  const respondent = searchParams.get('facets[respondent][]');
  const hours = Array.from({ length: (end - start) / HOUR + 1 }, (_, i) => ({
    period: new Date(start + i * HOUR).toISOString().slice(0, 13),
    respondent,
    type: 'D',
    value: String(1000 + ((start / HOUR + i) % 24)),
    'value-units': 'megawatthours',
  }));
  const rows = hours.filter(({ period }) => period < knownUntil);
  const offset = Number(searchParams.get('offset'));
  const data = rows.slice(offset, offset + pageRows);
  return JSON.stringify({ response: { total: String(rows.length), data } });
}

beforeEach(async () => {
  [asked, reply, pageRows, key, knownUntil] = [[], null, 5000, 'test-key-0000', '9999'];
  server = createServer((request, response) => {
    const url = new URL(request.url ?? '', 'http://localhost');
    asked.push(url);
    response.writeHead(reply?.status ?? 200, { 'content-type': 'application/json' });
    response.end(reply?.text ?? pageOf(url));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const address = `http://127.0.0.1:${port}/v2/data/`;
  const openSource: Domain['openSource'] = (spec, context) =>
    openEia(spec, { ...context, key }, address);
  fixture = await featureFixture({ ...electricity, openSource });
  open = (spec) => openSource(spec, fixture.context);
});
afterEach(async () => {
  await fixture.remove();
  await new Promise((resolve) => server.close(resolve));
});

const monthOf = (url: URL) => url.searchParams.get('start')?.slice(0, 7);

test('reads each hour of two years once, at its start', async () => {
  knownUntil = '2026-11-22T05'; // the clock is at 04:30
  const { parts, values } = await fixture.read('eia:pjm,CISO');
  expect(parts[0]?.rejected).toEqual({});
  // From the first hour of November 2024 to the last one that is over.
  const start = Date.UTC(2024, 10, 1);
  expect(values.get(`PJM@${start}`)).toBe(1000 + ((start / HOUR + 1) % 24));
  expect(values.has(`PJM@${start - HOUR}`)).toBe(false);
  expect(values.size).toBe((2 * (Date.UTC(2026, 10, 22, 4) - start)) / HOUR);
  expect(asked.every(({ searchParams }) => searchParams.get('api_key') === 'test-key-0000')).toBe(
    true,
  );
});

test('fetches settled months once', async () => {
  await open('eia:PJM');
  asked = [];
  await open('eia:PJM');
  // On 22 November August has been over for sixty days.
  expect(new Set(asked.map(monthOf))).toEqual(new Set(['2026-09', '2026-10', '2026-11']));
});

test('fetches a month again that was fetched before it settled', async () => {
  await open('eia:PJM');
  fixture.clock.advance(150 * 24 * HOUR); // 21 April
  for (const months of [['2026-09', '2026-10', '2026-11', '2026-12', '2027-01'], []]) {
    asked = [];
    await open('eia:PJM');
    const unsettled = ['2027-02', '2027-03', '2027-04'];
    expect([...new Set(asked.map(monthOf))]).toEqual([...months, ...unsettled]);
  }
  expect(await readdir(join(fixture.context.rawFolder, 'eia'))).toHaveLength(25);
});

test('omits months without a row', async () => {
  knownUntil = '2026-10-01T00';
  const { values } = await fixture.read('eia:PJM');
  expect(values.size).toBe((Date.UTC(2026, 8, 30, 23) - Date.UTC(2024, 10, 1)) / HOUR);
  expect(await readdir(join(fixture.context.rawFolder, 'eia'))).toHaveLength(23);
});

test('refuses an unknown authority and a missing key with a fix', async () => {
  await expect(open('eia:PJM;DROP')).rejects.toMatchObject({
    code: 'SOURCE_INVALID',
    fix: 'Use eia:PJM,CISO.',
  });
  key = null;
  await expect(open('eia:PJM')).rejects.toMatchObject({
    code: 'SOURCE_INVALID',
    fix: expect.stringContaining('HEADWAY_SOURCE_KEY'),
  });
  expect(asked).toEqual([]);
});

test('reports a refused key as unavailable without showing it, and keeps earlier data', async () => {
  await open('eia:PJM');
  for (const [status, text] of [
    [403, '{"error":{"code":"API_KEY_INVALID"}}'],
    [200, '{"response":{"warnings":"try later"}}'],
    [200, '<html>maintenance</html>'],
  ] as const) {
    reply = { status, text };
    const failure = await open('eia:PJM').catch((error: unknown) => error);
    expect(failure).toMatchObject({ code: 'SOURCE_UNAVAILABLE' });
    expect(String(failure)).not.toContain('test-key-0000');
  }
  expect(await readdir(join(fixture.context.rawFolder, 'eia'))).toHaveLength(25);
});
