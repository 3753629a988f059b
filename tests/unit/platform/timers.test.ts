/** Purpose: pauses end when aborted; `repeat` never overlaps and survives an error. */
import { describe, expect, test } from '@jest/globals';
import { repeat, sleep, withTimeout } from '../../../platform/timers.ts';

describe('sleep', () => {
  test('resolves after its time, and rejects at once when aborted', async () => {
    await sleep(1);
    await expect(sleep(60_000, AbortSignal.abort(new Error('stop')))).rejects.toThrow();
  });
});

describe('repeat', () => {
  test('continues after an error, never overlaps, and stop waits for the running call', async () => {
    const errors: unknown[] = [];
    let calls = 0;
    let running = 0;
    let most = 0;
    const third = new Promise<() => Promise<void>>((resolve) => {
      const stop = repeat(
        1,
        async () => {
          most = Math.max(most, ++running);
          await new Promise((next) => setImmediate(next));
          running--;
          if (++calls === 3) resolve(stop);
          if (calls === 1) throw new Error('first');
        },
        (error) => errors.push(error),
      );
    });
    const stop = await third;
    await stop();
    const after = calls;
    await sleep(20);
    expect({ calls, most, running }).toEqual({ calls: after, most: 1, running: 0 });
    expect(errors).toHaveLength(1);
  });
});

describe('withTimeout', () => {
  test('reports whether the work ended in time, and does not stop late work', async () => {
    let end = () => {};
    const work = new Promise<void>((resolve) => {
      end = resolve;
    });
    expect(await withTimeout(1, work)).toBe(false);
    end();
    expect(await withTimeout(60_000, work)).toBe(true);
    expect(await withTimeout(Number.POSITIVE_INFINITY, work)).toBe(true);
    await expect(withTimeout(60_000, Promise.reject(new Error('failed')))).rejects.toThrow(
      'failed',
    );
  });
});
