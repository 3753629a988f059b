/**
 * Purpose: trips from the TLC's public site: "tlc:green:2023-01..2023-06",
 * "tlc:green,yellow:2024-02".
 * Invariants: what was downloaded once is only asked about again (ETag); a month that is not
 * published yet is left out and named; parts are the same as if the files lay in a folder, so the
 * two ways in are interchangeable.
 * Fails: SOURCE_INVALID for a spec that cannot be parsed; SOURCE_UNAVAILABLE where the site does
 * not respond and there is no earlier copy, or where no month at all is there.
 */
import { mkdir, open, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { HeadwayError, isHeadwayError } from '../../platform/errors.ts';
import { createHttpClient, type HttpClient, reasonOf } from '../../platform/http/client.ts';
import { download } from '../../platform/http/download.ts';
import { tlsFix } from '../../platform/http/tls.ts';
import type { Source, SourceContext } from '../domain.ts';
import { partsOf, tripFile } from './folder-source.ts';
import { formatMonth, type Month, nextMonth, parseMonth } from './local-month.ts';

const BASE_URL = 'https://d37ci6vzurychx.cloudfront.net/trip-data';
const MAX_MONTHS = 240;
/** The largest published month has half a gigabyte. */
const MAX_FILE_BYTES = 4e9;

export interface DownloadOptions {
  readonly baseUrl?: string;
  readonly client?: HttpClient;
}

export async function openDownloads(
  spec: string,
  context: SourceContext,
  options: DownloadOptions = {},
): Promise<Source> {
  const { kinds, months } = parseSpec(spec);
  const client = options.client ?? createHttpClient({ logger: context.logger });
  const names = kinds.flatMap((kind) =>
    months.map((month) => `${kind}_tripdata_${formatMonth(month)}.parquet`),
  );
  return {
    description:
      `TLC trips ${kinds.join(' and ')}, ${formatMonth(months[0])} to ` +
      `${formatMonth(months[months.length - 1])}`,
    async parts() {
      const paths = await fetchAll(names, client, options.baseUrl ?? BASE_URL, context);
      if (paths.length === 0) {
        throw new HeadwayError('SOURCE_UNAVAILABLE', 'none of these months is published', {
          where: spec,
          fix: 'The TLC publishes a month about two months later: ask for earlier months.',
        });
      }
      return partsOf(paths.map((path) => tripFile(path)!));
    },
  };
}

async function fetchAll(
  names: readonly string[],
  client: HttpClient,
  baseUrl: string,
  { rawFolder, logger, progress }: SourceContext,
): Promise<string[]> {
  await mkdir(rawFolder, { recursive: true });
  const paths: string[] = [];
  progress.start('Downloading trips', names.length);
  try {
    for (const [index, name] of names.entries()) {
      progress.update(index, name);
      const path = join(rawFolder, name);
      const outcome = await fetchOne(`${baseUrl}/${name}`, path, client);
      if (outcome === 'absent') {
        logger.warn(
          { file: name },
          `${name} is not published yet: the TLC publishes about two months late; it is left out`,
        );
        continue;
      }
      if (outcome === 'stale')
        logger.warn(
          { file: name },
          'the site does not deliver this month now: the earlier copy is used',
        );
      else
        logger.info(
          { file: name },
          outcome === 'downloaded' ? 'downloaded' : 'unchanged since the last download',
        );
      paths.push(path);
    }
  } finally {
    progress.stop(`${paths.length} of ${names.length} files`);
  }
  return paths;
}

async function fetchOne(url: string, path: string, client: HttpClient) {
  const isKept = () =>
    stat(path).then(
      () => true,
      () => false,
    );
  try {
    const outcome = await download(client, url, path, {
      maxBytes: MAX_FILE_BYTES,
      isSound: isParquet,
    });
    return outcome === 'absent' && (await isKept()) ? ('stale' as const) : outcome;
  } catch (error) {
    if (isHeadwayError(error)) throw error;
    if (await isKept()) {
      client.logger.warn({ url, reason: reasonOf(error) }, 'the download failed');
      return 'stale' as const;
    }
    throw new HeadwayError('SOURCE_UNAVAILABLE', `the download failed (${reasonOf(error)})`, {
      where: url,
      fix:
        tlsFix(String((error as { code?: unknown }).code)) ??
        'Check the network and run again: what was downloaded so far is kept and resumed.',
      cause: error,
    });
  }
}

const PARQUET_MARK = 'PAR1';

/** A Parquet file begins and ends with its mark. */
async function isParquet(path: string): Promise<boolean> {
  const file = await open(path);
  try {
    const { size } = await file.stat();
    const markAt = async (position: number) => {
      const { buffer } = await file.read(Buffer.alloc(PARQUET_MARK.length), 0, undefined, position);
      return buffer.toString('latin1');
    };
    if (size < 2 * PARQUET_MARK.length || (await markAt(0)) !== PARQUET_MARK) return false;
    return (await markAt(size - PARQUET_MARK.length)) === PARQUET_MARK;
  } finally {
    await file.close();
  }
}

function parseSpec(spec: string): { kinds: string[]; months: Month[] } {
  const match = /^tlc:([a-z]+(?:,[a-z]+)*):(\d{4}-\d{2})(?:\.\.(\d{4}-\d{2}))?$/.exec(spec);
  const first = match && parseMonth(match[2]);
  const last = match && parseMonth(match[3] ?? match[2]);
  const kinds = match ? [...new Set(match[1].split(','))] : [];
  if (!first || !last || kinds.some((kind) => kind !== 'green' && kind !== 'yellow'))
    throw invalid(spec, 'cannot be parsed');
  if (formatMonth(first) > formatMonth(last)) throw invalid(spec, 'ends before it begins');
  const months: Month[] = [];
  for (let month = first; formatMonth(month) <= formatMonth(last); month = nextMonth(month)) {
    months.push(month);
    if (months.length > MAX_MONTHS) throw invalid(spec, `has more than ${MAX_MONTHS} months`);
  }
  return { kinds, months };
}

const invalid = (spec: string, what: string): HeadwayError =>
  new HeadwayError('SOURCE_INVALID', `the source ${JSON.stringify(spec)} ${what}`, {
    fix: 'Write for example "tlc:green:2023-01..2023-06" or "tlc:green,yellow:2024-02".',
  });
