/**
 * Purpose: lines of a busy process leave together, and none is held where it may be the last.
 * Invariants: a clock of the test's own.
 * Fails: with the writes that were not expected.
 */
import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import pino from 'pino';
import { bufferedDestination } from '../../../../platform/telemetry/logger.ts';

describe('buffered log lines', () => {
  beforeEach(() => void jest.useFakeTimers());
  afterEach(() => void jest.useRealTimers());

  function open() {
    const writes: string[] = [];
    const stream = bufferedDestination({ write: (text) => void writes.push(text), dropped: 0 });
    const logger = pino({ base: null, timestamp: false }, stream);
    const written = () =>
      writes.map((text) =>
        text
          .trimEnd()
          .split('\n')
          .map((line) => JSON.parse(line).msg),
      );
    return { logger, written };
  }

  test('are written together and in order after a moment', () => {
    const { logger, written } = open();
    for (const text of ['a', 'b', 'c']) logger.info(text);
    expect(written()).toEqual([]);
    jest.advanceTimersByTime(10);
    expect(written()).toEqual([['a', 'b', 'c']]);
    logger.info('d');
    jest.advanceTimersByTime(10);
    expect(written()).toEqual([['a', 'b', 'c'], ['d']]);
  });

  test('are written at once with an error', () => {
    const { logger, written } = open();
    logger.info('a');
    logger.error('b');
    expect(written()).toEqual([['a', 'b']]);
    jest.advanceTimersByTime(100);
    expect(written()).toEqual([['a', 'b']]);
  });

  test('are written when the process exits', () => {
    const once = jest.spyOn(process, 'once');
    const { logger, written } = open();
    const [, atExit] = once.mock.calls.find(([event]) => event === 'exit') ?? [];
    once.mockRestore();
    logger.info('a');
    (atExit as () => void)();
    expect(written()).toEqual([['a']]);
  });
});
