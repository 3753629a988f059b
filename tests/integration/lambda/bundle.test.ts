/** Purpose: calendars from the holiday table of the Lambda bundle, compared with the library's. */
import { execFile } from 'node:child_process';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, test } from '@jest/globals';
import { build } from 'esbuild';
import { type CalendarPlace, createCalendar } from '../../../forecasting/features/calendar.ts';
import { HOLIDAY_ALIAS, holidayTable } from '../../../infra/lambda/bundle.ts';
import { temporaryFolder } from '../../fixtures/storage/features.ts';

const REPOSITORY = fileURLToPath(new URL('../../../', import.meta.url));
const LORD_HOWE = { timeZone: 'Australia/Lord_Howe', holidays: { country: 'AU' } };
const NEW_YORK = { timeZone: 'America/New_York', holidays: { country: 'US', state: 'NY' } };

test('the holiday table equals the calendars of the library for all years of the API', async () => {
  const { folder, remove } = await temporaryFolder();
  const from = (year: number, month: number) => Date.UTC(year, month, 1);
  const requests: [start: number, minutes: number, length: number, place: CalendarPlace][] = [
    [from(2024, 9), 60, 24 * 300, NEW_YORK],
    [from(1970, 0), 1440, 84_372, NEW_YORK],
    [from(2024, 0), 30, 5000, LORD_HOWE],
    [from(2024, 0), 60, 24, { timeZone: 'UTC', holidays: null }],
  ];
  const contents = `
    import { createCalendar } from './forecasting/features/calendar.ts';
    const requests = ${JSON.stringify(requests)};
    console.log(JSON.stringify(requests.map((each) => createCalendar(...each))));`;
  const outfile = path.join(folder, 'calendars.mjs');
  await build({
    bundle: true,
    platform: 'node',
    absWorkingDir: REPOSITORY,
    stdin: { contents, resolveDir: REPOSITORY },
    outfile,
    format: 'esm',
    alias: HOLIDAY_ALIAS,
    define: { HOLIDAYS: JSON.stringify(holidayTable([NEW_YORK.holidays, LORD_HOWE.holidays])) },
  });
  const { stdout } = await promisify(execFile)(process.execPath, [outfile], {
    maxBuffer: 64 << 20,
  });
  await remove();
  const expected = requests.map((each) => createCalendar(...each));
  expect(JSON.parse(stdout)).toEqual(JSON.parse(JSON.stringify(expected)));
});
