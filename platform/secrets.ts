/**
 * Purpose: the only source of secrets: random numbers that cannot be guessed or replayed, unlike
 * those of a seeded generator.
 * Invariants: from the operating system's generator; lower-case hexadecimal, so that one click
 * selects all of it.
 * Fails: never.
 */
import { randomBytes } from 'node:crypto';

/** A number of random bytes as hexadecimal text. */
export type NewSecret = (bytes: number) => string;

export const newSecret: NewSecret = (bytes) => randomBytes(bytes).toString('hex');
