/**
 * Purpose: Jest's test environment (its setting `testEnvironment`) for native-runtime.cjs: mocks
 * and fake timers of the process itself.
 * Invariants: nothing is mocked and no timer is fake after a test file.
 * Fails: never.
 */
const { ModernFakeTimers } = require('@jest/fake-timers');
const { ModuleMocker } = require('jest-mock');

const TEST_TIMEOUT = Symbol.for('TEST_TIMEOUT_SYMBOL');

class NativeEnvironment {
  constructor({ projectConfig }) {
    this.global = {};
    this.moduleMocker = new ModuleMocker(globalThis);
    this.fakeTimersModern = new ModernFakeTimers({ config: projectConfig, global: globalThis });
    const { moduleMocker: mocks, fakeTimersModern: timers } = this;
    /** As much of the object `jest` as the tests use. */
    this.jest = {
      advanceTimersByTime: (ms) => timers.advanceTimersByTime(ms),
      restoreAllMocks: () => mocks.restoreAllMocks(),
      setTimeout: (ms) => {
        globalThis[TEST_TIMEOUT] = ms;
      },
      spyOn: (object, name) => mocks.spyOn(object, name),
      useFakeTimers: () => timers.useFakeTimers(),
      useRealTimers: () => timers.useRealTimers(),
    };
  }

  async setup() {}

  async teardown() {
    this.moduleMocker.restoreAllMocks();
    this.fakeTimersModern.dispose();
  }

  getVmContext() {
    return null;
  }
}

module.exports = NativeEnvironment;
