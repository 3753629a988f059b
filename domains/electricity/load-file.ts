/**
 * Purpose: look at one load file as a whole before any row of it counts: is it there in full, whose
 * load is it.
 * Invariants: the file is read to its end (a cut .gz has a wrong check sum), in constant memory.
 * Fails: never; the problem is in the result, so that all bad files can be named at once.
 */
import { createReadStream } from 'node:fs';
import { pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';

const MAX_HEADER_LENGTH = 1000;

export async function readRegion(path: string): Promise<{ region: string } | { problem: string }> {
  let head = '';
  let bytes = 0;
  const look = async (source: AsyncIterable<Buffer>) => {
    for await (const chunk of source) {
      if (head.length < MAX_HEADER_LENGTH)
        head += chunk.subarray(0, MAX_HEADER_LENGTH).toString('utf8');
      bytes += chunk.length;
    }
  };
  try {
    if (/\.gz$/i.test(path)) await pipeline(createReadStream(path), createGunzip(), look);
    else await pipeline(createReadStream(path), look);
  } catch (error) {
    return { problem: `cannot be read to its end (${(error as Error).message})` };
  }
  if (bytes === 0) return { problem: 'is empty' };
  const line = head.split(/\r?\n/, 1)[0].replace(/^\uFEFF/, '');
  const match = /^Datetime,([A-Za-z0-9]{1,20})_MW\s*$/i.exec(line);
  if (!match)
    return {
      problem: `begins with ${JSON.stringify(line.slice(0, 60))}, not with "Datetime,<REGION>_MW"`,
    };
  if (bytes <= line.length + 2) return { problem: 'has a header only' };
  return { region: match[1].toUpperCase() };
}
