/**
 * Purpose: exogenous values on the way of all raw rows: fetched, judged, accounted for and
 * committed as parts of feeds of their own.
 * Invariants: a value lies in the interval by whose end it was known or, where it is known in
 * advance, in the interval it is about; one that was not known a horizon before that interval is
 * rejected, so that no cutoff can see what it could not have known.
 * Fails: SOURCE_INVALID for demand in a feed that is marked as exogenous, and for two parts of one
 * name.
 */
import type {
  Domain,
  ExogenousRows,
  ExogenousSource,
  RawPart,
  RawRows,
  Source,
} from '../../../domains/domain.ts';
import { sqlText } from '../../../platform/duckdb/sql.ts';
import { HeadwayError } from '../../../platform/errors.ts';
import { exogenousFeed, isExogenous } from '../../../storage/features/manifest.ts';
import { gridPhase } from '../aggregation/local-time.ts';

/** The parts of both sources, demand first. */
export async function allParts(
  domain: Domain,
  source: Source,
  exogenous: ExogenousSource | null,
): Promise<RawPart[]> {
  const demand = await source.parts();
  const marked = demand.find(isExogenous);
  if (marked) {
    throw new HeadwayError(
      'SOURCE_INVALID',
      `the feed ${JSON.stringify(marked.feed)} is marked as exogenous`,
      {
        where: marked.name,
        fix: 'Give the feed another name; exogenous values come from openExogenous.',
      },
    );
  }
  const values = (await exogenous?.parts()) ?? [];
  const all = [
    ...demand,
    ...values.map((part) => ({
      ...part,
      feed: exogenousFeed(part.feed),
      open: async () => rawRows(domain, await part.open()),
    })),
  ];
  refuseSameName(all);
  return all;
}

/** A part is known by its feed and name: of two alike the later would replace the other. */
function refuseSameName(parts: readonly RawPart[]): void {
  const names = new Set<string>();
  for (const { feed, name } of parts) {
    const id = JSON.stringify([feed, name]);
    if (names.has(id)) {
      throw new HeadwayError(
        'SOURCE_INVALID',
        `two parts of the feed ${JSON.stringify(feed)} have the name ${JSON.stringify(name)}`,
        { where: name, fix: 'Give each part a name of its own, for example its path.' },
      );
    }
    names.add(id);
  }
}

/**
 * The domain as it reads rows of a part: exogenous times are in UTC, and values may be negative.
 */
export const readerOf = (domain: Domain, part: RawPart): Domain =>
  isExogenous(part) ? { ...domain, timeZone: 'UTC', nonNegative: false } : domain;

function rawRows(domain: Domain, rows: ExogenousRows): RawRows {
  const { pastExogenous, futureExogenous, horizon, frequencyMinutes } = domain;
  const isOneOf = (names: readonly string[]) =>
    names.length > 0 ? `(${rows.column}) IN (${names.map(sqlText).join(', ')})` : 'false';
  const isAhead = isOneOf(futureExogenous);
  // Known at 6:00 sharp belongs to the interval that ends at 6:00.
  const known = `(${rows.knownAt}) - INTERVAL 1 MICROSECOND`;
  const about = rows.about === null ? 'NULL::TIMESTAMP' : `(${rows.about})`;
  // The first cutoff that forecasts an interval ends `horizon - 1` intervals before it starts.
  const phase = gridPhase(domain.timeZone, frequencyMinutes * 60_000) ?? 0;
  const origin = `make_timestamp(${phase * 1000})`;
  const bucket = `time_bucket(INTERVAL ${frequencyMinutes} MINUTE, ${about}, ${origin})`;
  const lead = `INTERVAL ${(horizon - 1) * frequencyMinutes} MINUTE`;
  return {
    relation: rows.relation,
    seriesId:
      rows.series === undefined
        ? rows.column
        : `coalesce((${rows.column}) || '@' || (${rows.series}), ${rows.column})`,
    localTime: `CASE WHEN ${isAhead} THEN ${about} ELSE ${known} END`,
    value: rows.value,
    duplicateKey: [],
    rejections: [
      ...rows.rejections,
      {
        reason: 'unknown_column',
        when: `NOT coalesce(${isOneOf([...pastExogenous, ...futureExogenous])}, false)`,
      },
      { reason: 'missing_time', when: `(${rows.knownAt}) IS NULL` },
      { reason: 'known_too_late', when: `${isAhead} AND (${rows.knownAt}) > ${bucket} - ${lead}` },
    ],
  };
}
