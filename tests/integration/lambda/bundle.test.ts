/** Purpose: calendars from the holiday table of the Lambda bundle, compared with the library's. */
import { execFile } from 'node:child_process';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, test } from '@jest/globals';
import { build } from 'esbuild';
import { type CalendarPlace, createCalendar } from '../../../forecasting/features/calendar.ts';
import { HOLIDAY_ALIAS, holidayTable } from '../../../infra/lambda/holiday-table.ts';
import { temporaryFolder } from '../../fixtures/storage/features.ts';

const REPOSITORY = fileURLToPath(new URL('../../../', import.meta.url));
const NEW_YORK = { timeZone: 'America/New_York', holidays: { country: 'US', state: 'NY' } };

test('the holiday table gives the calendars of the library, also beyond its years and places', async () => {
  const { folder, remove } = await temporaryFolder();
  const from = (year: number, month: number) => Date.UTC(year, month, 1);
  const requests: [start: number, minutes: number, length: number, place: CalendarPlace][] = [
    [from(2024, 9), 60, 24 * 300, NEW_YORK],
    [from(1999, 5), 60, 24 * 400, NEW_YORK],
    [from(2060, 0), 1440, 900, NEW_YORK],
    [from(2024, 0), 30, 5000, { timeZone: 'Australia/Lord_Howe', holidays: { country: 'AU' } }],
    [from(2024, 0), 60, 24, { timeZone: 'UTC', holidays: null }],
  ];
  const contents = `
    import { createCalendar } from './forecasting/features/calendar.ts';
    const requests = ${JSON.stringify(requests)};
    console.log(JSON.stringify(requests.map((each) => createCalendar(...each))));`;
  const outfile = path.join(folder, 'calendars.mjs');
  const options = { bundle: true, platform: 'node', absWorkingDir: REPOSITORY } as const;
  await build({
    ...options,
    stdin: { contents, resolveDir: REPOSITORY },
    outfile,
    format: 'esm',
    alias: HOLIDAY_ALIAS,
    define: { HOLIDAYS: JSON.stringify(holidayTable([NEW_YORK.holidays])) },
  });
  await build({
    ...options,
    entryPoints: ['./node_modules/date-holidays'],
    outfile: path.join(folder, 'date-holidays.cjs'),
  });
  const { stdout } = await promisify(execFile)(process.execPath, [outfile], {
    maxBuffer: 64 << 20,
  });
  await remove();
  const expected = requests.map((each) => createCalendar(...each));
  expect(JSON.parse(stdout)).toEqual(JSON.parse(JSON.stringify(expected)));
}, 60_000);
