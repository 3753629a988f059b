/**
 * Purpose: asks what the data do not say.
 * Invariants: a blank reply takes what was guessed; null: everything is taken.
 * Fails: USAGE where nobody can reply, with the flags that settle each question.
 */
import { createInterface } from 'node:readline/promises';
import type { Doubt, Hints } from '../../../domains/sources/guess/columns-guess.ts';
import { HeadwayError } from '../../../platform/errors.ts';

const HINT_OF: Readonly<Record<string, keyof Hints>> = {
  '--time': 'time',
  '--time-format': 'timeFormat',
  '--clock': 'clock',
  '--time-zone': 'timeZone',
  '--series': 'series',
  '--value': 'value',
  '--missing': 'missing',
};

/** What a person replied; null where nothing is to be guessed again. */
export async function askFor(doubts: readonly Doubt[]): Promise<Hints | null> {
  if (process.stdin.isTTY !== true) {
    const flags = doubts.map(({ flag, chosen }) => `${flag} (now: ${chosen})`);
    throw new HeadwayError('USAGE', 'nobody can confirm this: the input is no terminal', {
      where: flags.join(', ') || 'new-domain',
      fix: 'Run it again with --yes to take what is shown, or with the flags that correct it.',
    });
  }
  const terminal = createInterface({ input: process.stdin, output: process.stdout });
  try {
    const replies: Record<string, string> = {};
    for (const { flag, chosen, why } of doubts) {
      const [name = ''] = flag.split(' ');
      const hint = HINT_OF[name];
      if (hint === undefined) continue;
      const reply = await terminal.question(`${name.slice(2)} (${why}) [${chosen}]: `);
      if (reply.trim() !== '') replies[hint] = reply.trim();
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
