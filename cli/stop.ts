/**
 * Purpose: the request to stop, for commands that run until somebody asks for it.
 * Fails: as platform/jobs/stop-signal.ts.
 */
import { type StopSignal, stopSignal } from '../platform/jobs/stop-signal.ts';
import type { CommandContext } from './context.ts';

export const stopOf = ({ settings, environment }: CommandContext): StopSignal =>
  stopSignal({
    limitMs: settings.stopSeconds * 1000,
    setting: 'HEADWAY_STOP_SECONDS',
    isBelowNpm: environment.npm_lifecycle_event !== undefined,
  });
