/**
 * Purpose: requests that a Lambda function checks and answers in every way it has, to compare two
 * of them.
 * Invariants: one after another, always the same; what differs from answer to answer is left out.
 * Fails: as the invocations do.
 */
import { httpApiEvent, type LambdaInstance, type LambdaResult } from './lambda-emulator.ts';

/** Checked in path, query and body, answered by text and by a schema, and refused. */
export async function answersOfEveryKind(
  instance: LambdaInstance,
): Promise<{ statusCode: number; body: string }[]> {
  const one = ['forecast?levels=80&horizon=24', 'forecast?horizon=a', 'explanation'].map(
    (url) => `/v1/series/AEP/${url}`,
  );
  const urls = [
    ...one,
    '/v1/series?limit=2',
    '/v1/model',
    '/v1/models',
    '/v1/forecasts?format=csv',
    '/openapi.json',
  ];
  const events = urls.map((url) => httpApiEvent('GET', url));
  for (const body of [{ seriesIds: ['AEP'], levels: [80] }, { seriesIds: 3 }]) {
    const headers = { 'content-type': 'application/json' };
    events.push(httpApiEvent('POST', '/v1/forecasts', { headers, body: JSON.stringify(body) }));
  }
  const answers: LambdaResult[] = [];
  for (const event of events) answers.push(await instance.invoke(event));
  return answers.map(({ statusCode, body }) => ({
    statusCode,
    body: body.replace(/"(issuedAt|instance)":("[^"]*"|\d+)/g, ''),
  }));
}
