/** Purpose: what process 1 of a container does at a signal; real ones are in tests/integration. */
import { EventEmitter } from 'node:events';
import { expect, test } from '@jest/globals';
import { endOnSignals } from '../../../../platform/jobs/stop-signal.ts';

function processOne() {
  const ends: unknown[] = [];
  const target = Object.assign(new EventEmitter(), {
    exit: ((status: unknown) => ends.push(status)) as unknown as NodeJS.Process['exit'],
  });
  endOnSignals(target);
  return { target, ends };
}

test('a command that handles no signal ends with 128 and its number', () => {
  const { target, ends } = processOne();
  target.emit('SIGTERM');
  target.emit('SIGINT');
  expect(ends).toEqual([143, 130]);
});

test('a command that stops by itself does so at the first signal, and ends at the second', () => {
  const { target, ends } = processOne();
  let isStopping = false;
  target.once('SIGTERM', () => {
    isStopping = true;
  });
  target.emit('SIGTERM');
  expect([isStopping, ends]).toEqual([true, []]);
  target.emit('SIGTERM');
  expect(ends).toEqual([143]);
});
