/**
 * Purpose: progress is a bar on a terminal and a few plain lines elsewhere, and never disturbs the
 * work.
 */
import { Writable } from 'node:stream';
import { describe, expect, test } from '@jest/globals';
import { fixedClock } from '../../../../platform/clock.ts';
import { terminalProgress } from '../../../../platform/telemetry/terminal-progress.ts';

function sink(isTTY: boolean) {
  let text = '';
  const stream = Object.assign(
    new Writable({
      write: (chunk, _encoding, done) => {
        text += chunk;
        done();
      },
    }),
    { isTTY, columns: 120, cursorTo: () => true, clearLine: () => true, moveCursor: () => true },
  );
  return { stream, text: () => text };
}

describe('progress without a terminal', () => {
  test('prints a line at the start, one every few seconds and one at the end', () => {
    const clock = fixedClock(0);
    const out = sink(false);
    const progress = terminalProgress({ clock, stream: out.stream, everyMs: 5_000 });
    progress.start('training', 100);
    for (let done = 1; done <= 100; done++) {
      clock.advance(200);
      progress.update(done, `epoch ${done}`);
    }
    progress.stop('loss 0.3');
    expect(out.text().trim().split('\n')).toEqual([
      'training …',
      'training: 25 % · about 15 s left · epoch 25',
      'training: 50 % · about 10 s left · epoch 50',
      'training: 75 % · about 5 s left · epoch 75',
      'training: 100 % · epoch 100',
      'training: done after 20 s · loss 0.3',
    ]);
  });

  test('excludes work of an earlier run from the pace', () => {
    const clock = fixedClock(0);
    const out = sink(false);
    const progress = terminalProgress({ clock, stream: out.stream, everyMs: 0 });
    progress.start('replay', 100, 50);
    clock.advance(10_000);
    progress.update(50);
    progress.update(60);
    progress.update(100);
    expect(out.text().trim().split('\n')).toEqual([
      'replay …',
      'replay: 50 %',
      'replay: 60 % · about 40 s left',
      'replay: 100 %',
    ]);
  });

  test('gives no time left before 2 % are done, of which a start is most', () => {
    const clock = fixedClock(0);
    const out = sink(false);
    const progress = terminalProgress({ clock, stream: out.stream, everyMs: 0 });
    progress.start('training', 100);
    clock.advance(6_000);
    progress.update(1);
    progress.update(2);
    expect(out.text().trim().split('\n')).toEqual([
      'training …',
      'training: 1 %',
      'training: 2 % · about 4 min 54 s left',
    ]);
  });

  test('accepts empty work and updates past the end or after the stop', () => {
    const out = sink(false);
    const progress = terminalProgress({ clock: fixedClock(0), stream: out.stream, everyMs: 0 });
    progress.update(1);
    progress.stop();
    progress.start('nothing', 0);
    progress.update(5);
    progress.start('next', 2);
    progress.update(9);
    progress.stop();
    progress.update(1);
    expect(out.text()).toBe(
      'nothing …\nnothing: 0 %\nnothing: done after 0 s\nnext …\nnext: 100 %\nnext: done after 0 s\n',
    );
  });

  test('hides an error of the stream from the work', () => {
    const stream = Object.assign(new Writable(), {
      write: () => {
        throw new Error('closed');
      },
    });
    const progress = terminalProgress({ clock: fixedClock(0), stream });
    expect(() => {
      progress.start('x', 1);
      progress.update(1);
      progress.stop();
    }).not.toThrow();
  });
});

describe('progress on a terminal', () => {
  test('shows a bar with label, share and note, and finally the time taken', () => {
    const clock = fixedClock(0);
    const out = sink(true);
    const progress = terminalProgress({ clock, stream: out.stream });
    progress.start('features', 4);
    clock.advance(65_000);
    progress.update(2, 'part 2 of 4');
    clock.advance(65_000);
    progress.update(4);
    progress.stop('4 parts');
    expect(out.text()).toContain('features');
    expect(out.text()).toContain('100 % · 2 min 10 s · 4 parts');
  });
});
