/**
 * Purpose: events as Avro, Protobuf and JSON by a schema registry are landed as the same events in
 * JSON are, and what its schema does not fit is a dead letter with its bytes.
 */
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import avro from 'avsc';
import protobuf from 'protobufjs';
import { createHttpClient } from '../../../../platform/http/client.ts';
import { parseRegistryAddress, registryLog } from '../../../../platform/streams/schema-registry.ts';
import { silentLogger } from '../../../../platform/telemetry/logger.ts';
import { MemoryEventLog } from '../../../fakes/memory-event-log.ts';

const PLACE = { type: 'record', name: 'Place', fields: [{ name: 'id', type: 'int' }] };
const TRIP = {
  type: 'record',
  name: 'Trip',
  fields: [
    { name: 'at', type: { type: 'long', logicalType: 'timestamp-millis' } },
    { name: 'note', type: ['null', 'string'], default: null },
    { name: 'raw', type: 'bytes' },
    { name: 'place', type: 'Place' },
  ],
};
const COMMON = 'syntax = "proto3"; package shared; message Place { int32 id = 1; }';
const RIDES = `
  syntax = "proto3";
  package demo;
  import "google/protobuf/timestamp.proto";
  import "place.proto";
  message Stop { string name = 1; }
  message Ride {
    enum Kind { NORMAL = 0; SHARED = 1; }
    message Fare { int64 cents = 1; }
    int64 ride_id = 1;
    Kind kind = 2;
    google.protobuf.Timestamp at = 3;
    shared.Place place = 4;
  }`;

/** Path → what the registry responds. */
const PAGES: Record<string, object> = {
  // Without a type: Avro.
  '/schemas/ids/1': {
    schema: JSON.stringify(TRIP),
    references: [{ name: 'Place', subject: 'a/place', version: 2 }],
  },
  '/subjects/a%2Fplace/versions/2': { schema: JSON.stringify(PLACE) },
  '/schemas/ids/2': {
    ...{ schema: RIDES, schemaType: 'PROTOBUF' },
    references: [{ name: 'place.proto', subject: 'place', version: 1 }],
  },
  '/subjects/place/versions/1': { schema: COMMON, schemaType: 'PROTOBUF' },
  '/schemas/ids/3': { schema: '{"type":"object"}', schemaType: 'JSON' },
  '/schemas/ids/4': { schema: 'no schema', schemaType: 'AVRO' },
  '/schemas/ids/5': { schema: '{}', schemaType: 'THRIFT' },
  '/schemas/ids/6': {
    schema: JSON.stringify(TRIP),
    references: [{ name: 'Place', subject: 'gone', version: 1 }],
  },
};

let server: Server;
let asked: string[];
let status: number;
let url: string;
beforeAll(async () => {
  server = createServer((request, response) => {
    asked.push(`${request.url} ${request.headers.authorization ?? ''}`.trim());
    const page = PAGES[request.url ?? ''];
    response.writeHead(status !== 200 ? status : page ? 200 : 404, {
      'content-type': 'application/vnd.schemaregistry.v1+json',
    });
    response.end(JSON.stringify(page ?? { error_code: 40403 }));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(() => {
  server.close();
});
beforeEach(() => {
  asked = [];
  status = 200;
});

const framed = (id: number, ...parts: readonly Uint8Array[]) => {
  const header = Buffer.alloc(5);
  header.writeUInt32BE(id, 1);
  return Buffer.concat([header, ...parts]);
};

function openLog(values: readonly (string | Uint8Array | null)[], environment = {}, at = url) {
  const events = new MemoryEventLog(1);
  events.append(
    0,
    values.map((value) => ({ value, published: 0 })),
  );
  const http = createHttpClient({ logger: silentLogger, retries: 0 });
  return registryLog(events, parseRegistryAddress(at, environment), http);
}

/** What is read of these values: JSON, or bytes that are none. */
async function read(values: readonly (string | Uint8Array | null)[]) {
  const { records, next } = await openLog(values).read(0, 0, 100);
  expect(next).toBe(values.length);
  return records.map(({ value }) => {
    try {
      return JSON.parse(Buffer.from(value ?? []).toString());
    } catch {
      return value;
    }
  });
}

const trip = avro.Type.forSchema({
  ...TRIP,
  fields: TRIP.fields.map((field) => (field.name === 'place' ? { ...field, type: PLACE } : field)),
} as avro.Schema);
const AT = Date.UTC(2026, 0, 5, 12);
const event = { at: AT, note: 'late', raw: Buffer.from('abc'), place: { id: 74 } };
const tripBytes = (more: object = {}) => trip.toBuffer({ ...event, ...more });

const rides = new protobuf.Root();
protobuf.parse(COMMON, rides, { keepCase: true });
protobuf.parse(RIDES, rides, { keepCase: true });
rides.addJSON(protobuf.common.get('google/protobuf/timestamp.proto')?.nested ?? {});
const rideBytes = () => {
  const Ride = rides.lookupType('demo.Ride');
  const at = { seconds: 1_767_614_400, nanos: 0 };
  const message = { ride_id: '9007199254740993', kind: 1, at, place: { id: 7 } };
  return Ride.encode(Ride.fromObject(message)).finish();
};

test('Avro gives times as numbers, bytes as base64, union values and references', async () => {
  const bytes = [tripBytes(), tripBytes({ note: null })].map((value) => framed(1, value));
  expect(await read(bytes)).toEqual([
    { at: AT, note: 'late', raw: 'YWJj', place: { id: 74 } },
    { at: AT, note: null, raw: 'YWJj', place: { id: 74 } },
  ]);
  expect(asked).toEqual(['/schemas/ids/1', '/subjects/a%2Fplace/versions/2']);
});

describe('Protobuf', () => {
  test('decodes the message that the value names, int64 as text and enums by name', async () => {
    const ride = {
      ...{ ride_id: '9007199254740993', kind: 'SHARED', place: { id: 7 } },
      at: { seconds: '1767614400', nanos: 0 },
    };
    // The second message of the file: one index, 1, in zigzag.
    expect(await read([framed(2, Buffer.from([2, 2]), rideBytes())])).toEqual([ride]);
    const Stop = rides.lookupType('demo.Stop');
    const stop = Stop.encode(Stop.fromObject({ name: 'Main St' })).finish();
    // The first: a single zero.
    expect(await read([framed(2, Buffer.from([0]), stop)])).toEqual([{ name: 'Main St' }]);
    const Fare = rides.lookupType('demo.Ride.Fare');
    const fare = Fare.encode(Fare.fromObject({ cents: 250 })).finish();
    // Inside the second, the first.
    expect(await read([framed(2, Buffer.from([4, 2, 0]), fare)])).toEqual([{ cents: '250' }]);
  });

  test('leaves a message unknown to the schema as bytes', async () => {
    for (const path of [[2, 8], [4, 2, 2], [], [254, 255, 255, 255, 15]]) {
      const bytes = framed(
        2,
        Buffer.from(path),
        rideBytes().subarray(0, path.length === 0 ? 0 : 9),
      );
      expect(await read([bytes])).toEqual([Uint8Array.from(bytes)]);
    }
  });
});

test('decodes JSON with and without a schema in one topic', async () => {
  const values = [framed(3, Buffer.from('{"at":1}')), '{"at":2}', null, '', 'text'];
  const [first, second, ...rest] = await read(values);
  expect([first, second]).toEqual([{ at: 1 }, { at: 2 }]);
  expect(rest.map((value) => value?.length ?? 0)).toEqual([0, 0, 4]);
  expect(asked).toEqual(['/schemas/ids/3']);
});

test.each([
  ['a missing schema', 99],
  ['an invalid schema', 4],
  ['a schema of another kind', 5],
  ['a schema with a missing reference', 6],
])('leaves the value unchanged for %s', async (_title, id) => {
  const bytes = framed(id, tripBytes());
  expect(await read([bytes, '{"at":2}'])).toEqual([Uint8Array.from(bytes), { at: 2 }]);
});

test('leaves values unchanged that do not match or overflow a number', async () => {
  const short = framed(1, tripBytes().subarray(0, 4));
  const long = framed(1, tripBytes({ note: null }), Buffer.from([1]));
  // 2^62 as a long.
  const huge = framed(1, Buffer.from([128, 128, 128, 128, 128, 128, 128, 128, 128, 1]));
  for (const bytes of [short, long, huge])
    expect(await read([bytes])).toEqual([Uint8Array.from(bytes)]);
});

test('fetches a schema once', async () => {
  const log = openLog([framed(3, Buffer.from('{}')), framed(3, Buffer.from('{}'))]);
  await log.read(0, 0, 100);
  await log.read(0, 1, 100);
  expect(asked).toEqual(['/schemas/ids/3']);
});

test('finds a schema registered after its first event with the next batch', async () => {
  const value = framed(7, Buffer.from('{"at":1}'));
  const log = openLog([value]);
  const valueRead = async () => (await log.read(0, 0, 100)).records[0]?.value;
  expect(await valueRead()).toEqual(Uint8Array.from(value));
  PAGES['/schemas/ids/7'] = { schema: '{}', schemaType: 'JSON' };
  expect(Buffer.from((await valueRead()) ?? []).toString()).toBe('{"at":1}');
  delete PAGES['/schemas/ids/7'];
});

test('an unavailable registry stops the read, which is retried', async () => {
  const log = openLog([framed(3, Buffer.from('{"at":1}'))]);
  for (status of [500, 401])
    await expect(log.read(0, 0, 100)).rejects.toMatchObject({
      code: 'STREAM_UNAVAILABLE',
      message: expect.stringContaining(String(status)),
    });
  status = 200;
  expect((await log.read(0, 0, 100)).records).toHaveLength(1);
});

test('sends user and password in a header and not in the address', async () => {
  const at = url.replace('//', '//ana@');
  const log = openLog([framed(3, Buffer.from('{}'))], { SCHEMA_REGISTRY_PASSWORD: 'secret' }, at);
  await log.read(0, 0, 100);
  expect(asked).toEqual([`/schemas/ids/3 Basic ${btoa('ana:secret')}`]);
});

test('accepts a user with a literal per cent sign', () => {
  const { auth } = parseRegistryAddress('http://100%25@schemas', { SCHEMA_REGISTRY_PASSWORD: 'p' });
  const odd = parseRegistryAddress('http://100%@schemas', { SCHEMA_REGISTRY_PASSWORD: 'p' });
  expect([auth?.username, odd.auth?.username]).toEqual(['100%', '100%']);
});

test.each(['schemas:8081', 'ftp://schemas', 'http://ana:secret@schemas', 'http://ana@schemas'])(
  'refuses the address %s',
  (text) => {
    expect(() => parseRegistryAddress(text, {})).toThrow(
      expect.objectContaining({ code: 'SETTINGS_INVALID' }),
    );
  },
);
