/**
 * Purpose: the online view: the last weeks of every series in one compact object, for serving without a SQL engine.
 * Invariants: bytes are magic "HWPANEL1", header length (uint32, little-endian), header (JSON), zeros up to a multiple of 8, then
 * every column of the header in order as little-endian float32, row-major by series. A panel survives the round trip bit for bit.
 * Fails: STORE_CORRUPT with the key for bytes that are anything else.
 */
import { endianness } from 'node:os';
import { createPanel, type Panel } from '../forecasting/panel.ts';
import { HeadwayError } from '../runtime/errors.ts';
import { lazyShape, shapeProblem } from './sealed-json.ts';

const MAGIC = 'HWPANEL1';
const FIXED_BYTES = 12;
const ALIGNMENT = 8;

interface Header {
  seriesIds: string[];
  start: number;
  frequencyMinutes: number;
  length: number;
  columns: string[];
}

const count = { type: 'integer', minimum: 0 };
const strings = { type: 'array', uniqueItems: true, items: { type: 'string', minLength: 1 } };
const shape = lazyShape({
  type: 'object',
  additionalProperties: false,
  required: ['seriesIds', 'start', 'frequencyMinutes', 'length', 'columns'],
  properties: {
    seriesIds: strings,
    start: { type: 'integer' },
    frequencyMinutes: { type: 'integer', minimum: 1 },
    length: count,
    columns: { ...strings, contains: { const: 'target' } },
  },
});

const aligned = (bytes: number): number => Math.ceil(bytes / ALIGNMENT) * ALIGNMENT;

export function encodeOnlineView(panel: Panel): Uint8Array {
  const { seriesIds, start, frequencyMinutes, length } = panel;
  const columns = Object.keys(panel.columns).sort();
  const header = Buffer.from(JSON.stringify({ seriesIds, start, frequencyMinutes, length, columns }));
  const dataStart = aligned(FIXED_BYTES + header.length);
  const columnBytes = seriesIds.length * length * 4;
  const bytes = Buffer.alloc(dataStart + columns.length * columnBytes);
  bytes.write(MAGIC, 'latin1');
  bytes.writeUInt32LE(header.length, MAGIC.length);
  header.copy(bytes, FIXED_BYTES);
  for (const [i, name] of columns.entries()) {
    const { buffer, byteOffset, byteLength } = panel.columns[name];
    Buffer.from(buffer, byteOffset, byteLength).copy(bytes, dataStart + i * columnBytes);
  }
  if (endianness() === 'BE') bytes.subarray(dataStart).swap32();
  return bytes;
}

export function decodeOnlineView(key: string, bytes: Uint8Array): Panel {
  const corrupt = (problem: string, cause?: unknown) =>
    new HeadwayError('STORE_CORRUPT', `The online view cannot be read: ${problem}`, {
      where: key,
      fix: 'Delete nothing by hand; commit again (a feature run with new data) to write a new view.',
      cause,
    });
  const view = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (view.length < FIXED_BYTES || view.toString('latin1', 0, MAGIC.length) !== MAGIC) throw corrupt(`it is not ${MAGIC}`);
  const headerEnd = FIXED_BYTES + view.readUInt32LE(MAGIC.length);
  if (headerEnd > view.length) throw corrupt('it ends inside its header');
  let value: unknown;
  try {
    value = JSON.parse(view.toString('utf8', FIXED_BYTES, headerEnd));
  } catch (error) {
    throw corrupt('its header is not JSON', error);
  }
  const problem = shapeProblem(shape, value);
  if (problem !== null) throw corrupt(`its header: ${problem}`);
  const { columns, ...grid } = value as Header;
  const values = grid.seriesIds.length * grid.length;
  const dataStart = aligned(headerEnd);
  if (view.length !== dataStart + columns.length * values * 4) throw corrupt('its length is not what its header says');
  if (view.subarray(headerEnd, dataStart).some((byte) => byte !== 0)) throw corrupt('its padding is not zero');

  const data = Uint8Array.from(view.subarray(dataStart)); // an aligned copy of its own
  if (endianness() === 'BE') Buffer.from(data.buffer).swap32();
  const column = (i: number) => new Float32Array(data.buffer, i * values * 4, values);
  try {
    const named = Object.fromEntries(columns.map((name, i) => [name, column(i)]));
    return createPanel({ ...grid, columns: named as Panel['columns'] });
  } catch (error) {
    throw corrupt((error as Error).message, error);
  }
}
