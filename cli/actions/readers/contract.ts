/**
 * Purpose: `headway contract export`: the domain's data contract as an Open Data Contract.
 * Invariants: reads no store.
 * Fails: SETTINGS_INVALID for limits that do not hold.
 */
import { openDataContract } from '../../../services/feature/contract/open-data-contract.ts';
import type { CommandContext } from '../../context.ts';
import { writeOutput } from '../../output.ts';

export async function exportContract(
  context: CommandContext,
  { out }: { readonly out?: string },
): Promise<void> {
  const { stringify } = await import('yaml');
  const contract = openDataContract(context.domain);
  const text = stringify(contract);
  if (out !== undefined) await writeOutput(out, text);
  context.print(out === undefined ? text.trimEnd() : `The contract is in ${out}.`);
  context.printJson(contract);
}
