#!/usr/bin/env node
/**
 * Purpose: a second reader, written from docs/store-protocol.md alone: it imports nothing of
 * Headway. It checks the features of a store in a folder object by object, and that every online
 * view is what the rules of reading give.
 *   node tools/second-reader.mjs FOLDER DOMAIN [--panel FILE] (FILE: the newest snapshot as JSON,
 *   missing values as null)
 * Invariants: reads only; prints one line of JSON; exit status 1 and the key of the object for
 * anything that is not as the document says.
 * Fails: never otherwise.
 */
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';

const [folder, domain, , panelFile] = process.argv.slice(2);
const sha256 = (bytes) => createHash('sha256').update(bytes).digest('hex');
const text = (value) => `'${String(value).replaceAll("'", "''")}'`;
/** Escaped: DuckDB takes * ? [ in a path for a pattern, and folders `a=1` for columns. */
const parquet = (path) =>
  `read_parquet(${text(path.replace(/[*?[]/g, '[$&]'))}, hive_partitioning = false)`;
const codePoints = (a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b));
function demand(isSo, key, problem) {
  if (!isSo) throw Object.assign(new Error(problem), { key });
}
function get(key, hash) {
  demand(existsSync(join(folder, key)), key, 'it is missing');
  const bytes = readFileSync(join(folder, key));
  demand(hash === undefined || sha256(bytes) === hash, key, 'its SHA-256 differs');
  return bytes;
}
const connection = await (await DuckDBInstance.create(':memory:')).connect();
const query = async (sql) => (await connection.runAndReadAll(sql)).getRowsJson();

/** Checksummed JSON: the checksum of every byte before it, at the very end. */
function decode(key) {
  const bytes = get(key);
  const encode = /,\n {2}"checksum": "([0-9a-f]{64})"\n\}\n$/.exec(bytes.toString('latin1'));
  demand(encode !== null, key, 'it has no checksum at its end');
  const body = bytes.subarray(0, bytes.length - encode[0].length);
  demand(sha256(body) === encode[1], key, 'its checksum does not match');
  return JSON.parse(`${body.toString('utf8')}}`);
}

/** What of a view counts for the version of its snapshot. */
const namedOf = ({ sha256: hash, ranges }) =>
  ranges
    ? ranges.map(({ sha256, series, first, observed }) => [sha256, series, first, observed])
    : hash;

function checkManifest(key, manifest, number, parent, isWhole) {
  const { format, snapshotVersion, schema, packs = [], objects, online, report } = manifest;
  const plain = packs.length > 0 ? 2 : 1;
  demand(format === (online?.ranges ? 3 : plain), key, `it is of format ${format}`);
  demand(
    manifest.domain === domain && manifest.number === number,
    key,
    'it is not the entry of its key',
  );
  demand(manifest.parent === parent, key, 'it does not follow on the entry before it');
  const named = [
    [format, domain, number, parent, report],
    [schema.frequencyMinutes, schema.missing, schema.unit, schema.timeZone],
    objects.map((o) => [
      o.sha256,
      o.span.start,
      o.span.end,
      o.availableAt,
      o.feed,
      o.part,
      o.fingerprint,
    ]),
    online && [namedOf(online), online.span.start, online.span.end],
  ];
  if (format > 1) {
    named.push(
      packs.map((p) => [
        p.sha256,
        p.span.start,
        p.span.end,
        p.availableAt,
        p.feed,
        p.pieces.sha256,
        p.pieces.count,
      ]),
    );
  }
  const version = `${number}-${sha256(JSON.stringify(named)).slice(0, 12)}`;
  demand(snapshotVersion === version, key, 'its version is not the hash of what it names');
  const files = [...packs, ...objects];
  for (const { key: own, sha256: hash, span, rowsIn, rowsUsed, rejected } of files) {
    const [step, accounted] = [
      schema.frequencyMinutes * 60_000,
      Object.values(rejected).reduce((a, b) => a + b, rowsUsed),
    ];
    const onGrid =
      (span.start - files[0].span.start) % step === 0 && (span.end - span.start) % step === 0;
    demand(
      span.start < span.end && onGrid && accounted === rowsIn,
      key,
      'a span or an account is wrong',
    );
    demand(
      own === `features/${domain}/data/${hash}.parquet`,
      key,
      'an object has another key than its hash',
    );
  }
  for (const { pieces: index } of packs)
    demand(
      index.key === `features/${domain}/pieces/${index.sha256}.json`,
      key,
      'the segment index has another key',
    );
  if (report !== null && isWhole)
    get(report, /^[^/]+\/[^/]+\/reports\/([0-9a-f]{64})\.json$/.exec(report)?.[1] ?? 'no hash');
}

const rowsOf = new Map();
/**
 * The rows of a data object: [series, time, value, known, first segment, until segment], each
 * checked. An object is one segment.
 */
async function rowsIn(object, step) {
  if (rowsOf.has(object.key)) return rowsOf.get(object.key);
  const { key, span, availableAt } = object;
  const last = object.pieces ? object.pieces.count : 1;
  demand(get(key, object.sha256).length === object.bytes, key, 'it has another size');
  const file = parquet(join(folder, key));
  const types = Object.fromEntries(
    await query(`SELECT column_name, column_type FROM (DESCRIBE SELECT * FROM ${file})`),
  );
  const fits =
    types.series_id === 'VARCHAR' &&
    types.timestamp === 'TIMESTAMP' &&
    types.available_at === 'TIMESTAMP';
  demand(fits && /^(FLOAT|DOUBLE)$/.test(types.target), key, 'its columns are others');
  const columns =
    'series_id, epoch_us(timestamp)::DOUBLE / 1000, target::DOUBLE, epoch_us(available_at)::DOUBLE / 1000';
  const ranks = object.pieces ? 'first_piece, until_piece' : '0, 1';
  const rows = await query(`SELECT ${columns}, ${ranks} FROM ${file}`);
  const seen = new Set();
  let valid = 0;
  for (const [id, at, value, known, first, until] of rows) {
    demand(
      id && at !== null && known !== null && known <= availableAt,
      key,
      'a row has a missing field, or was known too late',
    );
    demand(
      Number.isFinite(value) && Number.isFinite(Math.fround(value)),
      key,
      'a value is no finite float32',
    );
    demand(
      at >= span.start && at < span.end && (at - span.start) % step === 0,
      key,
      'a row is off the grid or outside the span',
    );
    demand(
      first >= 0 && first < until && until <= last,
      key,
      'a row is of segments that there are not',
    );
    for (let rank = first; rank < until; rank++) seen.add(`${rank} ${at} ${id}`);
    valid += until - first;
  }
  demand(
    rows.length === object.rows && seen.size === valid,
    key,
    'it has other rows, or two for one interval',
  );
  rowsOf.set(key, rows);
  return rows;
}

/** The segments of a pack, in the order of their ranks. */
function segmentsIn(pack) {
  const { key, sha256: hash, count, bytes } = pack.pieces;
  const { format, feed, pieces: segments } = JSON.parse(get(key, hash).toString('utf8'));
  const versions = segments.map(([start, end, availableAt], rank) => ({
    feed,
    span: { start, end },
    availableAt,
    file: pack,
    rank,
  }));
  demand(
    format === 1 && feed === pack.feed && versions.length === count && get(key).length === bytes,
    key,
    'it is not of its pack',
  );
  demand(
    versions.every((v, i) => i === 0 || versions[i - 1].availableAt <= v.availableAt),
    key,
    'its segments are out of order',
  );
  return versions;
}

/**
 * "Reading as of a time" with neither knownAt nor cutoff: the grid, and for every feed the winning
 * rows, series → interval → value.
 */
async function read({ packs = [], objects, schema }, ahead) {
  const step = schema.frequencyMinutes * 60_000;
  const isShared = ({ feed }) => feed.startsWith('@');
  const versions = [
    ...packs.flatMap(segmentsIn),
    ...objects.map((object) => ({ ...object, file: object, rank: 0 })),
  ];
  const own = versions.filter((version) => !isShared(version));
  const start = Math.min(...own.map(({ span }) => span.start));
  const end = Math.max(...own.map(({ span }) => span.end));
  const feeds = [];
  for (const name of [...new Set(versions.map(({ feed }) => feed))].sort()) {
    const winner = new Map();
    for (const version of versions.filter(({ feed }) => feed === name)) {
      const until = isShared(version) ? end + ahead * step : end;
      for (let at = version.span.start; at < Math.min(version.span.end, until); at += step) {
        if (!winner.has(at) || winner.get(at).availableAt <= version.availableAt)
          winner.set(at, version);
      }
    }
    const series = new Map();
    for (const file of new Set([...winner.values()].map((version) => version.file))) {
      for (const [id, at, value, , first, until] of await rowsIn(file, step)) {
        const version = winner.get(at);
        if (version?.file !== file || version.rank < first || version.rank >= until) continue;
        if (!series.has(id)) series.set(id, new Map());
        series.get(id).set(at, Math.fround(value));
      }
    }
    feeds.push({ name, winner, series });
  }
  return { feeds, start, end, step };
}

function panelOf({ feeds, start, end, step }, missing) {
  const own = feeds.filter(({ name }) => !name.startsWith('@'));
  const seriesIds = [...new Set(own.flatMap(({ series }) => [...series.keys()]))].sort(codePoints);
  const target = [];
  for (const id of seriesIds) {
    const counting = missing === 'zero' ? own : own.filter(({ series }) => series.has(id));
    for (let at = start; at < end; at += step) {
      let sum = null;
      for (const { winner, series } of counting) {
        const row =
          series.get(id)?.get(at) ?? (missing === 'zero' && winner.has(at) ? 0 : Number.NaN);
        sum = sum === null ? row : Math.fround(sum + row);
      }
      target.push(sum);
    }
  }
  return { seriesIds, target };
}

/**
 * Column → value at a time, of the exogenous feeds; of two feeds with a column the later name
 * decides, row by row.
 */
function sharedColumns({ feeds }, until) {
  const columns = {};
  const shared = feeds
    .filter(({ name }) => name.startsWith('@'))
    .flatMap(({ series }) => [...series]);
  for (const [name, values] of shared) {
    columns[name] ??= new Map();
    for (const [at, value] of values) if (at < until) columns[name].set(at, value);
  }
  return columns;
}

const floats = (values) => Buffer.from(Float32Array.from(values).buffer);

/** The header of an object of a view, and its numbers. */
function viewObject({ key, sha256: hash, bytes: size }) {
  const bytes = get(key, hash);
  demand(
    bytes.length === size && bytes.toString('latin1', 0, 8) === 'HWPANEL1',
    key,
    'it is no view',
  );
  const headerEnd = 12 + bytes.readUInt32LE(8);
  const header = JSON.parse(bytes.toString('utf8', 12, headerEnd));
  return { key, header, data: bytes.subarray(Math.ceil(headerEnd / 8) * 8) };
}

async function checkOnline(manifest) {
  const { online, schema, snapshotVersion, number } = manifest;
  const objects = online.ranges ?? [online];
  for (const { key, sha256: hash } of objects) {
    const writtenFor = Number(/\/(\d+)-[^/]+$/.exec(key)?.[1]);
    const name = online.ranges ? `${writtenFor}-${hash}` : snapshotVersion;
    demand(
      key === `features/${domain}/online/${name}.bin` && writtenFor <= number,
      key,
      'it is not the view of its snapshot',
    );
  }
  const parts = objects.map(viewObject);
  const reach = parts.flatMap(({ header: { exogenous = [], length } }) =>
    exogenous.map((column) => column.length - length),
  );
  const ahead = Math.max(0, ...reach);
  const reading = await read(manifest, ahead);
  const whole = panelOf(reading, schema.missing);
  const shared = sharedColumns(reading, reading.end + ahead * reading.step);
  let first = 0;
  for (const [i, part] of parts.entries()) {
    checkRange(manifest, part, objects[i], { reading, whole, shared, first });
    first += part.header.seriesIds.length;
  }
  demand(first === whole.seriesIds.length, objects[0].key, 'it lacks series');
  const length = (reading.end - reading.start) / reading.step;
  return { ...whole, start: reading.start, length, frequencyMinutes: schema.frequencyMinutes };
}

/** @param first which series of the snapshot it begins with */
function checkRange({ online }, { key, header, data }, range, { reading, whole, shared, first }) {
  const { seriesIds, start, length, columns, exogenous = [] } = header;
  const all = (reading.end - reading.start) / reading.step;
  const isEnd =
    start === reading.end - length * reading.step &&
    start >= reading.start &&
    online.span.start === start;
  demand(
    isEnd && online.span.end === reading.end && String(columns) === 'target',
    key,
    'it is not the end of its snapshot',
  );
  const expected = whole.seriesIds.slice(first, first + seriesIds.length);
  demand(JSON.stringify(seriesIds) === JSON.stringify(expected), key, 'it has other series');
  const rows = seriesIds.map((_, s) =>
    whole.target.slice((first + s + 1) * all - length, (first + s + 1) * all),
  );
  if (online.ranges) {
    const known = rows.map((row) => row.findLastIndex((value) => !Number.isNaN(value)));
    const last = Math.max(...known);
    demand(
      range.series === seriesIds.length &&
        range.first === seriesIds[0] &&
        range.observed === (last < 0 ? null : start + last * reading.step),
      key,
      'it is not the range of its manifest',
    );
  }
  const parts = rows.map(floats);
  for (const { name, length: reach } of exogenous) {
    parts.push(
      floats(
        Array.from(
          { length: reach },
          (_, t) => shared[name]?.get(start + t * reading.step) ?? Number.NaN,
        ),
      ),
    );
  }
  demand(data.equals(Buffer.concat(parts)), key, 'it is not what reading gives');
}

const entry = (log, number) => `${log}/${String(number).padStart(20, '0')}.json`;
function lastIn(log) {
  const names = existsSync(join(folder, log)) ? readdirSync(join(folder, log)) : [];
  return Math.max(
    0,
    ...names.filter((name) => /^\d{20}\.json$/.test(name)).map((name) => Number(name.slice(0, 20))),
  );
}

try {
  const log = `features/${domain}/log`;
  const last = lastIn(log);
  demand(last > 0, log, 'it is empty');
  const collections = `features/${domain}/collections`;
  // What garbage collection took: the newest entry of its log says everything.
  const { upTo = 0, intact = [] } =
    lastIn(collections) > 0 ? decode(entry(collections, lastIn(collections))) : {};
  let parent = null;
  let panel;
  for (let number = 1; number <= last; number++) {
    const key = entry(log, number);
    const manifest = decode(key);
    const isWhole = number > upTo || intact.includes(number);
    checkManifest(key, manifest, number, parent, isWhole);
    parent = manifest.snapshotVersion;
    const files = isWhole ? [...(manifest.packs ?? []), ...manifest.objects] : [];
    for (const file of files) await rowsIn(file, manifest.schema.frequencyMinutes * 60_000);
    if (manifest.online !== null && number > upTo) panel = await checkOnline(manifest);
  }
  if (panelFile) writeFileSync(panelFile, JSON.stringify(panel));
  console.log(JSON.stringify({ ok: true, manifests: last, objects: rowsOf.size, head: parent }));
} catch (error) {
  console.log(JSON.stringify({ ok: false, key: error.key ?? null, problem: error.message }));
  process.exitCode = 1;
}
