/**
 * Purpose: hourly loads from a folder of files "<REGION>_hourly.csv" or ".csv.gz" with columns
 * Datetime and <REGION>_MW.
 * Invariants: regions are series of one feed, so the whole folder is one part; every line after the
 * header is a row that is used or rejected; the region is named by the header, once in a folder.
 * Fails: SOURCE_NOT_FOUND, SOURCE_INVALID; at opening RAW_FILE_INVALID naming every file that is
 * cut, empty or foreign.
 */
import { basename } from 'node:path';
import { type CsvFile, csvTable, openCsvFile } from '../../platform/duckdb/csv-table.ts';
import { sqlText } from '../../platform/duckdb/sql.ts';
import { timeSql } from '../../platform/duckdb/time-sql.ts';
import { HeadwayError, isHeadwayError } from '../../platform/errors.ts';
import { filesFingerprint, sourceFiles } from '../../platform/files/source-files.ts';
import type { RawPart, RawRows, Source, SourceContext } from '../domain.ts';

const EXPECTED = '<REGION>_hourly.csv or <REGION>_hourly.csv.gz';
const FILE_NAME = /^[A-Za-z0-9]{1,20}_hourly\.csv(\.gz)?$/i;
const LOAD = /^[A-Za-z0-9]{1,20}_MW$/i;
/** No region of the fixture needs a million megawatts in an hour. */
const MAX_MW = 1_000_000;

export async function openLoadFolder(
  spec: string,
  { logger }: Pick<SourceContext, 'logger'>,
): Promise<Source> {
  const wanted = {
    noun: 'load file',
    isWanted: (name: string) => FILE_NAME.test(name),
    fix: `Give a folder with files named ${EXPECTED}.`,
  };
  await sourceFiles(spec, wanted);
  return {
    description: `hourly loads in ${spec}`,
    async parts(): Promise<RawPart[]> {
      const files = await sourceFiles(spec, { ...wanted, logger });
      return [
        {
          name: 'hourly-load',
          feed: 'load',
          ...(await filesFingerprint(files)),
          span: null,
          open: () => readLoads(spec, files),
        },
      ];
    },
  };
}

/** All files as one relation, in file order. */
async function readLoads(spec: string, paths: readonly string[]): Promise<RawRows> {
  const regions = new Map<string, CsvFile>();
  const bad: string[] = [];
  for (const path of paths) {
    try {
      const file = await openCsvFile(path, { label: 'Datetime', load: LOAD });
      const region = (file.header[file.places.load] as string).slice(0, -3).toUpperCase();
      if (file.lines === 0) bad.push(`${basename(path)} has a header only`);
      else if (regions.has(region)) bad.push(`${basename(path)} has the region ${region} again`);
      else regions.set(region, file);
    } catch (error) {
      if (!isHeadwayError(error, 'RAW_FILE_INVALID')) throw error;
      bad.push(error.message);
    }
  }
  if (bad.length > 0) {
    throw new HeadwayError('RAW_FILE_INVALID', bad.join('; '), {
      where: spec,
      fix:
        'Expected: a header "Datetime,<REGION>_MW" and lines such as "2018-01-01 ' +
        '01:00:00,13478.0". Fix or remove the file.',
    });
  }
  const { localTime, instant } = timeSql('label');
  const selects = [...regions].map(
    ([region, file]) => `
      SELECT ${sqlText(region)} AS region, *,
        ${localTime} AS local_label, ${instant} AS instant_label
      FROM ${csvTable([file])}`,
  );
  const label = 'coalesce(local_label, instant_label)';
  const load = 'try_cast(load AS DOUBLE)';
  return {
    relation: `(${selects.join(' UNION ALL ')})`,
    files: { name: 'hw_file', all: paths.map((path) => basename(path)) },
    seriesId: 'region',
    // The label says when the hour ended, on the wall clock (README.md has the evidence).
    localTime: 'local_label - INTERVAL 1 HOUR',
    instant: 'instant_label - INTERVAL 1 HOUR',
    value: load,
    // None: in the doubled hour of autumn two equal rows are two hours.
    duplicateKey: [],
    rejections: [
      {
        reason: 'bad_time',
        // A date alone is not an hour.
        when:
          `${label} IS NULL OR NOT contains(label, ':') OR extract('minute' FROM ${label}) <> 0 ` +
          `OR extract('second' FROM ${label}) <> 0`,
      },
      {
        reason: 'bad_value',
        when:
          `${load} IS NULL OR hw_bad_line OR NOT isfinite(${load}) OR ${load} <= 0 ` +
          `OR ${load} > ${MAX_MW}`,
      },
    ],
  };
}
