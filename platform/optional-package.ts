/**
 * Purpose: whether a package that few need, and that no installation has by default, is there.
 * Invariants: nothing is loaded.
 * Fails: PACKAGE_MISSING, which names the command that installs it.
 */
import { createRequire } from 'node:module';
import { HeadwayError } from './errors.ts';

const { resolve } = createRequire(import.meta.url);

/** The packages that a feature may ask for → the version that it was tested with. */
const OPTIONAL_PACKAGES = {
  'onnxruntime-node': '1.30.0',
} as const;

export type OptionalPackage = keyof typeof OPTIONAL_PACKAGES;

/** @param purpose what needs it: "an external model" */
export function requireOptional(
  name: OptionalPackage,
  purpose: string,
  find: (name: string) => string = resolve,
): string {
  try {
    return find(name);
  } catch (cause) {
    throw new HeadwayError('PACKAGE_MISSING', `${purpose} needs the package ${name}`, {
      fix: `Run \`npm install --no-save ${name}@${OPTIONAL_PACKAGES[name]}\`.`,
      cause,
    });
  }
}
