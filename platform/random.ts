/**
 * Purpose: the only source of randomness: seeded, so that every run replays exactly.
 * Invariants: the same seed gives the same sequence on every platform; the parts of a seed are
 * independent.
 * Fails: never.
 */

/** A draw from [0, 1). */
export type Random = () => number;

/** 32-bit FNV-1a over the parts: a stable seed for (for example) a city, a series and an hour. */
export function seedFrom(...parts: (string | number)[]): number {
  let hash = 0x811c9dc5;
  for (const character of parts.join('\u0000')) {
    hash ^= character.codePointAt(0) ?? 0;
    hash = Math.imul(hash, 0x01000193);
  }
  return hash >>> 0;
}

/** sfc32 (C. Doty-Humphrey, PractRand), seeded from one 32-bit number and warmed up. */
export function seededRandom(seed: number): Random {
  let a = 0x9e3779b9;
  let b = seed | 0;
  let c = 0x243f6a88;
  let counter = 1;
  const next = () => {
    const t = (((a + b) | 0) + counter) | 0;
    counter = (counter + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = (c << 21) | (c >>> 11);
    c = (c + t) | 0;
    return (t >>> 0) / 4294967296;
  };
  for (let i = 0; i < 12; i++) next();
  return next;
}

/** Independent sequences by name and number, all from one seed. */
export const randomStreams =
  (seed: number) =>
  (name: string, index = 0): Random =>
    seededRandom(seedFrom(seed, name, index));
