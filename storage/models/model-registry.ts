/**
 * Purpose: trained models, and the append-only log that says which of them is served.
 * Invariants: a model exists when its card does, and the card is written last; nothing is
 * overwritten; a model is champion only if it existed and was whole when it was promoted; the log
 * holds refusals too; the picture of a verdict is written before the entry that names it.
 * Fails: MODEL_NOT_FOUND, MODEL_CORRUPT with the key of the object, NO_CHAMPION, STORE_CORRUPT for
 * the log.
 */
import type { Clock } from '../../platform/clock.ts';
import { HeadwayError, isHeadwayError } from '../../platform/errors.ts';
import { sha256 } from '../../platform/files/content-hash.ts';
import { openAppendLog } from '../log/append-log.ts';
import { objectKeys } from '../objects/object-keys.ts';
import type { ObjectStore } from '../objects/object-store.ts';
import type { StoreReport } from '../store-report.ts';
import { MODEL_FORMAT, type ModelCard, parseModelCard, serialiseModelCard } from './model-card.ts';
import { verifyModels } from './model-verify.ts';
import {
  type ChartFile,
  PROMOTION_FORMAT,
  type Promotion,
  parsePromotion,
  type RefusalKind,
  reigns,
  serialisePromotion,
} from './promotion.ts';

export interface RegisterRequest {
  /** The topology and whatever else prediction needs, as JSON. */
  readonly model: unknown;
  readonly weights: Uint8Array;
  readonly card: Omit<
    ModelCard,
    'format' | 'domain' | 'modelVersion' | 'createdAt' | 'madeWith' | 'files'
  > &
    Partial<Pick<ModelCard, 'madeWith'>>;
}

export interface LoadedModel {
  readonly card: ModelCard;
  readonly model: unknown;
  readonly weights: Uint8Array;
}

export interface Verdict {
  readonly modelVersion: string;
  readonly reason: string;
  readonly evidence: unknown;
  /** The evidence as a picture: the text of an SVG. */
  readonly picture?: string;
}

export interface ModelRegistry {
  register(request: RegisterRequest): Promise<ModelCard>;
  load(modelVersion: string): Promise<LoadedModel>;
  /** All cards, newest first. */
  list(): Promise<ModelCard[]>;
  /** The entry by which the champion reigns; null before the first promotion. */
  champion(): Promise<Promotion | null>;
  /** The whole log, oldest first. */
  promotions(): Promise<Promotion[]>;
  /** The models to which rollbacks would go back, in that order; each model once. */
  earlierChampions(): Promise<Promotion[]>;
  /** Makes a model champion. Promoting the champion again changes nothing. */
  promote(verdict: Verdict): Promise<Promotion>;
  /** Writes down that a challenger was refused, or that the evidence was too thin. */
  recordVerdict(kind: RefusalKind, verdict: Verdict): Promise<Promotion>;
  /**
   * The SVG that an entry names; null where it names none. STORE_CORRUPT where it is missing or
   * changed.
   */
  picture(promotion: Pick<Promotion, 'picture'>): Promise<string | null>;
  /** Makes the champion before this one champion again. */
  rollback(reason: string): Promise<Promotion>;
  verify(): Promise<StoreReport>;
}

export function openModelRegistry(options: {
  store: ObjectStore;
  domain: string;
  clock: Clock;
}): ModelRegistry {
  const { store, domain, clock } = options;
  const log = openAppendLog<Promotion>(store, {
    prefix: objectKeys.promotionLog(domain),
    keyOf: (number) => objectKeys.promotion(domain, number),
    parse: parsePromotion,
    serialise: serialisePromotion,
  });
  const keyOf = (modelVersion: string, file: keyof ModelCard['files'] | 'card.json') =>
    objectKeys.modelFile(domain, modelVersion, file);

  async function readCard(modelVersion: string): Promise<ModelCard> {
    const key = keyOf(modelVersion, 'card.json');
    const bytes = await store.get(key).catch((error: unknown) => {
      if (!isHeadwayError(error, 'OBJECT_NOT_FOUND')) throw error;
      throw new HeadwayError(
        'MODEL_NOT_FOUND',
        `There is no model ${JSON.stringify(modelVersion)} of ${domain}`,
        {
          where: store.location,
          fix: '`headway models list` shows the models there are.',
        },
      );
    });
    return parseModelCard(key, bytes);
  }

  async function readFile(card: ModelCard, file: keyof ModelCard['files']): Promise<Uint8Array> {
    const key = keyOf(card.modelVersion, file);
    const corrupt = (problem: string, cause?: unknown) =>
      new HeadwayError('MODEL_CORRUPT', `A file of model ${card.modelVersion} ${problem}`, {
        where: key,
        fix: 'Train again, or roll back to the champion before: `headway models rollback`.',
        cause,
      });
    const hash = card.files[file].sha256;
    const bytes = await store.get(key, hash).catch((error: unknown) => {
      if (isHeadwayError(error, 'STORE_CORRUPT')) throw corrupt('is not what its card says', error);
      throw isHeadwayError(error, 'OBJECT_NOT_FOUND') ? corrupt('is missing', error) : error;
    });
    if (sha256(bytes) !== hash) throw corrupt('is not what its card says');
    return bytes;
  }

  async function load(modelVersion: string): Promise<LoadedModel> {
    const card = await readCard(modelVersion);
    const [model, weights] = await Promise.all([
      readFile(card, 'model.json'),
      readFile(card, 'weights.bin'),
    ]);
    return { card, model: JSON.parse(Buffer.from(model).toString('utf8')) as unknown, weights };
  }

  async function readChart({ key, sha256: hash }: ChartFile): Promise<Uint8Array> {
    const corrupt = (problem: string) =>
      new HeadwayError('STORE_CORRUPT', `The picture of a verdict ${problem}`, {
        where: key,
        fix: 'Restore it from a backup of the store; the figures are in the promotion log.',
      });
    const bytes = await store.get(key).catch((error: unknown) => {
      throw isHeadwayError(error, 'OBJECT_NOT_FOUND') ? corrupt('is missing') : error;
    });
    if (sha256(bytes) !== hash) throw corrupt('was changed');
    return bytes;
  }

  async function putChart(svg: string): Promise<ChartFile> {
    const bytes = Buffer.from(svg);
    const hash = sha256(bytes);
    const key = objectKeys.verdictChart(domain, hash);
    await store.put(key, bytes);
    return { key, sha256: hash, bytes: bytes.length };
  }

  async function append(
    decide: (number: number) => Promise<(Verdict & Pick<Promotion, 'kind'>) | null>,
    svg?: string,
  ): Promise<Promotion | null> {
    const picture = svg === undefined ? null : await putChart(svg);
    return log.append(async (_head, slot) => {
      const decision = await decide(slot.number);
      if (decision === null) return null;
      const { kind, modelVersion, reason, evidence = null } = decision;
      const { number, commitId } = slot;
      const made = {
        domain,
        number,
        commitId,
        at: clock.now(),
        kind,
        modelVersion,
        reason,
        evidence,
        picture,
      };
      return { format: PROMOTION_FORMAT, ...made };
    });
  }

  async function pastBefore(number: number): Promise<Promotion[]> {
    const past: Promotion[] = [];
    for (let at = 1; at < number; at++) past.push(await log.read(at));
    return past;
  }

  /**
   * The newest entry before `number` that names a champion: a refusal names none, and is read once
   * by a process.
   */
  const refusals = new Set<number>();
  async function championBefore(number: number): Promise<Promotion | null> {
    for (let at = number - 1; at >= 1; at--) {
      if (refusals.has(at)) continue;
      const entry = await log.read(at);
      if (entry.kind === 'promoted' || entry.kind === 'rolled-back') return entry;
      refusals.add(at);
    }
    return null;
  }

  const championNow = async (): Promise<Promotion | null> => championBefore((await log.size()) + 1);

  return {
    load,
    async register({ model, weights, card }) {
      const modelBytes = Buffer.from(JSON.stringify(model));
      const files = {
        'model.json': { sha256: sha256(modelBytes), bytes: modelBytes.length },
        'weights.bin': { sha256: sha256(weights), bytes: weights.length },
      };
      const createdAt = clock.now();
      const second = new Date(createdAt).toISOString().replace(/[-:]|\.\d+/g, '');
      const modelVersion = `${second}-${sha256(JSON.stringify([card, files])).slice(0, 12)}`;
      const whole: ModelCard = {
        format: MODEL_FORMAT,
        modelVersion,
        domain,
        createdAt,
        madeWith: null,
        ...card,
        files,
      };
      const cardBytes = serialiseModelCard(whole);
      await store.put(keyOf(modelVersion, 'model.json'), modelBytes);
      await store.put(keyOf(modelVersion, 'weights.bin'), weights);
      await store.createIfAbsent(keyOf(modelVersion, 'card.json'), cardBytes);
      return (await load(modelVersion)).card;
    },
    async list() {
      const keys = await store.list(objectKeys.models(domain));
      const versions = keys.flatMap((key) => /\/([^/]+)\/card\.json$/.exec(key)?.[1] ?? []);
      const cards: ModelCard[] = [];
      for (const version of versions) cards.push(await readCard(version));
      return cards.sort(
        (a, b) => b.createdAt - a.createdAt || (a.modelVersion < b.modelVersion ? 1 : -1),
      );
    },
    champion: championNow,
    promotions: log.entries,
    async earlierChampions() {
      const [champion, ...earlier] = reigns(await log.entries()).reverse();
      return earlier.filter(
        ({ modelVersion }, i) =>
          modelVersion !== champion?.modelVersion &&
          earlier.findIndex((one) => one.modelVersion === modelVersion) === i,
      );
    },
    async promote(verdict) {
      await load(verdict.modelVersion);
      const made = await append(async (number) => {
        const reigning = await championBefore(number);
        return reigning?.modelVersion === verdict.modelVersion
          ? null
          : { ...verdict, kind: 'promoted' };
      }, verdict.picture);
      // Where it reigns already nothing was appended, and the head may be about another model or a
      // refusal.
      const isMine =
        made?.modelVersion === verdict.modelVersion &&
        (made.kind === 'promoted' || made.kind === 'rolled-back');
      return isMine ? made : ((await championNow()) as Promotion);
    },
    async recordVerdict(kind, verdict) {
      await readCard(verdict.modelVersion);
      return (await append(async () => ({ ...verdict, kind }), verdict.picture)) as Promotion;
    },
    async picture({ picture }) {
      return picture === null ? null : Buffer.from(await readChart(picture)).toString('utf8');
    },
    async rollback(reason) {
      const made = await append(async (number) => {
        const [before, champion] = reigns(await pastBefore(number)).slice(-2);
        if (!champion) {
          throw new HeadwayError('NO_CHAMPION', 'There is no earlier champion to go back to', {
            where: objectKeys.promotionLog(domain),
            fix: '`headway models promote <version>` makes any model champion.',
          });
        }
        await load(before.modelVersion);
        return {
          kind: 'rolled-back',
          modelVersion: before.modelVersion,
          reason,
          evidence: { from: champion.modelVersion },
        };
      });
      return made as Promotion;
    },
    verify: () => verifyModels(store, domain, { readCard, readFile, readChart }),
  };
}
