/**
 * Purpose: one hash of everything a panel says, by which a training set is recognised years later.
 * Invariants: equal panels have equal hashes on every platform: every NaN counts as the same,
 * columns count in name order, bytes are little-endian.
 * Fails: never.
 */
import { createHash } from 'node:crypto';
import { endianness } from 'node:os';
import type { Panel } from '../../forecasting/panel/panel.ts';

const QUIET_NAN = 0x7fc00000;

/** SHA-256 over the ids, the grid, the columns and the exogenous columns. */
export function hashPanel(panel: Panel): string {
  const names = Object.keys(panel.columns).sort();
  const { seriesIds, start, frequencyMinutes, length } = panel;
  const hash = createHash('sha256').update(
    JSON.stringify({ seriesIds, start, frequencyMinutes, length, names }),
  );
  for (const name of names) hash.update(canonicalBytes(panel.columns[name]));
  // A panel without exogenous columns keeps the hash it had before there were any.
  for (const [name, values] of Object.entries(panel.exogenous ?? {}).sort(([a], [b]) =>
    a < b ? -1 : 1,
  )) {
    hash
      .update(JSON.stringify({ exogenous: name, length: values.length }))
      .update(canonicalBytes(values));
  }
  return hash.digest('hex');
}

function canonicalBytes(column: Float32Array): Uint8Array {
  const values = column.slice();
  const bits = new Uint32Array(values.buffer);
  for (let i = 0; i < values.length; i++) if (Number.isNaN(values[i])) bits[i] = QUIET_NAN;
  const bytes = Buffer.from(values.buffer);
  return endianness() === 'LE' ? bytes : bytes.swap32();
}
