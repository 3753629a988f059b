/**
 * Purpose: JSON that shows when it was torn or changed: log entries and model cards, whose hash no
 * other object holds.
 * Invariants: the text ends with `,\n "checksum": "<64 hex>"\n}\n`; the checksum is the SHA-256 of
 * every byte before that, so a single flipped bit anywhere in the file is found.
 * Fails: the given code (STORE_CORRUPT, MODEL_CORRUPT) with the key, for text that is torn, foreign
 * or not of the schema.
 */
import { type ErrorCode, HeadwayError } from '../errors.ts';
import { schemaProblem, type Validator } from '../settings/validator.ts';
import { sha256 } from './content-hash.ts';

/** A manifest of a hundred thousand objects. Whatever is larger was not made by this system. */
const MAX_BYTES = 64 << 20;
/** Beyond a few thousand levels, whoever walks the value runs out of stack. */
const MAX_LEVELS = 100;
const CHECKSUM_END = /,\n {2}"checksum": "([0-9a-f]{64})"\n\}\n$/;

/**
 * The value (an object with at least one field, none named `checksum`) as checksummed bytes;
 * `compact` for values that clients may make large.
 */
export function encodeChecksummedJson(value: object, { compact = false } = {}): Uint8Array {
  const body = compact
    ? JSON.stringify(value).slice(0, -1)
    : JSON.stringify(value, null, 2).slice(0, -2);
  return Buffer.from(`${body},\n  "checksum": "${sha256(body)}"\n}\n`);
}

function isDeeperThan(value: unknown, levels: number): boolean {
  if (typeof value !== 'object' || value === null) return false;
  return levels === 0 || Object.values(value).some((inner) => isDeeperThan(inner, levels - 1));
}

/** The value inside checksummed bytes, without its checksum. */
export function decodeChecksummedJson(
  key: string,
  bytes: Uint8Array,
  validator: Validator,
  code: ErrorCode,
): unknown {
  const corrupt = (problem: string, cause?: unknown) =>
    new HeadwayError(code, `The object is torn or was changed: ${problem}`, {
      where: key,
      fix:
        'Restore it from a backup of the store; `headway store verify` lists everything ' +
        'that is wrong.',
      cause,
    });
  if (bytes.length > MAX_BYTES)
    throw corrupt(`it has ${bytes.length} bytes, and the maximum is ${MAX_BYTES}`);
  const text = Buffer.from(bytes).toString('utf8');
  const ending = CHECKSUM_END.exec(text);
  if (!ending) throw corrupt('it has no checksum at its end');
  const body = bytes.subarray(0, bytes.length - ending[0].length);
  if (sha256(body) !== ending[1]) throw corrupt('its checksum does not match');
  let value: unknown;
  try {
    value = JSON.parse(`${Buffer.from(body).toString('utf8')}\n}`);
  } catch (error) {
    throw corrupt('it is not JSON', error);
  }
  if (isDeeperThan(value, MAX_LEVELS))
    throw corrupt(`it is nested more than ${MAX_LEVELS} levels deep`);
  const problem = schemaProblem(validator, value);
  if (problem !== null) throw corrupt(problem);
  return value;
}
