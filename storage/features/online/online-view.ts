/**
 * Purpose: the online view: the last weeks of every series in one compact object, for serving
 * without a SQL engine.
 * Invariants: bytes are magic "HWPANEL1", header length (uint32, little-endian), header (JSON),
 * zeros up to a multiple of 8, then every column of the header in order as little-endian float32,
 * row-major by series, and then each exogenous column (one for all series, of as many values as the
 * header says). A panel survives the round trip bit for bit.
 * Fails: STORE_CORRUPT with the key for bytes that are anything else.
 */
import { endianness } from 'node:os';
import { createPanel, type Panel } from '../../../forecasting/panel/panel.ts';
import { HeadwayError } from '../../../platform/errors.ts';
import { lazyValidator, schemaProblem } from '../../../platform/settings/validator.ts';

const MAGIC = 'HWPANEL1';
const FIXED_BYTES = 12;
const ALIGNMENT = 8;

interface Header {
  seriesIds: string[];
  start: number;
  frequencyMinutes: number;
  length: number;
  columns: string[];
  /** Absent where there are none, so that the bytes are those of a view without. */
  exogenous?: { name: string; length: number }[];
}

const count = { type: 'integer', minimum: 0 };
const strings = { type: 'array', uniqueItems: true, items: { type: 'string', minLength: 1 } };
const validator = lazyValidator({
  type: 'object',
  additionalProperties: false,
  required: ['seriesIds', 'start', 'frequencyMinutes', 'length', 'columns'],
  properties: {
    seriesIds: strings,
    start: { type: 'integer' },
    frequencyMinutes: { type: 'integer', minimum: 1 },
    length: count,
    columns: { ...strings, contains: { const: 'target' } },
    exogenous: {
      type: 'array',
      items: {
        type: 'object',
        additionalProperties: false,
        required: ['name', 'length'],
        properties: { name: { type: 'string', minLength: 1 }, length: count },
      },
    },
  },
});

const aligned = (bytes: number): number => Math.ceil(bytes / ALIGNMENT) * ALIGNMENT;

export function encodeOnlineView(panel: Panel): Uint8Array {
  const { seriesIds, start, frequencyMinutes, length } = panel;
  const columns = Object.keys(panel.columns).sort();
  const shared = Object.entries(panel.exogenous ?? {}).sort(([a], [b]) => (a < b ? -1 : 1));
  const exogenous = shared.map(([name, values]) => ({ name, length: values.length }));
  const named = {
    seriesIds,
    start,
    frequencyMinutes,
    length,
    columns,
    ...(panel.exogenous ? { exogenous } : {}),
  };
  const header = Buffer.from(JSON.stringify(named));
  const dataStart = aligned(FIXED_BYTES + header.length);
  const data = [
    ...columns.map((name) => panel.columns[name]),
    ...shared.map(([, values]) => values),
  ];
  const bytes = Buffer.alloc(dataStart + data.reduce((sum, { byteLength }) => sum + byteLength, 0));
  bytes.write(MAGIC, 'latin1');
  bytes.writeUInt32LE(header.length, MAGIC.length);
  header.copy(bytes, FIXED_BYTES);
  let at = dataStart;
  for (const { buffer, byteOffset, byteLength } of data) {
    Buffer.from(buffer, byteOffset, byteLength).copy(bytes, at);
    at += byteLength;
  }
  if (endianness() === 'BE') bytes.subarray(dataStart).swap32();
  return bytes;
}

export function decodeOnlineView(key: string, bytes: Uint8Array): Panel {
  const corrupt = (problem: string, cause?: unknown) =>
    new HeadwayError('STORE_CORRUPT', `The online view cannot be read: ${problem}`, {
      where: key,
      fix:
        'Delete nothing by hand; commit again (a feature run with new data) to write a ' +
        'new view.',
      cause,
    });
  const view = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (view.length < FIXED_BYTES || view.toString('latin1', 0, MAGIC.length) !== MAGIC)
    throw corrupt(`it is not ${MAGIC}`);
  const headerEnd = FIXED_BYTES + view.readUInt32LE(MAGIC.length);
  if (headerEnd > view.length) throw corrupt('it ends inside its header');
  let value: unknown;
  try {
    value = JSON.parse(view.toString('utf8', FIXED_BYTES, headerEnd));
  } catch (error) {
    throw corrupt('its header is not JSON', error);
  }
  const problem = schemaProblem(validator, value);
  if (problem !== null) throw corrupt(`its header: ${problem}`);
  const { columns, exogenous, ...grid } = value as Header;
  const values = grid.seriesIds.length * grid.length;
  const dataStart = aligned(headerEnd);
  const shared = (exogenous ?? []).reduce((sum, { length }) => sum + length, 0);
  if (view.length !== dataStart + (columns.length * values + shared) * 4)
    throw corrupt('its length is not what its header says');
  if (view.subarray(headerEnd, dataStart).some((byte) => byte !== 0))
    throw corrupt('its padding is not zero');

  const data = new Uint8Array(view.subarray(dataStart)); // an aligned copy of its own
  if (endianness() === 'BE') Buffer.from(data.buffer).swap32();
  let at = 0;
  const next = (length: number) => {
    at += length * 4;
    return new Float32Array(data.buffer, at - length * 4, length);
  };
  try {
    const named = Object.fromEntries(columns.map((name) => [name, next(values)]));
    const others = exogenous && {
      exogenous: Object.fromEntries(exogenous.map(({ name, length }) => [name, next(length)])),
    };
    return createPanel({ ...grid, columns: named as Panel['columns'], ...others });
  } catch (error) {
    throw corrupt((error as Error).message, error);
  }
}
