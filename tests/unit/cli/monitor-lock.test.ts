/** Purpose: one check of monitoring at a time, on this machine. */
import { expect, test } from '@jest/globals';
import { monitorCommand } from '../../../cli/actions/monitoring/monitor.ts';
import type { CommandContext } from '../../../cli/context.ts';
import { runLocked } from '../../../cli/run-lock.ts';
import { fixedClock } from '../../../platform/clock.ts';
import { memoryObjectStore } from '../../fakes/memory-object-store.ts';
import { temporaryFolder } from '../../fixtures/storage/features.ts';

test('a check is refused while another one runs, before it reads anything', async () => {
  const place = await temporaryFolder();
  try {
    const store = memoryObjectStore();
    const context = {
      ...{ domain: { name: 'toy' }, settings: { work: place.folder }, clock: fixedClock(0) },
      store: async () => store,
    } as unknown as CommandContext;
    await runLocked(context, 'monitoring', async () => {
      const second = monitorCommand(context, { decide: false, days: 7 });
      await expect(second).rejects.toMatchObject({ code: 'RUN_IN_PROGRESS' });
    });
  } finally {
    await place.remove();
  }
});
