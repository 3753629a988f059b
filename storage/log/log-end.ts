/**
 * Purpose: how long a log is: its highest number, found without looking at every entry.
 * Invariants: a gap in what is looked at is found.
 * Fails: STORE_CORRUPT for a gap.
 */
import { HeadwayError } from '../../platform/errors.ts';
import { logNumber } from '../objects/object-keys.ts';
import type { ObjectStore } from '../objects/object-store.ts';

/** As many entries as S3 lists at once. */
const PROBE = 1000;
/** As many are asked for by name at once, where a store can be asked so: it divides PROBE. */
const STEP = 100;

interface LogNames {
  readonly prefix: string;
  keyOf(number: number): string;
}

export class LogEnd {
  readonly #store: ObjectStore;
  readonly #format: LogNames;
  /**
   * An entry that exists, a multiple of PROBE, from which on listing is cheap; 0 for a short log.
   * It never has to be right.
   */
  #floor = 0;

  constructor(store: ObjectStore, format: LogNames) {
    this.#store = store;
    this.#format = format;
  }

  async #probe(): Promise<number> {
    const has = (probes: number) => this.#store.has(this.#format.keyOf(probes * PROBE));
    let low = this.#floor / PROBE;
    if (low > 0 && !(await has(low))) low = 0; // the folder is another one than before
    let high = Math.max(1, low + 1);
    for (; await has(high); high *= 2) low = high;
    while (high - low > 1) {
      const middle = Math.floor((low + high) / 2);
      if (await has(middle)) low = middle;
      else high = middle;
    }
    this.#floor = low * PROBE;
    return this.#floor;
  }

  #numbered(from: number, count: number, step = 1): string[] {
    return Array.from({ length: count }, (_, i) => this.#format.keyOf(from + (i + 1) * step));
  }

  async #listedAfter(from: number): Promise<number[]> {
    const keys = await this.#store.list(
      this.#format.prefix,
      from > 0 ? this.#format.keyOf(from) : undefined,
    );
    return keys.flatMap((key) => {
      const number =
        key.lastIndexOf('/') === this.#format.prefix.length - 1 ? logNumber(key) : null;
      return number !== null && (from === 0 || number > from) ? [number] : [];
    });
  }

  /** An entry near the end, and the numbers behind it, ascending. */
  async #nearEnd(): Promise<{ from: number; numbers: number[] }> {
    const far = await this.#probe();
    if (far === 0 || this.#store.present === undefined)
      return { from: far, numbers: await this.#listedAfter(far) };
    const steps = await this.#store.present(this.#numbered(far, PROBE / STEP, STEP));
    const from = far + steps.length * STEP;
    // One is missing before one that is there: the list says what.
    if (steps.length > 0 && steps.at(-1) !== this.#format.keyOf(from))
      return { from: far, numbers: await this.#listedAfter(far) };
    const numbers: number[] = [];
    for (let past = from; ; past += STEP) {
      const keys = await this.#store.present(this.#numbered(past, STEP));
      if (keys.length === 0) return { from, numbers };
      numbers.push(...keys.map((key) => logNumber(key) as number));
    }
  }

  /**
   * The highest number. All entries are looked at, or those after an entry that exists: they are
   * few, however long the log is.
   */
  async size(everything = false): Promise<number> {
    const { from, numbers } = everything
      ? { from: 0, numbers: await this.#listedAfter(0) }
      : await this.#nearEnd();
    const present = new Set(numbers);
    const last = [...present].at(-1) ?? from;
    if (present.size === last - from && !present.has(0)) return last;
    for (let number = from === 0 ? 0 : from + 1; number <= last; number++) {
      // A folder that grows while it is listed may show entry 8 without entry 7: ask before calling
      // it a gap.
      const wanted = number > 0;
      if (
        present.has(number) === wanted ||
        (wanted && (await this.#store.has(this.#format.keyOf(number))))
      )
        continue;
      throw new HeadwayError(
        'STORE_CORRUPT',
        wanted ? 'The log has a gap: this entry is missing' : 'A log starts at 1',
        {
          where: this.#format.keyOf(number),
          fix:
            'Restore the folder from a backup of the store; nothing is written to a log ' +
            'with a gap.',
        },
      );
    }
    return last;
  }
}
