/**
 * Purpose: `headway ledger head` and `headway ledger verify --chain`: the end of the ledger's hash
 * chain, to publish before the truth is known; and whether the ledger still is what was published.
 * Invariants: changes nothing; the chain is read from the stored bytes.
 * Fails: STORE_CORRUPT with the first link that does not hold; SOURCE_NOT_FOUND for a file of heads
 * that cannot be read, SOURCE_INVALID for a line of it that is not a head.
 */
import { readFile } from 'node:fs/promises';
import { HeadwayError } from '../../../platform/errors.ts';
import { type ChainHead, chainProblem } from '../../../storage/log/hash-chain.ts';
import type { CommandContext } from '../../context.ts';

export async function headCommand(context: CommandContext): Promise<void> {
  const head = await (await context.ledger()).head();
  context.print(head ? `${head.number} ${head.sha256}` : 'The ledger is empty.');
  context.printJson(head);
}

/** @param file of heads that were published: lines "NUMBER SHA256" */
export async function verifyChain(context: CommandContext, file: string | null): Promise<void> {
  const published = file === null ? [] : headsOf(await textOf(file), file);
  const links = await (await context.ledger()).chain();
  const problem = chainProblem(links, published);
  const counts = { entries: links.length, published: published.length };
  if (problem !== null)
    throw new HeadwayError('STORE_CORRUPT', `The chain of the ledger is broken: ${problem}`, {
      where: context.settings.store,
      fix: 'Restore the ledger from a backup, or state in public why it was changed.',
    });
  context.print(`The chain holds: ${links.length} entries, ${published.length} published heads.`);
  context.printJson({ ...counts, head: links.at(-1) ?? null });
}

const textOf = (file: string): Promise<string> =>
  readFile(file, 'utf8').catch((cause: Error) => {
    throw new HeadwayError('SOURCE_NOT_FOUND', `the heads cannot be read: ${cause.message}`, {
      ...{ where: file, cause },
      fix: 'Name the file to which `headway ledger head` was written.',
    });
  });

function headsOf(text: string, file: string): ChainHead[] {
  return text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map((line) => {
      const [, number, hash] = /^([1-9]\d*) ([0-9a-f]{64})$/.exec(line) ?? [];
      if (number !== undefined && hash !== undefined)
        return { number: Number(number), sha256: hash };
      throw new HeadwayError('SOURCE_INVALID', `This is not a head: ${JSON.stringify(line)}`, {
        where: file,
        fix: 'Each line must be as `headway ledger head` prints it: NUMBER SHA256.',
      });
    });
}
