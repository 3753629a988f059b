/** Purpose: finds what is true on one machine only: home folders and addresses of registries. */
import { eachLine, type SourceFile, type Violation } from './source-tree.ts';

const MACHINE = [
  {
    pattern: /(?<![\w.~$}-])\/(work|root|home\/[\w.-]+|Users\/[\w.-]+)\//,
    problem: 'a path of one machine',
  },
  { pattern: /\b[A-Z]:\\+Users\\/, problem: 'a path of one machine' },
  {
    pattern: /https?:\/\/[^/\s"']*(registry|artifactory|nexus|verdaccio)[^/\s"']*/i,
    problem: 'the address of a package registry',
  },
];
const FIX = 'Use a relative path, a setting or npm’s own configuration';

export const machineTraces = (file: SourceFile): Violation[] =>
  eachLine(file, (text) =>
    MACHINE.filter(({ pattern }) => pattern.test(text)).map(({ problem }) => ({
      problem,
      fix: FIX,
    })),
  );
