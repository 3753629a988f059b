/**
 * Purpose: two years of hourly demand of balancing authorities of the United States from the open
 * data API of the EIA (form EIA-930): `eia:PJM,CISO`, with a key of one's own in
 * HEADWAY_SOURCE_KEY.
 * Invariants: a month is fetched at every run until it has settled, then once more; the folder
 * holds each hour once. A period is in UTC and names the end of its hour.
 * Fails: SOURCE_INVALID for a spec that cannot be parsed, or without a key; SOURCE_UNAVAILABLE.
 */
import { join } from 'node:path';
import { Temporal } from 'temporal-polyfill';
import { HeadwayError } from '../../platform/errors.ts';
import type { Source, SourceContext } from '../domain.ts';
import { type JsonPages, jsonRows, type KeptFile, keepFiles } from '../sources/kept-files.ts';
import { openTable } from '../sources/table.ts';
import type { Table } from '../sources/table-declaration.ts';

const ADDRESS = 'https://api.eia.gov/v2/electricity/rto/region-data/data/';
const MONTHS = 24;
/** Authorities correct what they reported for some weeks. */
const SETTLED_DAYS = 60;
/** The most rows that one reply holds. */
const PAGE_ROWS = 5000;

const table: Table = {
  files: /\.jsonl$/,
  time: 'period',
  timeFormat: '%Y-%m-%dT%H',
  clock: 'UTC',
  timeOf: 'end',
  series: 'respondent',
  value: 'value',
};

interface Page {
  readonly response?: { readonly total?: string | number; readonly data?: unknown };
}

const pages: JsonPages = {
  rows(page) {
    const { data } = (page as Page).response ?? {};
    return Array.isArray(data) ? data : null;
  },
  next(page, url) {
    const after = new URL(url);
    const offset = Number(after.searchParams.get('offset')) + PAGE_ROWS;
    after.searchParams.set('offset', String(offset));
    return offset < Number((page as Page).response?.total) ? after.href : null;
  },
};

export async function openEia(
  spec: string,
  context: SourceContext,
  address = ADDRESS,
): Promise<Source> {
  const regions = spec.slice('eia:'.length).toUpperCase().split(',');
  const bad = regions.find((region) => !/^[A-Z0-9]{2,6}$/.test(region));
  if (bad !== undefined)
    throw invalid(`${JSON.stringify(bad)} is not a balancing authority`, 'Use eia:PJM,CISO.');
  const { key = null } = context;
  if (key === null)
    throw invalid(
      'the API of the EIA requires a key',
      'Register at https://www.eia.gov/opendata/ (free), and set HEADWAY_SOURCE_KEY.',
    );
  const files = regions.flatMap((region) =>
    monthsUntil(context.clock.now()).map(({ month, isFinal }): KeptFile => {
      const url = urlOf(address, { region, month, key });
      return [`${region}_${month}${isFinal ? '' : '_open'}.jsonl`, url, isFinal];
    }),
  );
  const kept = join(context.rawFolder, 'eia');
  const folder = await keepFiles(kept, files, jsonRows(pages), context);
  const source = await openTable(table, folder, context);
  return {
    description: `EIA: hourly demand of ${regions.join(', ')}`,
    // The feed of the other sources of this domain: a store holds one of them, not their sum.
    parts: async () =>
      (await source.parts()).map((part) => ({ ...part, name: 'hourly-load', feed: 'load' })),
  };
}

function monthsUntil(now: number): { month: Temporal.PlainYearMonth; isFinal: boolean }[] {
  const today = Temporal.Instant.fromEpochMilliseconds(now).toZonedDateTimeISO('UTC').toPlainDate();
  return Array.from({ length: MONTHS + 1 }, (_, i) => {
    const month = today.toPlainYearMonth().subtract({ months: MONTHS - i });
    const settled = month.toPlainDate({ day: 1 }).add({ months: 1, days: SETTLED_DAYS });
    return { month, isFinal: Temporal.PlainDate.compare(settled, today) <= 0 };
  });
}

function urlOf(
  address: string,
  { region, month, key }: { region: string; month: Temporal.PlainYearMonth; key: string },
): string {
  const url = new URL(address);
  const query = {
    api_key: key,
    frequency: 'hourly',
    'data[0]': 'value',
    'facets[type][]': 'D',
    'facets[respondent][]': region,
    // The hour that ends at 00:00 of the next month is the last of this one.
    start: `${month}-01T01`,
    end: `${month.add({ months: 1 })}-01T00`,
    'sort[0][column]': 'period',
    'sort[0][direction]': 'asc',
    offset: '0',
    length: String(PAGE_ROWS),
  };
  for (const [name, value] of Object.entries(query)) url.searchParams.set(name, value);
  return url.href;
}

const invalid = (message: string, fix: string): HeadwayError =>
  new HeadwayError('SOURCE_INVALID', message, { where: 'eia', fix });
