/**
 * Purpose: tables in any dialect are read as an independent reader reads them: the values that were
 * written, whatever separates, quotes and groups them.
 * Invariants: the writer below shares nothing with the reader.
 */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { Table } from '../../../../domains/sources/table-declaration.ts';
import { tableRows } from '../../../../domains/sources/table-rows.ts';
import { sql } from '../../../fixtures/feature-fixture.ts';
import { runs } from '../../../fixtures/property-runs.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'headway-dialects-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const two = (n: number): string => String(n).padStart(2, '0');
/** Format → the text of a time, without a library. */
const TIMES: Record<string, (t: Date) => string> = {
  iso: (t) => t.toISOString().slice(0, 19).replace('T', ' '),
  '%d.%m.%Y %H:%M': (t) =>
    `${t.getUTCDate()}.${two(t.getUTCMonth() + 1)}.${t.getUTCFullYear()} ` +
    `${two(t.getUTCHours())}:${two(t.getUTCMinutes())}`,
  '%m/%d/%Y %I:%M %p': (t) =>
    `${t.getUTCMonth() + 1}/${t.getUTCDate()}/${t.getUTCFullYear()} ` +
    `${t.getUTCHours() % 12 || 12}:${two(t.getUTCMinutes())} ${t.getUTCHours() < 12 ? 'am' : 'PM'}`,
  'epoch-s': (t) => String(t.getTime() / 1000),
  'epoch-ms': (t) => String(t.getTime()),
};

const SPACES = ['', ' '];
const dialect = fc.record({
  delimiter: fc.constantFrom<NonNullable<Table['delimiter']>>(',', ';', '\t', '|'),
  decimal: fc.constantFrom<'.' | ','>('.', ','),
  thousands: fc.constantFrom<Table['thousands'] | undefined>(undefined, ' ', "'", '.', ','),
  header: fc.boolean(),
  skipLines: fc.constantFrom(0, 2),
  quotesAll: fc.boolean(),
  end: fc.constantFrom('\n', '\r\n'),
  isGzip: fc.boolean(),
  encoding: fc.constantFrom(undefined, 'utf-16le', 'windows-1252'),
  space: fc.constantFrom(...SPACES),
  timeFormat: fc.constantFrom(...Object.keys(TIMES)),
  clock: fc.constantFrom(undefined, 'UTC', 'Europe/Berlin'),
  order: fc.constantFrom<('t' | 's' | 'v')[]>(['t', 's', 'v'], ['v', 's', 't'], ['s', 't', 'v']),
});
const row = fc.record({
  minute: fc.integer({ min: 0, max: 60 * 24 * 3000 }),
  series: fc.constantFrom('A', 'Köln', 'a "b" c', 'x,y;z|w', "O'Hare", '7'),
  cents: fc.integer({ min: -10_000_000, max: 10_000_000 }),
  isBlank: fc.boolean(),
});

function numberText(cents: number, decimal: string, thousands: string | undefined): string {
  const whole = String(Math.floor(Math.abs(cents) / 100));
  let grouped = '';
  for (const [at, digit] of [...whole].entries())
    grouped += (at > 0 && (whole.length - at) % 3 === 0 ? (thousands ?? '') : '') + digit;
  return `${cents < 0 ? '-' : ''}${grouped}${decimal}${two(Math.abs(cents) % 100)}`;
}

/** When the wall clock of Berlin shows this, read as if it were UTC: by trying both offsets. */
function instantInBerlin(wall: number): number {
  const format = new Intl.DateTimeFormat('sv', {
    ...{ timeZone: 'Europe/Berlin', dateStyle: 'short', timeStyle: 'medium' },
  });
  const shown = (time: number) => Date.parse(`${format.format(time).replace(' ', 'T')}Z`);
  return (
    [2, 1].map((hours) => wall - hours * 3_600_000).find((time) => shown(time) === wall) ??
    Number.NaN
  );
}

test('reads what was written in any dialect', async () => {
  let count = 0;
  await fc.assert(
    fc.asyncProperty(dialect, fc.array(row, { minLength: 1, maxLength: 12 }), async (d, rows) => {
      fc.pre(d.thousands !== d.decimal);
      const first = Date.UTC(2018, 0, 1);
      const times = rows.map(({ minute }) => first + minute * 60_000);
      const isInstant = d.timeFormat.startsWith('epoch');
      const utc = times.map((time) =>
        d.clock === 'Europe/Berlin' && !isInstant ? instantInBerlin(time) : time,
      );
      // Hours that the clock skips or shows twice are the business of other tests.
      fc.pre(
        utc.every((time, at) => {
          const again = instantInBerlin((times[at] as number) + 3_600_000) - 3_600_000;
          const before = instantInBerlin((times[at] as number) - 3_600_000) + 3_600_000;
          return d.clock !== 'Europe/Berlin' || isInstant || (again === time && before === time);
        }),
      );
      const quote = (text: string) =>
        d.quotesAll || text.includes(d.delimiter) || text.includes('"')
          ? `"${text.replaceAll('"', '""')}"`
          : text;
      const line = (cells: Record<string, string>) =>
        d.order.map((name) => d.space + quote(cells[name] as string)).join(d.delimiter);
      const body = rows.map(({ series, cents, isBlank }, at) =>
        line({
          t: TIMES[d.timeFormat]?.(new Date(times[at] as number)) ?? '',
          s: series,
          v: isBlank ? '' : numberText(cents, d.decimal, d.thousands),
        }),
      );
      const content = [
        ...Array.from({ length: d.skipLines }, (_, at) => `A title ${at}`),
        ...(d.header ? [line({ t: 't', s: 's', v: 'v' })] : []),
        ...body,
      ].join(d.end);
      const text = `${content}${d.end}`;
      const bytes =
        d.encoding === 'utf-16le'
          ? Buffer.from(text, 'utf16le')
          : Buffer.from(text, d.encoding === undefined ? 'utf8' : 'latin1');
      const path = join(folder, `${count++}.csv${d.isGzip ? '.gz' : ''}`);
      await writeFile(path, d.isGzip ? gzipSync(bytes) : bytes);

      const nameOf = (name: 't' | 's' | 'v') => (d.header ? name : `c${d.order.indexOf(name) + 1}`);
      const table: Table = {
        ...{ time: nameOf('t'), series: nameOf('s'), value: nameOf('v'), header: d.header },
        ...{ decimal: d.decimal, skipLines: d.skipLines, timeFormat: d.timeFormat },
        ...(d.thousands !== undefined && { thousands: d.thousands }),
        ...(d.encoding !== undefined && { encoding: d.encoding }),
        ...(d.clock !== undefined && { clock: d.clock }),
        ...(!d.header && { delimiter: d.delimiter }),
      };
      const { relation } = await tableRows(table, [path], (one) => one, folder);
      const read = await sql(
        `SELECT hw_series, epoch_ms(coalesce(hw_instant, hw_local_time))::DOUBLE, hw_value,
           hw_bad_line
         FROM ${relation}`,
      );
      const expected = rows.flatMap(({ series, cents, isBlank }, at) =>
        isBlank ? [] : [[series, utc[at], cents / 100, false]],
      );
      expect(read).toEqual(expected);
    }),
    { seed: 19, numRuns: runs(100) },
  );
}, 60_000);
