/**
 * Purpose: lets a process and its children find the native backend in a test's cache, where `auto`
 * of other processes does not: `node --import`, with its address in HEADWAY_TEST_NATIVE.
 */
import { register } from 'node:module';

const url = JSON.stringify(process.env.HEADWAY_TEST_NATIVE);
const found = `{ url: ${url}, format: 'commonjs', shortCircuit: true }`;
const hook = `export const resolve = (name, context, next) =>
  name === 'tfjs-node-native' ? ${found} : next(name, context);`;
register(`data:text/javascript,${encodeURIComponent(hook)}`);
