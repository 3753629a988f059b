/**
 * Purpose: asks what the data do not say.
 * Invariants: a blank reply takes what was guessed; what cannot be is asked again.
 * Fails: USAGE where nobody can reply, with the flags that settle each question.
 */
import { createInterface } from 'node:readline/promises';
import type { Doubt, Hints } from '../../../domains/sources/guess/columns-guess.ts';
import { HeadwayError } from '../../../platform/errors.ts';
import { HINT_OF, hintProblem } from './hints.ts';

/** Where a person reads and replies: the process itself. */
export interface Terminal {
  readonly stdin: NodeJS.ReadableStream & { readonly isTTY?: boolean };
  readonly stdout: NodeJS.WritableStream;
}

/** What a person replied; null where nothing is to be guessed again. */
export async function askFor(
  doubts: readonly Doubt[],
  { stdin, stdout }: Terminal = process,
): Promise<Hints | null> {
  if (stdin.isTTY !== true) {
    const flags = doubts.map(({ flag, chosen }) => `${flag} (now: ${chosen})`);
    throw new HeadwayError('USAGE', 'nobody can confirm this: the input is no terminal', {
      where: flags.join(', ') || 'new-domain',
      fix: 'Run it again with --yes to take what is shown, or with the flags that correct it.',
    });
  }
  const terminal = createInterface({ input: stdin, output: stdout });
  try {
    const replies: Record<string, string> = {};
    for (const { flag, chosen, why } of doubts) {
      const [name = ''] = flag.split(' ');
      const hint = HINT_OF[name];
      if (hint === undefined) continue;
      for (;;) {
        const reply = (await terminal.question(`${name.slice(2)} (${why}) [${chosen}]: `)).trim();
        if (reply === '') break;
        const problem = await hintProblem(hint, reply);
        if (problem === null) {
          replies[hint] = reply;
          break;
        }
        stdout.write(`${problem}\n`);
      }
    }
    if (Object.keys(replies).length > 0) return replies as Hints;
    const reply = await terminal.question('Write this domain? [yes]: ');
    if (/^(y|yes)?$/i.test(reply.trim())) return null;
    throw new HeadwayError('USAGE', 'nothing was written', {
      fix: 'Run it again with the flags that correct what was shown (--help lists them).',
    });
  } finally {
    terminal.close();
  }
}
