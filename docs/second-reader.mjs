#!/usr/bin/env node
/**
 * Purpose: a second reader, written from docs/store-protocol.md alone: it imports nothing of Headway. It checks the features of a store in a
 * folder object by object, and that every online view is what the rules of reading give.
 *   node docs/second-reader.mjs FOLDER DOMAIN [--panel FILE]     (FILE: the newest snapshot as JSON, missing values as null)
 * Invariants: reads only; prints one line of JSON; exit status 1 and the key of the object for anything that is not as the document says.
 * Fails: never otherwise.
 */
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';

const [folder, domain, , panelFile] = process.argv.slice(2);
const sha256 = (bytes) => createHash('sha256').update(bytes).digest('hex');
const text = (value) => `'${String(value).replaceAll("'", "''")}'`;
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

/** Sealed JSON: the checksum of every byte before it, at the very end. */
function unseal(key) {
  const bytes = get(key);
  const seal = /,\n {2}"checksum": "([0-9a-f]{64})"\n\}\n$/.exec(bytes.toString('latin1'));
  demand(seal !== null, key, 'it has no checksum at its end');
  const body = bytes.subarray(0, bytes.length - seal[0].length);
  demand(sha256(body) === seal[1], key, 'its checksum does not match');
  return JSON.parse(`${body.toString('utf8')}}`);
}

function checkManifest(key, manifest, number, parent) {
  const { format, snapshotVersion, schema, objects, online, report } = manifest;
  demand(format === 1, key, `it is of format ${format}, and this script reads format 1`);
  demand(manifest.domain === domain && manifest.number === number, key, 'it is not the entry of its key');
  demand(manifest.parent === parent, key, 'it does not follow on the entry before it');
  const named = [
    [format, domain, number, parent, report],
    [schema.frequencyMinutes, schema.missing, schema.unit, schema.timeZone],
    objects.map((o) => [o.sha256, o.span.start, o.span.end, o.availableAt, o.feed, o.part, o.fingerprint]),
    online && [online.sha256, online.span.start, online.span.end],
  ];
  const version = `${number}-${sha256(JSON.stringify(named)).slice(0, 12)}`;
  demand(snapshotVersion === version, key, 'its version is not the hash of what it names');
  for (const { key: own, sha256: hash, span, rowsIn, rowsUsed, rejected } of objects) {
    const [step, accounted] = [schema.frequencyMinutes * 60_000, Object.values(rejected).reduce((a, b) => a + b, rowsUsed)];
    const onGrid = (span.start - objects[0].span.start) % step === 0 && (span.end - span.start) % step === 0;
    demand(span.start < span.end && onGrid && accounted === rowsIn, key, 'a span or an account is wrong');
    demand(own === `features/${domain}/data/${hash}.parquet`, key, 'an object has another key than its hash');
  }
  if (report !== null) get(report, /^[^/]+\/[^/]+\/reports\/([0-9a-f]{64})\.json$/.exec(report)?.[1] ?? 'no hash');
}

const rowsOf = new Map();
/** The rows of a data object: [series, time, value], each checked. */
async function rowsIn(object, step) {
  if (rowsOf.has(object.key)) return rowsOf.get(object.key);
  const { key, span, availableAt } = object;
  demand(get(key, object.sha256).length === object.bytes, key, 'it has another size');
  const file = `read_parquet(${text(join(folder, key))})`;
  const types = Object.fromEntries(await query(`SELECT column_name, column_type FROM (DESCRIBE SELECT * FROM ${file})`));
  const fits = types.series_id === 'VARCHAR' && types.timestamp === 'TIMESTAMP' && types.available_at === 'TIMESTAMP';
  demand(fits && /^(FLOAT|DOUBLE)$/.test(types.target), key, 'its columns are others');
  const columns = 'series_id, epoch_us(timestamp)::DOUBLE / 1000, target::DOUBLE, epoch_us(available_at)::DOUBLE / 1000';
  const rows = await query(`SELECT ${columns} FROM ${file}`);
  const seen = new Set();
  for (const [id, at, value, known] of rows) {
    demand(id && at !== null && known !== null && known <= availableAt, key, 'a row has a missing field, or was known too late');
    demand(Number.isFinite(value) && Number.isFinite(Math.fround(value)), key, 'a value is no finite float32');
    demand(at >= span.start && at < span.end && (at - span.start) % step === 0, key, 'a row is off the grid or outside the span');
    seen.add(`${at} ${id}`);
  }
  demand(rows.length === object.rows && seen.size === rows.length, key, 'it has other rows, or two for one interval');
  rowsOf.set(key, rows);
  return rows;
}

/** "Reading as of a time" with neither knownAt nor cutoff: the grid, and for every feed the winning rows, series → interval → value. */
async function read({ objects, schema }, ahead) {
  const step = schema.frequencyMinutes * 60_000;
  const isShared = ({ feed }) => feed.startsWith('@');
  const demandObjects = objects.filter((object) => !isShared(object));
  const start = Math.min(...demandObjects.map(({ span }) => span.start));
  const end = Math.max(...demandObjects.map(({ span }) => span.end));
  const feeds = [];
  for (const name of [...new Set(objects.map(({ feed }) => feed))].sort()) {
    const winner = new Map();
    for (const object of objects.filter(({ feed }) => feed === name)) {
      const until = isShared(object) ? end + ahead * step : end;
      for (let at = object.span.start; at < Math.min(object.span.end, until); at += step) {
        if (!winner.has(at) || winner.get(at).availableAt <= object.availableAt) winner.set(at, object);
      }
    }
    const series = new Map();
    for (const object of new Set(winner.values())) {
      for (const [id, at, value] of await rowsIn(object, step)) {
        if (winner.get(at) !== object) continue;
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
        const row = series.get(id)?.get(at) ?? (missing === 'zero' && winner.has(at) ? 0 : Number.NaN);
        sum = sum === null ? row : Math.fround(sum + row);
      }
      target.push(sum);
    }
  }
  return { seriesIds, target };
}

/** Column → value at a time, of the exogenous feeds; of two feeds with a column the later name decides, row by row. */
function sharedColumns({ feeds }, until) {
  const columns = {};
  const shared = feeds.filter(({ name }) => name.startsWith('@')).flatMap(({ series }) => [...series]);
  for (const [name, values] of shared) {
    columns[name] ??= new Map();
    for (const [at, value] of values) if (at < until) columns[name].set(at, value);
  }
  return columns;
}

const floats = (values) => Buffer.from(Float32Array.from(values).buffer);

async function checkOnline(manifest) {
  const { online, schema, snapshotVersion } = manifest;
  demand(online.key === `features/${domain}/online/${snapshotVersion}.bin`, online.key, 'it is not the view of its snapshot');
  const bytes = get(online.key, online.sha256);
  demand(bytes.length === online.bytes && bytes.toString('latin1', 0, 8) === 'HWPANEL1', online.key, 'it is no view');
  const headerEnd = 12 + bytes.readUInt32LE(8);
  const header = JSON.parse(bytes.toString('utf8', 12, headerEnd));
  const { seriesIds, start, length, columns, exogenous = [] } = header;
  const ahead = Math.max(0, ...exogenous.map((column) => column.length - length));
  const reading = await read(manifest, ahead);
  const whole = panelOf(reading, schema.missing);
  const all = (reading.end - reading.start) / reading.step;
  const isEnd = start === reading.end - length * reading.step && start >= reading.start && online.span.start === start;
  demand(
    isEnd && online.span.end === reading.end && String(columns) === 'target',
    online.key,
    'it is not the end of its snapshot',
  );
  demand(JSON.stringify(seriesIds) === JSON.stringify(whole.seriesIds), online.key, 'it has other series');
  const parts = seriesIds.map((_, s) => floats(whole.target.slice((s + 1) * all - length, (s + 1) * all)));
  const shared = sharedColumns(reading, reading.end + ahead * reading.step);
  for (const { name, length: reach } of exogenous) {
    parts.push(floats(Array.from({ length: reach }, (_, t) => shared[name]?.get(start + t * reading.step) ?? Number.NaN)));
  }
  const data = bytes.subarray(Math.ceil(headerEnd / 8) * 8);
  demand(data.equals(Buffer.concat(parts)), online.key, 'it is not what reading gives');
  return { ...whole, start: reading.start, length: all, frequencyMinutes: schema.frequencyMinutes };
}

try {
  const log = `features/${domain}/log`;
  const names = existsSync(join(folder, log)) ? readdirSync(join(folder, log)) : [];
  const last = Math.max(0, ...names.filter((name) => /^\d{20}\.json$/.test(name)).map((name) => Number(name.slice(0, 20))));
  demand(last > 0, log, 'it is empty');
  let parent = null;
  let panel;
  for (let number = 1; number <= last; number++) {
    const key = `${log}/${String(number).padStart(20, '0')}.json`;
    const manifest = unseal(key);
    checkManifest(key, manifest, number, parent);
    parent = manifest.snapshotVersion;
    for (const object of manifest.objects) await rowsIn(object, manifest.schema.frequencyMinutes * 60_000);
    if (manifest.online !== null) panel = await checkOnline(manifest);
  }
  if (panelFile) writeFileSync(panelFile, JSON.stringify(panel));
  console.log(JSON.stringify({ ok: true, manifests: last, objects: rowsOf.size, head: parent }));
} catch (error) {
  console.log(JSON.stringify({ ok: false, key: error.key ?? null, problem: error.message }));
  process.exitCode = 1;
}
