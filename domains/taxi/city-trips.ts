/**
 * Purpose: turn the simulated city's counts into trips and write them as one Parquet file in the
 * green TLC schema, with a little of the dirt that real files have: a refund of the same trip, an
 * unknown place, a trip dated years off.
 * Invariants: the number of clean trips of a place and hour is exactly its count; no two of them
 * agree in vendor, times and places (each has a second of its own); dirt is copied from real trips
 * only. The file appears whole or not at all.
 * Fails: STORE_FULL where the disk is full.
 */
import { link, mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { BIGINT, DuckDBDataChunk, INTEGER } from '@duckdb/node-api';
import { withDuckDB } from '../../platform/duckdb/duckdb.ts';
import { sqlFilename } from '../../platform/duckdb/sql.ts';
import { HOUR_MS } from './city-demand.ts';
import type { Feed } from './incidents.ts';
import { localTime } from './local-month.ts';
import type { TripSpan } from './trip-files.ts';

const CHUNK_ROWS = 2048;

export async function writeTrips(
  feed: Feed,
  seed: number,
  span: TripSpan,
  folder: string,
  name: string,
): Promise<void> {
  const temporary = await mkdtemp(join(folder, '.writing-'));
  try {
    const path = join(temporary, name);
    // One thread: the same city gives the same bytes.
    await withDuckDB({ threads: 1, tempFolder: temporary }, async (connection) => {
      await connection.run(
        'CREATE TABLE counts (place INTEGER, hour BIGINT, local_second BIGINT, n INTEGER)',
      );
      const appender = await connection.createAppender('counts');
      for (const columns of countsOf(feed, span)) {
        const chunk = DuckDBDataChunk.create([INTEGER, BIGINT, BIGINT, INTEGER], columns[0].length);
        chunk.setColumns(columns);
        appender.appendDataChunk(chunk);
      }
      appender.closeSync();
      const places = feed.places.map((place) => place.seriesId).join(', ');
      await connection.run(
        `COPY (${tripsSql(seed, places, feed.hasNewColumns(span.start))}) TO ${sqlFilename(path)} (FORMAT parquet, ` +
          'COMPRESSION zstd)',
      );
    });
    // link, not rename: another run may have written the same hours meanwhile, and what is there
    // stays.
    await link(path, join(folder, name)).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'EEXIST') throw error;
    });
  } finally {
    await rm(temporary, { recursive: true, force: true });
  }
}

/**
 * The hours that have trips, as columns place, hour, local second and count, in chunks of a DuckDB
 * chunk.
 */
function* countsOf(
  feed: Feed,
  { start, end }: TripSpan,
): Generator<[number[], bigint[], bigint[], number[]]> {
  let columns: [number[], bigint[], bigint[], number[]] = [[], [], [], []];
  for (let timestamp = start; timestamp < end; timestamp += HOUR_MS) {
    const hour = BigInt(timestamp / HOUR_MS);
    const localSecond = BigInt((timestamp + localTime(timestamp).offsetNanoseconds / 1e6) / 1000);
    for (const place of feed.places) {
      const count = feed.count(place, timestamp);
      if (count === 0) continue;
      columns[0].push(Number(place.seriesId));
      columns[1].push(hour);
      columns[2].push(localSecond);
      columns[3].push(count);
      if (columns[0].length === CHUNK_ROWS) {
        yield columns;
        columns = [[], [], [], []];
      }
    }
  }
  if (columns[0].length > 0) yield columns;
}

/**
 * One row a trip. `h` is 64 hashed bits per trip; different bits decide different things. Trip k of
 * n has the k-th part of the hour for itself, so the seconds of two trips differ. `dirt`: 0 the
 * trip itself, 1 its refund, 2 place unknown, 3 years off.
 */
const tripsSql = (seed: number, places: string, hasNewColumns: boolean): string => `
  WITH trips AS (
    SELECT place, local_second, n, k, hash(${seed}, place, hour, k) AS h
    FROM (SELECT *, unnest(range(n)) AS k FROM counts)
  ), dirty AS (
    SELECT *, 0 AS dirt FROM trips
    UNION ALL
    SELECT *, ((h >> 50) % 1000)::INTEGER AS dirt FROM trips WHERE (h >> 50) % 1000 BETWEEN 1 AND 3
  ), timed AS (
    SELECT *,
      local_second + (k * 3600) // n
        + (h % greatest(1, ((k + 1) * 3600) // n - (k * 3600) // n)::UBIGINT)::BIGINT
        - CASE WHEN dirt = 3 THEN 315576000 ELSE 0 END AS pickup,
      240 + ((h >> 12) % 1800)::BIGINT AS seconds,
      CASE WHEN dirt = 1 THEN -1 ELSE 1 END AS sign
    FROM dirty
  )
  SELECT
    (1 + (h >> 7) % 2)::BIGINT AS VendorID,
    make_timestamp(pickup * 1000000) AS lpep_pickup_datetime,
    make_timestamp((pickup + seconds) * 1000000) AS lpep_dropoff_datetime,
    'N' AS store_and_fwd_flag,
    1::DOUBLE AS RatecodeID,
    CASE WHEN dirt = 2 THEN 264 ELSE place END::BIGINT AS PULocationID,
    [${places}][1 + ((h >> 24) % len([${places}])::UBIGINT)::BIGINT]::BIGINT AS DOLocationID,
    (1 + (h >> 33) % 2)::${hasNewColumns ? 'VARCHAR' : 'DOUBLE'} AS passenger_count,
    round(seconds / 300.0, 2)::DOUBLE AS trip_distance,
    sign * round(3 + seconds / 60.0, 1)::DOUBLE AS fare_amount,
    sign * 1::DOUBLE AS extra,
    sign * 0.5::DOUBLE AS mta_tax,
    0::DOUBLE AS tip_amount,
    0::DOUBLE AS tolls_amount,
    NULL::DOUBLE AS ehail_fee,
    sign * 1::DOUBLE AS improvement_surcharge,
    sign * round(5.5 + seconds / 60.0, 1)::DOUBLE AS total_amount,
    (1 + (h >> 41) % 2)::DOUBLE AS payment_type,
    1::DOUBLE AS ${hasNewColumns ? 'service_class' : 'trip_type'},
    0::DOUBLE AS congestion_surcharge
  FROM timed`;
