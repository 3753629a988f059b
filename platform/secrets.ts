/**
 * Purpose: the only source of secrets: random numbers that nobody can guess or replay, which a
 * seeded generator must never be.
 * Invariants: from the operating system's generator; lower-case hexadecimal, so that a double click
 * takes all of it.
 * Fails: never.
 */
import { randomBytes } from 'node:crypto';

/** So many bytes as hexadecimal text, twice as long. */
export type NewSecret = (bytes: number) => string;

export const newSecret: NewSecret = (bytes) => randomBytes(bytes).toString('hex');
