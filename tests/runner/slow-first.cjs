/**
 * Purpose: the order of test files (Jest's setting `testSequencer`): those that take longest start
 * first, so that none runs alone at the end. Jest knows how long a file took from earlier runs, of
 * which a clean clone has none; it then takes the size of a file, and a short file may start a
 * training.
 * Invariants: the other files are in Jest's own order.
 * Fails: never.
 */
const { join } = require('node:path');
const Sequencer = require('@jest/test-sequencer').default;

/** Those of more than 20 seconds, the longest first. */
const SLOW = [
  'docs/make-it-yours',
  'cli/end-to-end',
  'infra/stacks',
  'cli/replay',
  'cli/tune',
  'storage/kill',
  'storage/ledger',
  'services/monitoring/quiet',
  'library/package',
  'lambda/handler',
  'cli/fork',
].map((name) => join(__dirname, '..', 'integration', `${name}.test.ts`));

class SlowFirst extends Sequencer {
  sort(tests) {
    const others = super.sort(tests);
    const slow = SLOW.flatMap((path) => others.filter((test) => test.path === path));
    return [...slow, ...others.filter((test) => !slow.includes(test))];
  }
}

module.exports = SlowFirst;
