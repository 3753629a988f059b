/** Purpose: what is asked of Open-Meteo, how its CSV is read, and what happens when it fails. */
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { weather } from '../../../../domains/weather/definition.ts';
import { openOpenMeteo } from '../../../../domains/weather/open-meteo.ts';
import { type FeatureFixture, featureFixture } from '../../../fixtures/feature-fixture.ts';

let server: Server;
let asked: URL[];
let status: number;
let reply: string | null;
let fixture: FeatureFixture;

/** Hours of the days asked for, as the service writes them; 2 °C below zero, and one unknown. */
function csvOf(url: URL): string {
  const [from, to] = ['start_date', 'end_date'].map((name) => url.searchParams.get(name) as string);
  const lines: string[] = [];
  for (let t = Date.parse(`${from}Z`); t < Date.parse(`${to}Z`) + 86_400_000; t += 3_600_000)
    lines.push(`${new Date(t).toISOString().slice(0, 16)},${lines.length === 1 ? 'NaN' : '-2.0'}`);
  return (
    'latitude,longitude,elevation,utc_offset_seconds,timezone,timezone_abbreviation\n' +
    `52.54833,13.407822,38.0,0,GMT,GMT\n\ntime,temperature_2m (°C)\n${lines.join('\n')}\n`
  );
}

beforeEach(async () => {
  [asked, status, reply] = [[], 200, null];
  server = createServer((request, response) => {
    const url = new URL(request.url ?? '', 'http://localhost');
    asked.push(url);
    response.writeHead(status, { 'content-type': 'text/csv' });
    response.end(reply ?? (status === 200 ? csvOf(url) : '{"error":true,"reason":"no"}'));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  fixture = await featureFixture({
    ...weather,
    openSource(spec, context) {
      const { port } = server.address() as AddressInfo;
      const services = ['archive', 'forecast'].map((name) => `http://127.0.0.1:${port}/v1/${name}`);
      const open = (folder: string) => weather.openSource(folder, context);
      return openOpenMeteo(spec, context, open, services as [string, string]);
    },
  });
});
afterEach(async () => {
  await fixture.remove();
  await new Promise((resolve) => server.close(resolve));
});

const spanOf = ({ pathname, searchParams }: URL) =>
  [pathname, searchParams.get('start_date'), searchParams.get('end_date')].join(' ');

test('reads settled months once from the archive, and later days at every run', async () => {
  const { parts, values } = await fixture.read('open-meteo:berlin,oslo');
  const both = ['/v1/archive 2024-11-01 2026-10-31', '/v1/forecast 2026-11-01 2026-11-21'];
  expect(asked.map(spanOf)).toEqual([...both, ...both]);
  expect(asked[0]?.searchParams.get('latitude')).toBe('52.52');
  expect(asked.every(({ searchParams }) => searchParams.get('format') === 'csv')).toBe(true);
  expect(values.get(`berlin@${Date.parse('2024-11-01T00:00Z')}`)).toBe(-2);
  // What is not known is no row; and each hour of the two years is there once.
  expect(values.has(`berlin@${Date.parse('2024-11-01T01:00Z')}`)).toBe(false);
  expect(values.size).toBe(2 * (24 * (730 + 21) - 2));
  expect(parts[0]?.rejected).toEqual({});

  fixture.clock.advance(86_400_000);
  asked = [];
  const next = await fixture.read('open-meteo:berlin,oslo');
  expect(new Set(asked.map(spanOf))).toEqual(new Set(['/v1/forecast 2026-11-01 2026-11-22']));
  expect(next.values.size).toBe(values.size + 48);
});

test('derives the city from the file name without its dates', async () => {
  const url = new URL('http://x/?start_date=2024-01-01&end_date=2024-01-01');
  const names = ['new-york.csv', 'new-delhi.csv', 'Berlin.csv', 'rome_2024-01-01_2024-12-31.csv'];
  for (const name of [...names, 'oslo-2024.CSV', 'st.gallen.csv'])
    await writeFile(join(fixture.input, name), csvOf(url));
  const read = await featureFixture(weather);
  try {
    const { values } = await read.read(fixture.input);
    const cities = new Set([...values.keys()].map((key) => key.split('@')[0]));
    expect([...cities].sort().join(' ')).toBe('Berlin new-delhi new-york oslo rome st.gallen');
  } finally {
    await read.remove();
  }
});

test('refuses an unknown city with the known ones, and reports a refusing service', async () => {
  await expect(fixture.read('open-meteo:atlantis')).rejects.toMatchObject({
    code: 'SOURCE_INVALID',
    fix: expect.stringContaining('berlin'),
  });
  status = 400;
  await expect(fixture.read('open-meteo:berlin')).rejects.toMatchObject({
    code: 'SOURCE_UNAVAILABLE',
    message: expect.stringMatching(/archive returned no data \(HTTP 400\)/),
  });
});

test('reports an invalid response as unavailable, and keeps earlier data', async () => {
  const { values } = await fixture.read('open-meteo:berlin');
  reply = 'Daily limit of requests exceeded';
  await expect(fixture.read('open-meteo:berlin')).rejects.toMatchObject({
    code: 'SOURCE_UNAVAILABLE',
    message: expect.stringContaining('Daily limit'),
  });
  const folder = join(fixture.context.rawFolder, 'open-meteo');
  const names = await readdir(folder);
  expect(names).toHaveLength(2);
  for (const name of names)
    expect(await readFile(join(folder, name), 'utf8')).toContain('time,temperature_2m');
  expect(values.size).toBeGreaterThan(0);
});
