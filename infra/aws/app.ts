/**
 * Purpose: synthesises the stacks of every environment into cdk.out/. `npm run synth` bundles the
 * service first.
 * Invariants: none of its own.
 * Fails: with exit status 1 and what is to be fixed: a wrong configuration, a missing bundle, a
 * finding of cdk-nag.
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { LAMBDA_BUNDLE } from './application.ts';
import { buildApp } from './build-app.ts';
import { ConfigurationError } from './configuration.ts';
import { environments } from './environments.ts';

const CDK_OUT = join(import.meta.dirname, '..', '..', 'cdk.out');

try {
  if (!existsSync(join(LAMBDA_BUNDLE, 'index.mjs'))) {
    console.error(
      'build/lambda/ is missing: run `npm run synth`, which bundles the service first.',
    );
    process.exit(1);
  }
  const { app, stacks } = buildApp(Object.values(environments), LAMBDA_BUNDLE, CDK_OUT);
  app.synth();
  for (const [environment, made] of Object.entries(stacks)) {
    const names = Object.values(made).filter((stack) => stack !== null);
    console.log(`${environment}: ${names.map(({ stackName }) => stackName).join(', ')}`);
  }
} catch (error) {
  console.error(error instanceof ConfigurationError ? error.message : error);
  process.exitCode = 1;
}
