/**
 * Purpose: trained models, and the append-only log that says which of them is served.
 * Invariants: a model exists when its card does, and the card is written last; nothing is
 * overwritten; a model is champion only if it existed and was whole when it was promoted; the log
 * holds refusals too; the chart of a verdict is written before the entry that names it.
 * Fails: MODEL_NOT_FOUND, MODEL_CORRUPT with the key of the object, NO_CHAMPION, STORE_CORRUPT for
 * the log.
 */
import type { Clock } from '../../platform/clock.ts';
import { HeadwayError, isHeadwayError } from '../../platform/errors.ts';
import { sha256 } from '../../platform/files/content-hash.ts';
import { objectKeys } from '../objects/object-keys.ts';
import type { ObjectStore } from '../objects/object-store.ts';
import type { StoreReport } from '../store-report.ts';
import { type LoadedModel, MODEL_FORMAT, type ModelCard } from './model-card.ts';
import { ModelFiles } from './model-files.ts';
import { verifyModels } from './model-verify.ts';
import { type Promotion, type RefusalKind, reigns } from './promotion.ts';
import { type Decision, PromotionLog } from './promotion-log.ts';

/** Fields that a card may omit. */
const UNSAID = { madeWith: null, evidence: null, refit: null };

export interface RegisterRequest {
  /** The topology and whatever else prediction needs, as JSON. */
  readonly model: unknown;
  readonly weights: Uint8Array;
  readonly card: Omit<
    ModelCard,
    'format' | 'domain' | 'modelVersion' | 'createdAt' | 'files' | keyof typeof UNSAID
  > &
    Partial<Pick<ModelCard, keyof typeof UNSAID>>;
}

export interface Verdict {
  readonly modelVersion: string;
  readonly reason: string;
  readonly evidence: unknown;
  /** A chart of the evidence: the text of an SVG. */
  readonly chart?: string;
  /**
   * The champion that the decision is based on, null for none: if it has been replaced since, the
   * call fails with COMMIT_CONFLICT, and nothing is changed.
   */
  readonly over?: string | null;
}

export interface RollbackRequest {
  readonly reason: string;
  /** As `over` of a promotion. */
  readonly over?: string;
  /**
   * The model to go back to: an earlier champion, or the scored twin of the current one. Default:
   * the previous champion.
   */
  readonly to?: string;
  /** The evidence of the decision, in addition to the model that is rolled back. */
  readonly evidence?: object;
}

export interface ModelRegistry {
  register(request: RegisterRequest): Promise<ModelCard>;
  load(modelVersion: string): Promise<LoadedModel>;
  /** All cards, newest first. */
  list(): Promise<ModelCard[]>;
  /** The entry that made the current champion; null before the first promotion. */
  champion(): Promise<Promotion | null>;
  /** The whole log, oldest first. */
  promotions(): Promise<Promotion[]>;
  /** The models to which rollbacks would go back, in that order; each model once. */
  earlierChampions(): Promise<Promotion[]>;
  /** Makes a model champion. Promoting the champion again changes nothing. */
  promote(verdict: Verdict): Promise<Promotion>;
  /** Records that a challenger was refused, or that the evidence was too thin. */
  recordVerdict(kind: RefusalKind, verdict: Verdict): Promise<Promotion>;
  /**
   * The SVG that an entry names; null if it names none. STORE_CORRUPT if it is missing or changed.
   */
  chart(promotion: Pick<Promotion, 'picture'>): Promise<string | null>;
  /** Makes an earlier champion, or the twin of this one, champion again. */
  rollback(request: RollbackRequest): Promise<Promotion>;
  verify(): Promise<StoreReport>;
}

export function openModelRegistry(options: {
  store: ObjectStore;
  domain: string;
  clock: Clock;
}): ModelRegistry {
  const { store, domain, clock } = options;
  const files = new ModelFiles(store, domain);
  const log = new PromotionLog(store, domain, clock);

  async function append(
    decide: (number: number) => Promise<Decision | null>,
    svg?: string,
  ): Promise<Promotion | null> {
    return log.append(decide, svg === undefined ? null : await files.putChart(svg));
  }

  return {
    load: (modelVersion) => files.load(modelVersion),
    async register({ model, weights, card }) {
      const modelBytes = Buffer.from(JSON.stringify(model));
      const described = {
        'model.json': { sha256: sha256(modelBytes), bytes: modelBytes.length },
        'weights.bin': { sha256: sha256(weights), bytes: weights.length },
      };
      const createdAt = clock.now();
      const second = new Date(createdAt).toISOString().replace(/[-:]|\.\d+/g, '');
      const modelVersion = `${second}-${sha256(JSON.stringify([card, described])).slice(0, 12)}`;
      const about = { format: MODEL_FORMAT, modelVersion, domain, createdAt } as const;
      await files.write({ ...about, ...UNSAID, ...card, files: described }, modelBytes, weights);
      return (await files.load(modelVersion)).card;
    },
    list: () => files.list(),
    champion: () => log.champion(),
    promotions: () => log.entries(),
    async earlierChampions() {
      const [champion, ...earlier] = reigns(await log.entries()).reverse();
      return earlier.filter(
        ({ modelVersion }, i) =>
          modelVersion !== champion?.modelVersion &&
          earlier.findIndex((one) => one.modelVersion === modelVersion) === i,
      );
    },
    async promote({ over, ...verdict }) {
      await files.load(verdict.modelVersion);
      const made = await append(async (number) => {
        const reigning = await log.championBefore(number);
        if (reigning?.modelVersion === verdict.modelVersion) return null;
        if (over !== undefined) requireChampion(domain, over, reigning?.modelVersion ?? null);
        return { ...verdict, kind: 'promoted' };
      }, verdict.chart);
      // If it is champion already, nothing was appended, and the head may be about another model or
      // a refusal.
      const isMine =
        made?.modelVersion === verdict.modelVersion &&
        (made.kind === 'promoted' || made.kind === 'rolled-back');
      return isMine ? made : ((await log.champion()) as Promotion);
    },
    async recordVerdict(kind, verdict) {
      await files.readCard(verdict.modelVersion);
      return (await append(async () => ({ ...verdict, kind }), verdict.chart)) as Promotion;
    },
    async chart({ picture: chart }) {
      return chart === null ? null : Buffer.from(await files.readChart(chart)).toString('utf8');
    },
    async rollback({ reason, over, to, evidence }) {
      const made = await append(async (number) => {
        const stack = reigns(await log.before(number));
        const champion = stack.at(-1);
        if (over !== undefined) requireChampion(domain, over, champion?.modelVersion ?? null);
        const target = to ?? stack.at(-2)?.modelVersion;
        if (!champion || target === undefined) {
          throw new HeadwayError('NO_CHAMPION', 'There is no earlier champion to go back to', {
            where: objectKeys.promotionLog(domain),
            fix: '`headway models promote <version>` makes any model champion.',
          });
        }
        await files.load(target);
        return {
          kind: 'rolled-back',
          modelVersion: target,
          reason,
          evidence: { from: champion.modelVersion, ...evidence },
        };
      });
      return made as Promotion;
    },
    verify: () => verifyModels(store, domain, files),
  };
}

/**
 * Whether a change of the champion failed because `over` no longer is champion: a lost race for the
 * log alone has the same code, and decides nothing.
 */
export async function wasReplaced(
  registry: Pick<ModelRegistry, 'champion'>,
  over: string | null,
  error: unknown,
): Promise<boolean> {
  if (!isHeadwayError(error, 'COMMIT_CONFLICT')) return false;
  return ((await registry.champion())?.modelVersion ?? null) !== over;
}

function requireChampion(domain: string, over: string | null, reigning: string | null): void {
  if (over === reigning) return;
  const before = over === null ? 'but there was none' : `not ${over}`;
  throw new HeadwayError(
    'COMMIT_CONFLICT',
    `${reigning ?? 'no model'} is champion now, ${before}`,
    {
      where: objectKeys.promotionLog(domain),
      fix: 'Nothing was changed: decide again from what is served now.',
    },
  );
}
