/**
 * Purpose: the inputs people bring, drawn at random: formats, encodings, separators, headers,
 * column orders, time forms, id forms, part layouts, counted and measured. Each row is used or
 * rejected, the values are those of an independent reader, or the error names the file.
 */
import { writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { Domain, RawPart, RawRows } from '../../../../domains/domain.ts';
import { csvTable, openCsvFile } from '../../../../platform/duckdb/csv-table.ts';
import { parquetFiles, sqlText } from '../../../../platform/duckdb/sql.ts';
import { timeSql } from '../../../../platform/duckdb/time-sql.ts';
import { filesFingerprint, sourceFiles } from '../../../../platform/files/source-files.ts';
import { shops } from '../../../../tools/example-domain/definition.ts';
import { featureFixture, writeParquet } from '../../../fixtures/feature-fixture.ts';
import { runs } from '../../../fixtures/property-runs.ts';

const HOUR = 3_600_000;
/** Midnight in Berlin, two hours ahead of UTC all week. */
const START = Date.UTC(2026, 6, 5, 22);
const BERLIN_MS = 2 * HOUR;
const COLUMNS = ['key', 'id', 'time', 'value'] as const;
type Column = (typeof COLUMNS)[number];

const PLAIN_IDS = ['north', '7', '007', 'Store 1'];
const ODD_IDS = ['Café', 'a;b,c', 'say "hi"', "it's", '-', 'NULL', 'tab\there', ''];

const iso = (time: number) => new Date(time).toISOString();
/** An instant → how a file writes it. */
const TIME_FORMS: Record<string, (utc: number) => string> = {
  local: (utc) =>
    iso(utc + BERLIN_MS)
      .slice(0, 19)
      .replace('T', ' '),
  'local with T': (utc) => iso(utc + BERLIN_MS).slice(0, 19),
  minutes: (utc) =>
    iso(utc + BERLIN_MS)
      .slice(0, 16)
      .replace('T', ' '),
  fractions: (utc) =>
    iso(utc + BERLIN_MS)
      .slice(0, 23)
      .replace('T', ' '),
  Z: (utc) => iso(utc),
  offset: (utc) => `${iso(utc + 5.5 * HOUR).slice(0, 19)}+05:30`,
  'short offset': (utc) =>
    `${iso(utc - 7 * HOUR)
      .slice(0, 16)
      .replace('T', ' ')} -0700`,
  '24:00': (utc) => {
    const local = iso(utc + BERLIN_MS);
    return local.slice(11, 16) === '00:00'
      ? `${iso(utc + BERLIN_MS - HOUR).slice(0, 10)} 24:00:00`
      : local.slice(0, 19).replace('T', ' ');
  },
};

interface Row {
  readonly key: string;
  readonly id: string;
  /** Minutes after START; null: the time is no time. */
  readonly minute: number | null;
  readonly value: string;
}

const row = (ids: readonly string[]): fc.Arbitrary<Row> =>
  fc.record({
    key: fc.oneof(fc.constantFrom('', '1', '2'), fc.nat(9999).map(String)),
    id: fc.constantFrom(...ids),
    minute: fc.option(
      fc.tuple(fc.nat(160), fc.constantFrom(0, 0, 30)).map(([hour, minute]) => hour * 60 + minute),
      { freq: 9 },
    ),
    value: fc.constantFrom('1', '2.5', '1e3', '0', 'x', '', '-4', '1.7976931348623157e308'),
  });

const input = fc.constantFrom(true, false).chain((isPlain) =>
  fc.record({
    format: fc.constantFrom('csv', 'csv.gz', 'CSV', 'parquet'),
    encoding: fc.constantFrom('utf8', 'utf8', 'utf8', 'bom', 'latin1', 'utf16le'),
    separator: fc.constantFrom(',', ';', '\t', '|'),
    header: fc.constantFrom('plain', 'plain', 'upper', 'quoted', 'none'),
    order: fc.shuffledSubarray([...COLUMNS], { minLength: COLUMNS.length }),
    extra: fc.boolean(),
    lineEnd: fc.constantFrom('\n', '\r\n'),
    form: fc.constantFrom(...Object.keys(TIME_FORMS)),
    isTyped: fc.boolean(),
    isOnePart: fc.boolean(),
    isCount: fc.boolean(),
    files: fc.array(
      fc.array(row(isPlain ? PLAIN_IDS : [...PLAIN_IDS, ...ODD_IDS]), {
        minLength: 1,
        maxLength: 30,
      }),
      { minLength: 1, maxLength: 3 },
    ),
  }),
);
type Input = typeof input extends fc.Arbitrary<infer T> ? T : never;

const fieldsOf = (form: string, { key, id, minute, value }: Row): Record<Column, string> => ({
  ...{ key, id, value },
  time: minute === null ? 'soon' : (TIME_FORMS[form]?.(START + minute * 60_000) as string),
});

async function write(path: string, rows: readonly Row[], one: Input): Promise<void> {
  if (one.format === 'parquet') return writeTable(path, rows, one);
  const quoted = (text: string) =>
    /[",;\t|]/.test(text) || one.header === 'quoted' ? `"${text.replaceAll('"', '""')}"` : text;
  const line = (fields: readonly string[]) =>
    [...fields.map(quoted), ...(one.extra ? ['more'] : [])].join(one.separator);
  const header = one.order.map((name) => (one.header === 'upper' ? name.toUpperCase() : name));
  const lines = [
    ...(one.header === 'none' ? [] : [line(header)]),
    ...rows.map((each) => line(one.order.map((name) => fieldsOf(one.form, each)[name]))),
  ];
  const text = `${one.encoding === 'bom' ? '\uFEFF' : ''}${lines.join(one.lineEnd)}${one.lineEnd}`;
  const bytes = Buffer.from(text, one.encoding === 'bom' ? 'utf8' : one.encoding);
  await writeFile(path, path.endsWith('gz') ? gzipSync(bytes) : bytes);
}

async function writeTable(path: string, rows: readonly Row[], one: Input): Promise<void> {
  const values = rows.map((each) => {
    const fields = fieldsOf(one.form, each);
    return `(${one.order.map((name) => sqlText(fields[name])).join(', ')})`;
  });
  const { localTime, instant } = timeSql('time');
  const typed = one.isTyped
    ? `SELECT * REPLACE (try_cast(value AS DOUBLE) AS value,
        coalesce(${instant}, ${localTime} - INTERVAL 2 HOUR) AT TIME ZONE 'UTC' AS time)`
    : 'SELECT *';
  await writeParquet(
    path,
    `${typed} FROM (VALUES ${values.join(', ')}) AS t(${one.order.join(', ')})`,
  );
}

function domainOf({ format, isCount, isOnePart, isTyped }: Input): Domain {
  const open = async (paths: readonly string[]): Promise<RawRows> => {
    const wanted = Object.fromEntries(COLUMNS.map((name) => [name, name]));
    const files =
      format === 'parquet' ? [] : await Promise.all(paths.map((p) => openCsvFile(p, wanted)));
    const text = timeSql('time');
    const isInstant = format === 'parquet' && isTyped;
    return {
      relation: format === 'parquet' ? parquetFiles(paths) : csvTable(files),
      seriesId: 'trim(id)',
      localTime: isInstant ? 'NULL::TIMESTAMP' : text.localTime,
      instant: isInstant ? 'time' : text.instant,
      value: isCount ? null : 'try_cast(value AS DOUBLE)',
      duplicateKey: isCount ? ['key'] : [],
      rejections: [
        ...(files.length > 0 ? [{ reason: 'bad_line', when: 'hw_bad_line' }] : []),
        { reason: 'bad_time', when: isInstant ? 'time IS NULL' : text.isBad },
      ],
    };
  };
  return {
    ...{ ...shops, name: 'matrix', missing: isCount ? 'zero' : 'unknown', expectations: {} },
    async openSource(spec) {
      const paths = await sourceFiles(spec, { noun: 'file', isWanted: () => true, fix: '' });
      const part = async (name: string, own: readonly string[]): Promise<RawPart> => ({
        ...{ name, feed: name, span: null, open: () => open(own) },
        ...(await filesFingerprint(own)),
      });
      const all = isOnePart
        ? [part('all', paths)]
        : paths.map((path) => part(basename(path), [path]));
      return { description: spec, parts: () => Promise.all(all) };
    },
  };
}

/** What a part's rows mean, without SQL. */
function readIndependently(rows: readonly Row[], isCount: boolean) {
  const values = new Map<string, number>();
  const keys = new Map<string, string>();
  let used = 0;
  const usable = rows.flatMap(({ key, id, minute, value }) => {
    const number = value === '' ? Number.NaN : Number(value);
    const isGood = isCount || (number >= 0 && number < 3.4e38);
    if (minute === null || id === '' || id.includes('\t') || !isGood) return [];
    return [{ key, number, at: `${id}@${START + Math.floor(minute / 60) * HOUR}`, minute, id }];
  });
  // Of the same event several times, the earliest interval, then series, counts.
  const hour = (minute: number) => Math.floor(minute / 60);
  if (isCount)
    usable.sort(
      (a, b) => hour(a.minute) - hour(b.minute) || (a.id < b.id ? -1 : Number(a.id > b.id)),
    );
  for (const { key, number, at } of usable) {
    if (isCount ? key !== '' && keys.has(key) : values.has(at)) continue;
    keys.set(key, at);
    values.set(at, isCount ? (values.get(at) ?? 0) + 1 : number);
    used++;
  }
  return { values, used };
}

test('uses or rejects every row of every input, reads it correctly, or names the file', async () => {
  const seen = { read: 0, refused: 0 };
  await fc.assert(
    fc.asyncProperty(input, async (one) => {
      const bench = await featureFixture(domainOf(one));
      try {
        const names = one.files.map((_, i) => `in-${i}.${one.format}`);
        for (const [i, rows] of one.files.entries())
          await write(join(bench.input, names[i] as string), rows, one);
        const parts = (one.isOnePart ? [one.files.flat()] : one.files).map((rows) => ({
          rows,
          ...readIndependently(rows, one.isCount),
        }));
        const mayFail =
          (one.format !== 'parquet' &&
            (one.header === 'none' || one.encoding === 'latin1' || one.encoding === 'utf16le')) ||
          parts.some(({ used }) => used === 0);
        const found = await bench.read().catch((error) => {
          if (!mayFail) throw error;
          return error;
        });
        if (found instanceof Error) {
          seen.refused++;
          expect(found).toMatchObject({ code: 'RAW_FILE_INVALID' });
          expect(found.message).toMatch(/in-\d\.|^all has no usable row/);
          return;
        }
        seen.read++;
        const expected = new Map<string, number>();
        for (const { values } of parts)
          for (const [at, value] of values) expected.set(at, (expected.get(at) ?? 0) + value);
        expect(found.values).toEqual(expected);
        for (const [i, { rows, used }] of parts.entries()) {
          const { rowsIn, rowsUsed, rejected } = found.parts[i];
          const lost = Object.values(rejected as Record<string, number>).reduce((a, b) => a + b, 0);
          expect([rowsIn, rowsUsed, lost]).toEqual([rows.length, used, rows.length - used]);
        }
      } finally {
        await bench.remove();
      }
    }),
    { numRuns: runs(100), seed: 16 },
  );
  expect(seen.read).toBeGreaterThan(seen.refused / 2);
}, 240_000);
