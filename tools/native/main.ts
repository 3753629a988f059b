/**
 * Purpose: `npm run native`: the optional native backend, built on this machine into
 * node_modules/tfjs-node-native, where HEADWAY_BACKEND=auto finds it. `npm ci` removes it again.
 * Invariants: none of its own.
 * Fails: exit 1 with what is missing.
 */
import { join } from 'node:path';
import { buildNative } from './build-native.ts';

const INTO = join(import.meta.dirname, '..', '..', 'node_modules', 'tfjs-node-native');

try {
  await buildNative(INTO);
  console.log('built the native backend: HEADWAY_BACKEND=auto takes it from now on');
} catch (error) {
  console.error(`the native backend cannot be built: ${(error as Error).message.split('\n')[0]}`);
  process.exitCode = 1;
}
