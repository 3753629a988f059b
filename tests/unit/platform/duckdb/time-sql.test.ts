import { expect, test } from '@jest/globals';
import { sqlText } from '../../../../platform/duckdb/sql.ts';
import { timeSql } from '../../../../platform/duckdb/time-sql.ts';
import { sql } from '../../../fixtures/feature-fixture.ts';

test('reads text as local time, instant or neither, and never drops an offset', async () => {
  const cases: [text: string, localTime: string | null, instant: string | null][] = [
    ['2026-07-15', '2026-07-15 00:00:00', null],
    ['2026-07-15 10:00', '2026-07-15 10:00:00', null],
    ['2026-07-15T10:00:01.5', '2026-07-15 10:00:01.5', null],
    ['2026-07-15 24:00:00', '2026-07-16 00:00:00', null],
    ['2026-07-15 24:00', '2026-07-16 00:00:00', null],
    ['2026-07-15T10:00:00Z', null, '2026-07-15 10:00:00'],
    ['2026-07-15T10:00z', null, '2026-07-15 10:00:00'],
    ['2026-07-15 10:00:00 UTC', null, '2026-07-15 10:00:00'],
    ['2026-07-15T24:00:00Z', null, '2026-07-16 00:00:00'],
    ['2026-07-15T10:00:00+05:30', null, '2026-07-15 04:30:00'],
    ['2026-07-15 10:00:00 -0700', null, '2026-07-15 17:00:00'],
    ['2026-07-15T10:00+02', null, '2026-07-15 08:00:00'],
    ...['', 'soon', '2026-02-30 10:00:00', '2026-07-15 24:30:00', '15.07.2026 10:00'].map(
      (text): [string, null, null] => [text, null, null],
    ),
    ...['2026-07-15 10:00:00 CET', '2026-07-15-07', '2026-07-15 25:00:00'].map(
      (text): [string, null, null] => [text, null, null],
    ),
  ];
  const { localTime, instant, isBad } = timeSql('t');
  const rows = cases.map(([text], line) => `(${line}, ${sqlText(text)})`).join(', ');
  const found = await sql(
    `SELECT t, (${localTime})::VARCHAR, (${instant})::VARCHAR, ${isBad}
     FROM (VALUES ${rows}) AS rows(line, t) ORDER BY line`,
  );
  expect(found).toEqual(
    cases.map(([text, local, utc]) => [text, local, utc, local === null && utc === null]),
  );
});
