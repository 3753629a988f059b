/** Purpose: what the ledger promises: what was appended is read, by everybody, once. */
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { fixedClock } from '../../../../platform/clock.ts';
import { openLedger } from '../../../../storage/ledger/ledger.ts';
import { canonicalIssues } from '../../../../storage/ledger/ledger-issue.ts';
import { memoryObjectStore } from '../../../fakes/memory-object-store.ts';
import { hour, NOW } from '../../../fixtures/storage/features.ts';
import { anyIssue } from '../../../fixtures/storage/ledger.ts';

const open = (store = memoryObjectStore()) =>
  openLedger({ store, domain: 'toy', clock: fixedClock(NOW) });

describe('the ledger', () => {
  test('what is read is what was appended, whatever it is', async () => {
    const property = fc.asyncProperty(
      fc.array(fc.array(anyIssue, { maxLength: 3 }), { maxLength: 3 }),
      async (appends) => {
        const store = memoryObjectStore();
        const ledger = open(store);
        for (const issues of appends) await ledger.append(issues);
        const expected = canonicalIssues(appends.flat());
        expect(await ledger.read()).toEqual(expected);
        await ledger.compact({ now: hour(3000) });
        expect(await open(store).read()).toEqual(expected);
        expect((await ledger.verify()).problems).toEqual([]);
        await store.close();
      },
    );
    await fc.assert(property, { numRuns: 12, seed: 3 });
  });
});
