/** Purpose: what `headway new-domain` asks a person at a terminal, and what it makes of replies. */

import { PassThrough } from 'node:stream';
import { expect, test } from '@jest/globals';
import { askFor } from '../../../cli/actions/new-domain/ask.ts';
import { hintProblem, requireHints } from '../../../cli/actions/new-domain/hints.ts';

const DOUBTS = [
  { flag: '--time-zone', chosen: 'UTC', why: 'the data do not show a change of clocks' },
  { flag: '--missing', chosen: 'unknown', why: 'no row is zero' },
];

/** A person who gives one reply to each question. */
async function askedBy(replies: readonly string[], doubts = DOUBTS) {
  const stdin = Object.assign(new PassThrough(), { isTTY: true });
  const stdout = new PassThrough();
  const left = [...replies];
  let shown = '';
  stdout.on('data', (chunk: Buffer) => {
    shown += chunk;
    if (/\]: $/.test(String(chunk))) stdin.write(`${left.shift()}\n`);
  });
  const outcome = await askFor(doubts, { stdin, stdout }).catch((error) => error);
  return { outcome, shown, left };
}

test('asks each doubt with the guess and its reason, and guesses on with the replies', async () => {
  const { outcome, shown } = await askedBy(['Europe/Berlin', '']);
  expect(outcome).toEqual({ timeZone: 'Europe/Berlin' });
  expect(shown).toContain('time-zone (the data do not show a change of clocks) [UTC]: ');
  expect(shown).toContain('missing (no row is zero) [unknown]: ');
});

test('asks again after an invalid reply, with what to give', async () => {
  const { outcome, shown, left } = await askedBy(['Berlin', 'Europe/Berlin', 'nothing', 'zero']);
  expect(outcome).toEqual({ timeZone: 'Europe/Berlin', missing: 'zero' });
  expect(shown).toContain('There is no such time zone');
  expect(shown).toContain('It must be zero or unknown.');
  expect(left).toEqual([]);
});

test.each([
  ['', null],
  ['y', null],
  ['no', expect.objectContaining({ code: 'USAGE', message: 'nothing was written' })],
])(
  'blank replies accept the guesses, and "%s" to the last question decides',
  async (last, outcome) => {
    expect((await askedBy(['', '', last])).outcome).toEqual(outcome);
  },
);

test('input that ends at a question writes nothing, and says so', async () => {
  const stdin = Object.assign(new PassThrough(), { isTTY: true });
  const stdout = new PassThrough();
  stdout.on('data', () => stdin.end());
  await expect(askFor(DOUBTS, { stdin, stdout })).rejects.toMatchObject({
    ...{ code: 'USAGE', message: 'nothing was written' },
  });
});

test('without a terminal names the flag for each question', async () => {
  const stdin = new PassThrough();
  await expect(askFor(DOUBTS, { stdin, stdout: new PassThrough() })).rejects.toMatchObject({
    code: 'USAGE',
    where: '--time-zone (now: UTC), --missing (now: unknown)',
  });
});

test.each([
  [{ timeZone: 'Mars/Base' }, undefined, '--time-zone'],
  [{ clock: 'CEST+2' }, undefined, '--clock'],
  [{ timeFormat: '%d.%Q' }, undefined, '--time-format'],
  [{ aggregate: 'max' as 'sum' }, undefined, '--aggregate'],
  [{ value: 'count', aggregate: 'sum' as const }, undefined, '--aggregate'],
  [{ encoding: 'klingon' }, undefined, '--encoding'],
  [{}, 'XX', '--holidays'],
  [{}, 'US-XX', '--holidays'],
])('refuses %j, holidays %s by the name of the flag', async (hints, holidays, flag) => {
  await expect(requireHints(hints, holidays)).rejects.toMatchObject({ code: 'USAGE', where: flag });
});

test('accepts valid hints', async () => {
  await requireHints({ timeZone: 'UTC', timeFormat: '%d.%m.%Y %H:%M', clock: 'UTC' }, 'US-NY');
  expect(await hintProblem('timeFormat', 'epoch-us')).toBeNull();
  expect(await hintProblem('encoding', 'shift_jis')).toBeNull();
});
