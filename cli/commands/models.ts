/**
 * Purpose: the commands `headway models …` with their flags.
 * Invariants: as cli/command.ts.
 * Fails: as the actions do.
 */
import type { ExportFlags } from '../actions/models/export.ts';
import { type AddCommand, command } from '../command.ts';
import { wholeNumber } from '../flags.ts';

const reasonFlag = ['--reason <text>', 'why, for the promotion log'] as const;

export const register: AddCommand = (program, env) => {
  const models = program.command('models').description('list, inspect and promote models');
  command(models, env, {
    name: 'list',
    description: 'List models, newest first, and mark the champion.',
    run: async (context) => (await import('../actions/models/registry.ts')).listModels(context),
  });
  command<{ svg?: string }>(models, env, {
    name: 'show',
    description: "Show a model's card, metrics and promotion decisions.",
    define: (c) =>
      c
        .argument('[modelVersion]', 'a model (default: champion)')
        .option('--svg <file>', 'write the chart of the promotion decision as SVG'),
    run: async (context, flags, modelVersion) =>
      (await import('../actions/models/registry.ts')).showModel(context, modelVersion, flags),
  });
  command<ExportFlags>(models, env, {
    name: 'export',
    description: 'Export a model as ONNX, with a manifest and example windows to check it against.',
    define: (c) =>
      c
        .argument('[modelVersion]', 'a model (default: champion)')
        .requiredOption('--onnx <folder>', 'folder for model.onnx, manifest.json and windows')
        .option(
          '--windows <count>',
          'example windows with their forecasts (default: 1000)',
          wholeNumber,
        )
        .option('--mlflow', 'also write the files that make the folder an MLflow model')
        .option('--check', 'run the graph on the windows; needs onnxruntime-node'),
    run: async (context, flags, modelVersion) =>
      (await import('../actions/models/export.ts')).exportModel(context, modelVersion, flags),
  });
  command<{ testDays?: number; promote?: boolean; withChampion?: boolean }>(models, env, {
    name: 'evaluate',
    description: 'Evaluate an external model: an ONNX graph and card.json pass the gate, or not.',
    define: (c) =>
      c
        .argument('<folder>', 'folder with card.json and the graph that it names')
        .option('--test-days <days>', 'days at the end to hold out and score', wholeNumber)
        .option('--with-champion', 'evaluate the average of both, as one model')
        .option('--no-promote', 'register a model that passes without promoting it'),
    run: async (context, flags, folder) =>
      (await import('../actions/models/evaluate.ts')).evaluateModel(
        context,
        folder as string,
        flags,
      ),
  });
  command<{ out: string; testDays?: number }>(models, env, {
    name: 'table',
    description: 'Write the training table of the external model that a card describes.',
    define: (c) =>
      c
        .argument('<folder>', 'folder with card.json')
        .requiredOption('--out <file>', 'file to write, as safetensors: x and y')
        .option('--test-days <days>', 'days at the end to hold out', wholeNumber),
    run: async (context, flags, folder) =>
      (await import('../actions/models/table.ts')).writeTable(context, folder as string, flags),
  });
  command<{ reason: string }>(models, env, {
    name: 'promote',
    description: 'Make a model the champion, regardless of its evaluation.',
    define: (c) => c.argument('<modelVersion>').option(...reasonFlag, 'promoted by hand'),
    run: async (context, { reason }, modelVersion) =>
      (await import('../actions/models/registry.ts')).promoteModel(
        context,
        modelVersion as string,
        reason,
      ),
  });
  command<{ reason: string }>(models, env, {
    name: 'rollback',
    description: 'Roll back to the previous champion.',
    define: (c) => c.option(...reasonFlag, 'rolled back by hand'),
    run: async (context, { reason }) =>
      (await import('../actions/models/registry.ts')).rollbackModel(context, reason),
  });
};
