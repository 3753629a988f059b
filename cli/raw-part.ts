/**
 * Purpose: the raw part of the source that a command works on: the one that is named, or the last.
 * Fails: USAGE for a name that no part has, with some valid names; SOURCE_NOT_FOUND for a source
 * without parts.
 */
import type { RawPart } from '../domains/domain.ts';
import { HeadwayError } from '../platform/errors.ts';
import type { CommandContext } from './context.ts';

const SHOWN = 8;

export async function partOf(
  context: Pick<CommandContext, 'source'>,
  name: string | undefined,
): Promise<RawPart> {
  const source = await context.source();
  const parts = await source.parts();
  const last = parts.at(-1);
  if (last === undefined)
    throw new HeadwayError('SOURCE_NOT_FOUND', 'the source has no parts', {
      where: source.description,
      fix: 'Name another one with --source, or look why this one is empty.',
    });
  const part = name === undefined ? last : parts.find((one) => one.name === name);
  if (part !== undefined) return part;
  const known = parts.slice(-SHOWN).map((one) => one.name);
  throw new HeadwayError('USAGE', `the source has no part ${JSON.stringify(name)}`, {
    where: source.description,
    fix: `Known parts include ${known.join(', ')}.`,
  });
}
