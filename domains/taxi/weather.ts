/**
 * Purpose: daily weather of Central Park as exogenous columns, from CSV files as NOAA's archive
 * exports them (GHCN-Daily, "standard" units: °F and inches). Columns: temperature (°C, mean of the
 * day's extremes), precipitation (mm), snow (cm, fallen).
 * Invariants: a day's weather is known PUBLISHED_HOURS after that local day has ended, never
 * earlier; each line is three values, each of which is used or rejected for a counted reason; a
 * blank field is unknown, never zero.
 * Fails: SOURCE_NOT_FOUND, SOURCE_INVALID; at opening RAW_FILE_INVALID for a file that is cut,
 * foreign, of several stations or metric.
 */
import { basename } from 'node:path';
import { csvTable, openCsvFile } from '../../platform/duckdb/csv-table.ts';
import { rowsOf, withDuckDB } from '../../platform/duckdb/duckdb.ts';
import { sqlText } from '../../platform/duckdb/sql.ts';
import { HeadwayError } from '../../platform/errors.ts';
import { fileFingerprint, sourceFiles } from '../../platform/files/source-files.ts';
import type { ExogenousRows, ExogenousSource } from '../domain.ts';
import { TIME_ZONE, type WeatherColumn } from './names.ts';

/**
 * The weather service's report of a day is out at about two in the morning. Stations keep standard
 * time all year, so in summer their day ends an hour later. Six hours after midnight are on the
 * safe side.
 */
const PUBLISHED_HOURS = 6;
const FILE_NAME = /\.csv(\.gz)?$/i;
const NEEDED = ['DATE', 'PRCP', 'SNOW', 'TMAX', 'TMIN'];
/** No summer day of New York stays below 60 °F at noon; in °C every one does. */
const COLDEST_SUMMER_F = 60;

/** Column → its SQL, and what no day in New York can have had, in the units of the file. */
const COLUMNS: Record<
  WeatherColumn,
  { readonly fields: readonly string[]; readonly value: string; readonly implausible: string }
> = {
  temperature: {
    fields: ['TMAX', 'TMIN'],
    value: '((n_TMAX + n_TMIN) / 2 - 32) / 1.8',
    implausible:
      'n_TMAX NOT BETWEEN -40 AND 130 OR n_TMIN NOT BETWEEN -40 AND 130 OR n_TMIN > n_TMAX',
  },
  precipitation: {
    fields: ['PRCP'],
    value: 'n_PRCP * 25.4',
    implausible: 'n_PRCP NOT BETWEEN 0 AND 30',
  },
  snow: { fields: ['SNOW'], value: 'n_SNOW * 2.54', implausible: 'n_SNOW NOT BETWEEN 0 AND 60' },
};

export async function openWeather(spec: string): Promise<ExogenousSource> {
  await sourceFiles(spec, wanted);
  return {
    description: `daily weather in ${spec}`,
    async parts() {
      const parts = [];
      for (const path of await sourceFiles(spec, wanted)) {
        const open = () => readWeather(path);
        parts.push({
          name: basename(path),
          feed: 'weather',
          ...(await fileFingerprint(path)),
          span: null,
          open,
        });
      }
      return parts;
    },
  };
}

const wanted = {
  noun: 'weather file',
  isWanted: (name: string) => FILE_NAME.test(name),
  fix:
    'Give a CSV file, or a folder of them, as NOAA exports daily summaries: columns DATE, ' +
    'PRCP, SNOW, TMAX, TMIN.',
};

async function readWeather(path: string): Promise<ExogenousRows> {
  const needed = Object.fromEntries(NEEDED.map((name) => [`t_${name}`, name]));
  const file = await openCsvFile(path, needed, { station: 'STATION' });
  const lines =
    `SELECT *, ${NEEDED.map((name) => `try_cast(t_${name} AS DOUBLE) AS n_${name}`).join(', ')}, ` +
    `try_strptime(t_DATE, '%Y-%m-%d') AS day FROM ${csvTable([file])}`;
  await refuseForeign(path, lines);

  const names = Object.entries(COLUMNS);
  const byName = (of: (column: (typeof COLUMNS)['snow']) => string) =>
    'CASE name ' +
    `${names.map(([name, column]) => `WHEN ${sqlText(name)} THEN ${of(column)}`).join(' ')} END`;
  const isBlank = byName(({ fields }) => fields.map((name) => `t_${name} = ''`).join(' OR '));
  const isText = byName(({ fields }) => fields.map((name) => `n_${name} IS NULL`).join(' OR '));
  return {
    relation:
      `(SELECT * FROM (${lines}), (VALUES ` +
      `${names.map(([name]) => `(${sqlText(name)})`).join(', ')}) AS c(name))`,
    column: 'name',
    // Local midnight after the day, as an instant, and then hours that pass: clocks may change in
    // between.
    knownAt:
      `((day + INTERVAL 1 DAY) AT TIME ZONE ${sqlText(TIME_ZONE)}) AT TIME ZONE 'UTC' + ` +
      `INTERVAL ${PUBLISHED_HOURS} HOUR`,
    about: null,
    value: byName(({ value }) => value),
    rejections: [
      { reason: 'bad_line', when: 'hw_bad_line' },
      { reason: 'bad_date', when: 'day IS NULL' },
      { reason: 'missing_value', when: isBlank },
      { reason: 'bad_value', when: `${isText} OR ${byName(({ implausible }) => implausible)}` },
    ],
  };
}

/** What only the whole file shows. */
async function refuseForeign(path: string, lines: string): Promise<void> {
  const [found] = await withDuckDB({ threads: 1 }, (connection) =>
    rowsOf(
      connection,
      `SELECT count(DISTINCT station)::INTEGER AS stations,
         max(n_TMAX) FILTER (extract('month' FROM day) BETWEEN 6 AND 8)::DOUBLE AS summer
       FROM (${lines}) WHERE NOT hw_bad_line`,
    ),
  );
  if (Number(found.stations) > 1)
    throw refused(path, `holds ${found.stations} stations; one is wanted`);
  if (found.summer !== null && Number(found.summer) < COLDEST_SUMMER_F) {
    throw refused(path, `has no summer day above ${COLDEST_SUMMER_F} °F: it seems to be in °C`);
  }
}

const refused = (path: string, what: string, cause?: unknown): HeadwayError =>
  new HeadwayError('RAW_FILE_INVALID', `${basename(path)} ${what}`, {
    where: path,
    fix:
      'Export daily summaries of one station in standard units (°F, inches), and fetch the file ' +
      'again if it is truncated.',
    cause,
  });
