/**
 * Purpose: the asset that CloudFormation would be given as the service, started and asked.
 * Invariants: registers tests for tests/integration/infra/stacks.test.ts, which synthesises once
 * for all of them.
 * Fails: as a test.
 */
import { readFileSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { fixedClock } from '../../../../platform/clock.ts';
import { openFeatureStore } from '../../../../storage/features/feature-store.ts';
import { startFakeS3 } from '../../../fakes/fake-s3.ts';
import { functionUrlEvent, httpApiEvent, startLambda } from '../../../fakes/lambda-emulator.ts';
import { place, stack } from '../../../fixtures/aws/synthesised.ts';
import { panelOf } from '../../../fixtures/random-panels.ts';
import { NOW } from '../../../fixtures/storage/features.ts';
import { addressOn, credentialsOf, openOnFakeS3 } from '../../../fixtures/storage/s3-stores.ts';
import { commitPanel } from '../../../fixtures/toy-store.ts';

export function deployedFunctionTests(): void {
  describe('deployed function', () => {
    test('forecasts from a store on S3 for events of an HTTP API and a function URL', async () => {
      const folder = place();
      const template = stack('prod-inference');
      const [deployed] = Object.values(
        template.findResources('AWS::Lambda::Function', {
          Properties: { Handler: 'index.handler' },
        }),
      );
      const key = String(deployed?.Properties.Code.S3Key).replace('.zip', '');
      const assets = JSON.parse(
        readFileSync(path.join(folder, 'plain', 'headway-prod-inference.assets.json'), 'utf8'),
      );
      const { source } = assets.files[key] as { source: { path: string; packaging: string } };
      expect(source.packaging).toBe('zip');

      const double = await startFakeS3();
      try {
        const store = openOnFakeS3(double, folder);
        const features = openFeatureStore({ store, domain: 'electricity', clock: fixedClock(NOW) });
        const wave = (s: number, t: number) =>
          (50 + 10 * s) * (2 + Math.sin((2 * Math.PI * t) / 24));
        await commitPanel(folder, { features }, panelOf(['AEP', 'DAYTON'], 6 * 168, wave));
        const temporary = path.join(folder, 'lambda-tmp');
        await mkdir(temporary);
        const { accessKeyId, secretAccessKey } = credentialsOf(double);
        const instance = await startLambda({
          folder: path.join(folder, 'plain', source.path),
          temporary,
          environment: {
            ...{
              AWS_ACCESS_KEY_ID: accessKeyId,
              AWS_SECRET_ACCESS_KEY: secretAccessKey,
              AWS_REGION: 'eu-west-1',
            },
            ...{
              HEADWAY_STORE: addressOn(double),
              HEADWAY_DOMAIN: 'electricity',
              HEADWAY_ACTUALS: 'off',
              NODE_ENV: 'production',
            },
          },
        });
        try {
          for (const event of [httpApiEvent, functionUrlEvent]) {
            const { statusCode, body } = await instance.invoke(
              event('GET', '/v1/series/AEP/forecast?horizon=24'),
            );
            const { quantiles, seriesId } = JSON.parse(body);
            expect([statusCode, seriesId]).toEqual([200, 'AEP']);
            expect(quantiles['0.5']).toHaveLength(24);
            for (const value of quantiles['0.5']) expect(value).toBeGreaterThan(40);
          }
          const ready = await instance.invoke(httpApiEvent('GET', '/health/ready'));
          expect(JSON.parse(ready.body)).toMatchObject({
            dataAgeSeconds: expect.any(Number),
            status: expect.stringMatching(/ready|degraded/),
          });
        } finally {
          await instance.stop();
        }
      } finally {
        await double.close();
      }
    });
  });
}
