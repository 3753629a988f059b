/**
 * Purpose: builds the optional native backend where its own install script finds no binary: the
 * addon's source from npm, TensorFlow's library and headers from PyPI's wheel, this machine's
 * compiler.
 * Invariants: `into` is complete or absent; the addon shares our TensorFlow.js, so `into` lies
 * below a node_modules that has it.
 * Fails: an Error with what is missing: Linux on x64, npm, pip, g++, or Node's headers.
 */
import { execFile } from 'node:child_process';
import { access, mkdir, rename, rm } from 'node:fs/promises';
import { arch, platform } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';

const PACKAGE = 'tfjs-node-native@npm:@tensorflow/tfjs-node@4.22.0';
/** The newest TensorFlow whose headers and C library this addon was built with. */
const WHEEL = 'tensorflow-cpu==2.15.1';
const LIBRARIES = ['libtensorflow_cc.so.2', 'libtensorflow_framework.so.2'];
/** Of what comes with the addon, what Headway has. */
const SHARED = ['tfjs-core', 'tfjs-backend-cpu'];
/** Of a wheel in a folder: the library and its headers, without Python's part. */
const UNPACK = `
import glob, sys, zipfile
wheel = zipfile.ZipFile(glob.glob(sys.argv[1] + '/*.whl')[0])
wanted = ('tensorflow/libtensorflow', 'tensorflow/include/tensorflow/', 'tensorflow/include/tsl/')
wheel.extractall(sys.argv[1], [name for name in wheel.namelist() if name.startswith(wanted)])
`;

const run = (command: string, ...args: readonly string[]) =>
  promisify(execFile)(command, args, { maxBuffer: 1e8 });

export async function buildNative(into: string): Promise<void> {
  if (platform() !== 'linux' || arch() !== 'x64')
    throw new Error(`it can be built on Linux, x64; this is ${platform()}, ${arch()}`);
  const headers = join(dirname(dirname(process.execPath)), 'include', 'node');
  await access(join(headers, 'node_api.h')).catch(() => {
    throw new Error(`Node's headers are not in ${headers}`);
  });
  const scratch = `${into}.building`;
  await rm(scratch, { recursive: true, force: true });
  await mkdir(scratch, { recursive: true });
  try {
    await fetchParts(scratch);
    const modules = join(scratch, 'node_modules');
    const addon = join(modules, 'tfjs-node-native');
    await compile(addon, join(scratch, 'tensorflow'), headers);
    // Its own core would be a second one, and would have the backend for itself.
    for (const shared of SHARED)
      await rm(join(modules, '@tensorflow', shared), { recursive: true });
    await rm(into, { recursive: true, force: true });
    await rename(addon, into);
    await rename(modules, join(into, 'node_modules'));
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

async function fetchParts(scratch: string): Promise<void> {
  const quiet = ['--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'];
  await run('npm', 'install', '--prefix', scratch, ...quiet, PACKAGE);
  const download = ['-m', 'pip', 'download', '--quiet', '--no-deps', '--only-binary=:all:'];
  const platforms = ['--python-version', '3.11', '--platform', 'manylinux2014_x86_64'];
  await run('python3', ...download, ...platforms, '-d', scratch, WHEEL);
  await run('python3', '-c', UNPACK, scratch);
}

/** As binding.gyp has it, without node-gyp, which would fetch Node's headers. */
async function compile(addon: string, tensorflow: string, headers: string): Promise<void> {
  const libraries = join(addon, 'deps', 'lib');
  const out = join(addon, 'lib', 'napi-v8');
  for (const folder of [libraries, out]) await mkdir(folder, { recursive: true });
  for (const name of LIBRARIES) await rename(join(tensorflow, name), join(libraries, name));
  await run(
    'g++',
    ...['-O2', '-std=c++17', '-shared', '-fPIC', '-w', '-DNAPI_VERSION=8'],
    ...[addon, join(tensorflow, 'include'), headers].map((folder) => `-I${folder}`),
    ...['tfjs_backend.cc', 'tfjs_binding.cc'].map((name) => join(addon, 'binding', name)),
    `-L${libraries}`,
    ...LIBRARIES.map((name) => `-l:${name}`),
    '-Wl,-rpath,$ORIGIN/../../deps/lib',
    ...['-o', join(out, 'tfjs_binding.node')],
  );
}
