/**
 * Purpose: hourly loads from a folder of files "<REGION>_hourly.csv" or ".csv.gz" with columns
 * Datetime,<REGION>_MW.
 * Invariants: regions are series of one feed, so the whole folder is one part; every line after the
 * header is a row that is used or rejected; the region is named by the header, once in a folder.
 * Fails: SOURCE_NOT_FOUND, SOURCE_INVALID; at opening RAW_FILE_INVALID naming every file that is
 * cut, empty or foreign.
 */
import { basename } from 'node:path';
import { csvLines, sqlText } from '../../platform/duckdb/sql.ts';
import { HeadwayError } from '../../platform/errors.ts';
import {
  filesFingerprint,
  type SourceFiles,
  sourceFiles,
} from '../../platform/files/source-files.ts';
import type { RawPart, RawRows, Source, SourceContext } from '../domain.ts';
import { readRegion } from './load-file.ts';

const EXPECTED = '<REGION>_hourly.csv or <REGION>_hourly.csv.gz';
const FILE_NAME = /^[A-Za-z0-9]{1,20}_hourly\.csv(\.gz)?$/i;
/** No region of the fixture needs a million megawatts in an hour. */
const MAX_MW = 1_000_000;

export async function openLoadFolder(
  spec: string,
  context: Pick<SourceContext, 'logger'>,
): Promise<Source> {
  await list(spec);
  return {
    description: `hourly loads in ${spec}`,
    async parts(): Promise<RawPart[]> {
      const { files, ignored } = await list(spec);
      if (ignored.length > 0)
        context.logger.info({ source: spec, ignored }, 'files that are no load files are ignored');
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

/** All files as one relation: a line's region and its two fields as text, in file order. */
async function readLoads(spec: string, files: readonly string[]): Promise<RawRows> {
  const regions = new Map<string, string>();
  const bad: string[] = [];
  for (const path of files) {
    const read = await readRegion(path);
    if ('problem' in read) bad.push(`${basename(path)} ${read.problem}`);
    else if (regions.has(read.region)) bad.push(`${basename(path)} is ${read.region} once more`);
    else regions.set(read.region, path);
  }
  if (bad.length > 0) {
    throw new HeadwayError('RAW_FILE_INVALID', bad.join('; '), {
      where: spec,
      fix:
        'Expected is a header "Datetime,<REGION>_MW" and lines such as "2018-01-01 ' +
        '01:00:00,13478.0". Fix or remove the file.',
    });
  }
  // A line is read as one field, so that a line with too few or too many fields is a row that can
  // be counted.
  const selects = [...regions].map(
    ([region, path]) => `
      SELECT ${sqlText(region)} AS region, trim(split_part(line, ',', 1)) AS label,
        trim(split_part(line, ',', 2)) AS load,
        contains(substr(line, strpos(line, ',') + 1), ',') AS surplus
      FROM ${csvLines(path)}`,
  );
  const label = `try_strptime(label, '%Y-%m-%d %H:%M:%S')`;
  const load = 'try_cast(load AS DOUBLE)';
  return {
    relation: `(${selects.join(' UNION ALL ')})`,
    seriesId: 'region',
    // The label says when the hour ended, on the wall clock (README.md has the evidence).
    localTime: `${label} - INTERVAL 1 HOUR`,
    value: load,
    // None: in the doubled hour of autumn two equal rows are two hours.
    duplicateKey: [],
    rejections: [
      {
        reason: 'bad_time',
        when:
          `${label} IS NULL OR extract('minute' FROM ${label}) <> 0 OR extract('second' ` +
          `FROM ${label}) <> 0`,
      },
      {
        reason: 'bad_value',
        when:
          `${load} IS NULL OR surplus OR NOT isfinite(${load}) OR ${load} <= 0 OR ${load} ` +
          `> ${MAX_MW}`,
      },
    ],
  };
}

async function list(spec: string): Promise<SourceFiles> {
  const fix = `Give a folder with files named ${EXPECTED}.`;
  const { files, ignored } = await sourceFiles(spec, (name) => FILE_NAME.test(name), fix);
  if (files.length > 0) return { files, ignored };
  throw new HeadwayError(
    'SOURCE_INVALID',
    `no load file here, only ${ignored.length} other files`,
    {
      where: spec,
      fix: `Load files are named ${EXPECTED}.`,
    },
  );
}
