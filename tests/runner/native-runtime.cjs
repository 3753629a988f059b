/**
 * Purpose: Jest's module loader (its setting `runtime`) on Node's own loader, without a vm context.
 * A worker then loads and optimises the product and its packages once, not once for each test file,
 * which was a third of the time of the suite.
 * Invariants: what a test file changes of the process (environment, exit code, console, mocks,
 * timers) is undone after it. Modules are shared by the test files of a worker: we have no state at
 * module level. Stack traces name lines of the sources.
 * Fails: as the module that is loaded.
 */
const { register } = require('node:module');
const { join } = require('node:path');
const { pathToFileURL } = require('node:url');

/** Where Jest's test framework keeps what belongs to one test file. */
const FRAMEWORK_STATE = ['EVENT_HANDLERS', 'TEST_TIMEOUT_SYMBOL'].map((name) => Symbol.for(name));

const urlOf = (name) => pathToFileURL(join(__dirname, name));
register(urlOf('jest-globals-hook.js'));
const loaded = Promise.all([
  import(urlOf('jest-globals.js')),
  import('tsx/esm/api').then((tsx) => tsx.register()),
]);

class NativeRuntime {
  constructor(config, environment) {
    this.jest = environment.jest;
    this.processBefore = { console: globalThis.console, env: { ...process.env } };
    globalThis.console = environment.global.console;
    Object.assign(globalThis, config.globals);
  }

  /** Loads the framework again for each test file: its module holds the file's hooks and tests. */
  requireInternalModule(path) {
    delete require.cache[path];
    for (const symbol of FRAMEWORK_STATE) delete globalThis[symbol];
    // Jest's own knows only the source maps of its transforms; Node's knows those of tsx.
    Error.prepareStackTrace = undefined;
    const framework = require(path);
    module.children.length = 0; // or each framework, and what its tests hold, stays in memory
    return framework;
  }

  setGlobalsForRuntime(globals) {
    this.globals = { ...globals, jest: this.jest };
  }

  async unstable_importModule(path) {
    const [{ useGlobals }] = await loaded;
    useGlobals(this.globals);
    return import(pathToFileURL(path));
  }

  teardown() {
    const { console, env } = this.processBefore;
    globalThis.console = console;
    for (const name of Object.keys(process.env)) if (!(name in env)) delete process.env[name];
    Object.assign(process.env, env);
    process.exitCode = undefined;
  }

  unstable_shouldLoadAsEsm = () => true;
  requireModule = require;
  getSourceMaps = () => new Map();
  getAllCoverageInfoCopy = () => undefined;
  enterTestCode() {}
  leaveTestCode() {}
}

module.exports = NativeRuntime;
