/**
 * Purpose: the objects of trained models: cards, files, and the charts of verdicts.
 * Invariants: a model exists when its card does, and the card is written last; nothing is
 * overwritten; what is returned has the hash that its card or entry names.
 * Fails: MODEL_NOT_FOUND; MODEL_CORRUPT with the key of the object; STORE_CORRUPT for a chart.
 */
import { HeadwayError, isHeadwayError } from '../../platform/errors.ts';
import { sha256 } from '../../platform/files/content-hash.ts';
import { objectKeys } from '../objects/object-keys.ts';
import type { ObjectStore } from '../objects/object-store.ts';
import {
  type LoadedModel,
  type ModelCard,
  parseModelCard,
  serialiseModelCard,
} from './model-card.ts';
import type { ChartFile } from './promotion.ts';

export class ModelFiles {
  readonly #store: ObjectStore;
  readonly #domain: string;

  constructor(store: ObjectStore, domain: string) {
    this.#store = store;
    this.#domain = domain;
  }

  #keyOf(modelVersion: string, file: keyof ModelCard['files'] | 'card.json'): string {
    return objectKeys.modelFile(this.#domain, modelVersion, file);
  }

  async write(card: ModelCard, model: Uint8Array, weights: Uint8Array): Promise<void> {
    const { modelVersion } = card;
    const cardBytes = serialiseModelCard(card);
    await this.#store.put(this.#keyOf(modelVersion, 'model.json'), model);
    await this.#store.put(this.#keyOf(modelVersion, 'weights.bin'), weights);
    await this.#store.createIfAbsent(this.#keyOf(modelVersion, 'card.json'), cardBytes);
  }

  async readCard(modelVersion: string): Promise<ModelCard> {
    const key = this.#keyOf(modelVersion, 'card.json');
    const bytes = await this.#store.get(key).catch((error: unknown) => {
      if (!isHeadwayError(error, 'OBJECT_NOT_FOUND')) throw error;
      throw new HeadwayError(
        'MODEL_NOT_FOUND',
        `There is no model ${JSON.stringify(modelVersion)} of ${this.#domain}`,
        {
          where: this.#store.location,
          fix: '`headway models list` shows the models there are.',
        },
      );
    });
    return parseModelCard(key, bytes);
  }

  async readFile(card: ModelCard, file: keyof ModelCard['files']): Promise<Uint8Array> {
    const key = this.#keyOf(card.modelVersion, file);
    const corrupt = (problem: string, cause?: unknown) =>
      new HeadwayError('MODEL_CORRUPT', `A file of model ${card.modelVersion} ${problem}`, {
        where: key,
        fix: 'Train again, or roll back to the previous champion: `headway models rollback`.',
        cause,
      });
    const hash = card.files[file].sha256;
    const bytes = await this.#store.get(key, hash).catch((error: unknown) => {
      if (isHeadwayError(error, 'STORE_CORRUPT')) throw corrupt('does not match its card', error);
      throw isHeadwayError(error, 'OBJECT_NOT_FOUND') ? corrupt('is missing', error) : error;
    });
    if (sha256(bytes) !== hash) throw corrupt('does not match its card');
    return bytes;
  }

  async load(modelVersion: string): Promise<LoadedModel> {
    const card = await this.readCard(modelVersion);
    const [model, weights] = await Promise.all([
      this.readFile(card, 'model.json'),
      this.readFile(card, 'weights.bin'),
    ]);
    return { card, model: JSON.parse(Buffer.from(model).toString('utf8')) as unknown, weights };
  }

  /** All cards, newest first. */
  async list(): Promise<ModelCard[]> {
    const keys = await this.#store.list(objectKeys.models(this.#domain));
    const versions = keys.flatMap((key) => /\/([^/]+)\/card\.json$/.exec(key)?.[1] ?? []);
    const cards: ModelCard[] = [];
    for (const version of versions) cards.push(await this.readCard(version));
    return cards.sort(
      (a, b) => b.createdAt - a.createdAt || (a.modelVersion < b.modelVersion ? 1 : -1),
    );
  }

  async readChart({ key, sha256: hash }: ChartFile): Promise<Uint8Array> {
    const corrupt = (problem: string) =>
      new HeadwayError('STORE_CORRUPT', `The chart of a verdict ${problem}`, {
        where: key,
        fix: 'Restore it from a backup of the store; the figures are in the promotion log.',
      });
    const bytes = await this.#store.get(key).catch((error: unknown) => {
      throw isHeadwayError(error, 'OBJECT_NOT_FOUND') ? corrupt('is missing') : error;
    });
    if (sha256(bytes) !== hash) throw corrupt('was changed');
    return bytes;
  }

  async putChart(svg: string): Promise<ChartFile> {
    const bytes = Buffer.from(svg);
    const hash = sha256(bytes);
    const key = objectKeys.verdictChart(this.#domain, hash);
    await this.#store.put(key, bytes);
    return { key, sha256: hash, bytes: bytes.length };
  }
}
