/**
 * Purpose: `headway mcp`: agents ask over standard input and output, one JSON-RPC message a line.
 * Invariants: standard output holds messages only; the replies are those of `POST /mcp`, in an app
 * of its own that does not listen; ends with its input.
 * Fails: a line that is not a message gets a JSON-RPC error; otherwise as `headway serve` does.
 */
import { createInterface } from 'node:readline';
import { startTensorBackend } from '../../../platform/tensorflow/tensor-backend.ts';
import { buildApp } from '../../../services/inference/app.ts';
import { defaultInferenceSettings } from '../../../services/inference/settings.ts';
import { restoreForecaster } from '../../../storage/models/restore-forecaster.ts';
import type { CommandContext } from '../../context.ts';

const PARSE_ERROR = -32700;

export async function mcpCommand(context: CommandContext): Promise<void> {
  const { domain, clock, logger, settings } = context;
  await startTensorBackend(logger, settings.backend, 'prediction');
  const ledger = await context.ledger();
  const app = await buildApp({
    ...{ domain, clock, logger, restoreForecaster },
    features: await context.features(),
    registry: await context.registry(),
    issued: ledger,
    // Asked for its head; what an agent reads is not served to anyone who acts on it.
    ledger: { head: () => ledger.head(), append: async () => null },
    decisions: await context.decisions(),
    monitoring: {
      overviews: await context.overviews(),
      records: await context.seriesRecords(),
      jobs: await context.recentRuns(),
    },
    settings: { ...defaultInferenceSettings, rateLimitPerMinute: Number.MAX_SAFE_INTEGER },
    hasDocsPage: false,
  });
  for await (const line of createInterface({ input: process.stdin })) {
    if (line.trim() === '') continue;
    const response = await app.inject({
      ...{ method: 'POST', url: '/mcp', payload: line },
      headers: { 'content-type': 'application/json' },
    });
    if (response.statusCode === 202) continue;
    process.stdout.write(
      response.statusCode === 200 ? `${response.body}\n` : `${problemLine(response.json())}\n`,
    );
  }
  await app.close();
}

const problemLine = ({ detail }: { readonly detail?: string }) =>
  JSON.stringify({ jsonrpc: '2.0', id: null, error: { code: PARSE_ERROR, message: detail } });
