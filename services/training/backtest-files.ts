/**
 * Purpose: the results of a backtest's segments on the local disk, so that one that was killed goes on where it was.
 * Invariants: a file appears whole or not at all; it ends with the SHA-256 of its bytes and names the backtest and the cutoffs it
 * belongs to; what is torn, foreign or of another backtest counts as absent, never as a result.
 * Fails: writing fails with the file system's own error; reading never does.
 */
import { randomUUID } from 'node:crypto';
import { mkdir, open, readdir, readFile, rename, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { BacktestResult } from '../../forecasting/backtest.ts';
import { sha256 } from '../../storage/content-hash.ts';
import type { SegmentResult } from './backtest-segment.ts';

const FORMAT = 1;
const HASH_BYTES = 64;
const KEPT_MS = 14 * 86_400_000;

interface Header {
  readonly format: number;
  readonly key: string;
  readonly seconds: SegmentResult['seconds'];
  readonly result: Omit<BacktestResult, 'actuals' | 'forecasts'>;
  readonly forecasts: readonly { readonly name: string; readonly quantiles: readonly number[] }[];
}

export const segmentPath = (folder: string, index: number): string =>
  join(folder, `segment-${String(index).padStart(2, '0')}.bin`);

/** A line of JSON, the actuals, the forecasts of each forecaster (float32), and the hash of all that in hexadecimal digits. */
export async function writeSegment(path: string, key: string, { result, seconds }: SegmentResult): Promise<void> {
  const { actuals, forecasts, ...rest } = result;
  const header: Header = {
    format: FORMAT,
    key,
    seconds,
    result: rest,
    forecasts: forecasts.map(({ name, quantiles }) => ({ name, quantiles })),
  };
  const columns = [actuals, ...forecasts.map(({ values }) => values)];
  const body = Buffer.concat([
    Buffer.from(`${JSON.stringify(header)}\n`),
    ...columns.map((column) => Buffer.from(column.buffer, column.byteOffset, column.byteLength)),
  ]);
  await mkdir(dirname(path), { recursive: true });
  const draft = `${path}.${randomUUID()}.draft`;
  try {
    const file = await open(draft, 'wx');
    try {
      await file.writeFile(Buffer.concat([body, Buffer.from(sha256(body))]));
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(draft, path);
  } catch (error) {
    await rm(draft, { force: true }).catch(() => {});
    throw error;
  }
}

/** 'absent' where there is no file, 'unusable' where there is one that is not this segment of this backtest. */
export async function readSegment(
  path: string,
  key: string,
  cutoffs: readonly number[],
): Promise<SegmentResult | 'absent' | 'unusable'> {
  let bytes: Buffer;
  try {
    bytes = await readFile(path);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ENOENT' ? 'absent' : 'unusable';
  }
  const body = bytes.subarray(0, Math.max(0, bytes.length - HASH_BYTES));
  if (sha256(body) !== bytes.subarray(body.length).toString('latin1')) return 'unusable';
  const end = body.indexOf('\n');
  const header = parsed(body.subarray(0, end).toString('utf8'));
  if (header?.format !== FORMAT || header.key !== key || header.result.cutoffs.join() !== cutoffs.join()) return 'unusable';
  const { seriesIds, horizon } = header.result;
  const rows = cutoffs.length * seriesIds.length * horizon;
  let at = end + 1;
  const actuals = copied(body, at, rows);
  at += 4 * rows;
  const forecasts = header.forecasts.map(({ name, quantiles }) => {
    const values = copied(body, at, rows * quantiles.length);
    at += 4 * rows * quantiles.length;
    return { name, quantiles, values };
  });
  return { result: { ...header.result, actuals, forecasts }, seconds: header.seconds };
}

/** Removes backtests in `root`, but for `own`, that nobody has added a segment to for two weeks. What cannot be removed stays. */
export async function removeOldBacktests(root: string, own: string, now: number): Promise<void> {
  for (const name of await readdir(root).catch((): string[] => [])) {
    if (name === own) continue;
    const folder = join(root, name);
    const changed = (await stat(folder).catch(() => null))?.mtimeMs ?? now;
    if (changed < now - KEPT_MS) await rm(folder, { recursive: true, force: true }).catch(() => {});
  }
}

function parsed(text: string): Header | null {
  try {
    return JSON.parse(text) as Header | null;
  } catch {
    return null;
  }
}

/** `length` values at byte `at`, as a copy: after a line of text they do not lie where float32 may be read in place. */
function copied(bytes: Uint8Array, at: number, length: number): Float32Array {
  const column = new Uint8Array(4 * length);
  column.set(bytes.subarray(at, at + 4 * length));
  return new Float32Array(column.buffer);
}
