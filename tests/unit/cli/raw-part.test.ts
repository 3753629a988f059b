/** Purpose: which raw part a command works on. */
import { expect, test } from '@jest/globals';
import type { CommandContext } from '../../../cli/context.ts';
import { partOf } from '../../../cli/raw-part.ts';

const contextOf = (...names: readonly string[]) =>
  ({
    source: async () => ({
      description: 'files of a folder',
      parts: async () => names.map((name) => ({ name })),
    }),
  }) as unknown as Pick<CommandContext, 'source'>;

test('the named part, or the last', async () => {
  expect((await partOf(contextOf('a', 'b', 'c'), 'b')).name).toBe('b');
  expect((await partOf(contextOf('a', 'b', 'c'), undefined)).name).toBe('c');
});

test('a name that no part has, and a source without parts, say what there is', async () => {
  await expect(partOf(contextOf('a', 'b'), 'c')).rejects.toMatchObject({
    ...{ code: 'USAGE', where: 'files of a folder', fix: 'Known parts include a, b.' },
  });
  await expect(partOf(contextOf(), undefined)).rejects.toMatchObject({
    ...{ code: 'SOURCE_NOT_FOUND', where: 'files of a folder' },
  });
});
