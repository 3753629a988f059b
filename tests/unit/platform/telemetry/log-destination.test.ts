/** Purpose: a log that cannot be written loses lines, says how many, and stops nobody. */
import { describe, expect, test } from '@jest/globals';
import { createLogger, droppedLines } from '../../../../platform/telemetry/logger.ts';

const failure = (code: string) => Object.assign(new Error(code), { code });

/** A disk with room for so many bytes; a write on a full one fails. */
function open({ isBusy = false, code = 'ENOSPC' } = {}) {
  const disk = { room: Number.POSITIVE_INFINITY, text: '', tries: 0 };
  const logger = createLogger({
    ...{ level: 'info', pretty: false, isBusy },
    writeBytes(_fd, bytes, offset) {
      disk.tries++;
      if (disk.room === 0) throw failure(code);
      const part = bytes.subarray(offset, offset + disk.room);
      disk.room -= part.length;
      disk.text += part.toString();
      return part.length;
    },
  });
  const said = () =>
    disk.text
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line) as { msg: string; level: number; dropped?: number });
  return { disk, logger, said };
}

describe.each(['ENOSPC', 'EPIPE', 'EIO', 'EAGAIN'])('a log whose writes fail with %s', (code) => {
  test('drops and counts lines, and reports them once when writes succeed again', () => {
    const { disk, logger, said } = open({ code });
    logger.info('a');
    disk.room = 0;
    for (const text of ['b', 'c', 'd']) logger.info(text);
    expect(droppedLines(logger)).toBe(3);
    disk.room = Number.POSITIVE_INFINITY;
    logger.info('e');
    logger.info('f');
    expect(said().map(({ msg, dropped }) => dropped ?? msg)).toEqual(['a', 'e', 3, 'f']);
    expect(said()[2]).toMatchObject({ level: 50, msg: expect.stringContaining('were dropped') });
    expect([droppedLines(logger), droppedLines(logger.child({}))]).toEqual([3, 3]);
  });
});

test('completes a truncated line before the next one', () => {
  const { disk, logger, said } = open();
  disk.room = 10;
  for (const text of ['a', 'b']) logger.info(text);
  expect(disk.text).toHaveLength(10);
  disk.room = 5;
  logger.info('c');
  disk.room = Number.POSITIVE_INFINITY;
  logger.info('d');
  expect(said().map(({ msg, dropped }) => dropped ?? msg)).toEqual(['a', 'd', 2]);
});

test('counts each dropped line of a joint write', () => {
  const { disk, logger, said } = open({ isBusy: true });
  disk.room = 0;
  for (const text of ['a', 'b']) logger.info(text);
  logger.error('c');
  expect(droppedLines(logger)).toBe(3);
  disk.room = Number.POSITIVE_INFINITY;
  logger.error('d');
  expect(said().map(({ msg, dropped }) => dropped ?? msg)).toEqual(['d', 3]);
});

test('waits for a slow reader', () => {
  const { disk, logger, said } = open({ code: 'EAGAIN' });
  const wait = Atomics.wait;
  Atomics.wait = (() => {
    disk.room = 1000;
    return 'timed-out';
  }) as typeof wait;
  try {
    disk.room = 0;
    logger.info('a');
  } finally {
    Atomics.wait = wait;
  }
  expect(said().map(({ msg }) => msg)).toEqual(['a']);
  expect(droppedLines(logger)).toBe(0);
});

test('waits once, not at every line, for a reader that has stopped', () => {
  const { disk, logger } = open({ code: 'EAGAIN' });
  disk.room = 0;
  logger.info('a');
  const { tries } = disk;
  logger.info('b');
  logger.info('c');
  expect([tries, disk.tries - tries]).toEqual([51, 2]);
});
