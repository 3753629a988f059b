/** Purpose: the numbers that a log is looked at by, however long it is. */
import { expect, test } from '@jest/globals';
import { numbersToLookAt } from '../../../../storage/objects/object-keys.ts';

const keysOf = (numbers: readonly number[]) =>
  numbers.map((number) => `log/${String(number).padStart(20, '0')}.json`);

test('numbers and the first of each hole, of entries directly in the folder', () => {
  const keys = [...keysOf([9, 1, 2, 5, 0]), 'log/old/00000000000000000007.json', 'log/notes.txt'];
  expect(numbersToLookAt(keys, 'log/')).toEqual([1, 2, 3, 5, 6, 9]);
  expect(numbersToLookAt([], 'log/')).toEqual([]);
});

test('a log of a year of minutes is looked at', () => {
  const numbers = Array.from({ length: 525_600 }, (_, i) => i + 1);
  expect(numbersToLookAt(keysOf(numbers), 'log/')).toHaveLength(numbers.length);
});
