/**
 * Purpose: the types of the Headway HTTP API. `npm run client` generates this file: do not edit
 * it.
 * Invariants: a version of the API may add members to responses: ignore unknown ones.
 */
export interface paths {
    "/health/live": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Is the process alive
         * @description Responds while the process is alive. It says nothing about data, and is neither limited nor logged.
         */
        get: operations["live"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/health/ready": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Can forecasts be served, and how old is the data
         * @description 200 exactly while forecasts can be served. `degraded` says that they are a fallback, and why; it takes no instance out of service, because the others read the same store.
         */
        get: operations["ready"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/series": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * The series that can be forecast, in pages
         * @description In text order of the ids. A cursor names the last id of its page, so pages neither repeat nor skip a series when the snapshot changes between them.
         */
        get: operations["listSeries"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/series/{id}/forecast": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * The forecast of one series
         * @description Served from memory: computed once when a model or a snapshot arrived. The response comes from one model and one snapshot, and names them. As Arrow or Parquet (by Accept) a table like that of all series. A `/` in an id is sent as `%2F`.
         */
        get: operations["forecastSeries"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/forecasts": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * The forecasts of all series: NDJSON, CSV, Arrow, Parquet, or pages of JSON
         * @description NDJSON and CSV hold all series and are sent in chunks, as fast as they are read; Arrow and Parquet have the columns of CSV, typed and not rounded; JSON comes in pages. Without `format` the Accept header chooses. Series without a forecast are left out and counted in `X-Series-Left-Out` (of JSON: `withoutForecast`). A stream comes from one model and one snapshot from its first line to its last.
         */
        get: operations["forecastAll"];
        put?: never;
        /**
         * Forecasts of many series, or of recent values of your own
         * @description Either stored series by their ids, or recent values of your own, of a series the model knows or has never seen. `whatIf` overrides other exogenous values. As Arrow or Parquet (by Accept) a table of stored series, like that of all. All or nothing: one series that cannot be forecast makes the response a problem. Nothing is changed or stored, so it is safe to repeat.
         */
        post: operations["forecastMany"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/groups": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * What series add up to
         * @description The groups that the domain states, such as regions, and `all`, the total of all series. A group may be inside another.
         */
        get: operations["listGroups"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/groups/{id}/forecast": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * The forecast of a total: its mean, quantiles, peak, and what exceeds a capacity
         * @description Computed from sample paths of all series together: on every path a total is the sum of its series, so totals are coherent. The same model and snapshot give the same paths. Computed on the first request after a model or a snapshot arrived, then from memory.
         */
        get: operations["forecastGroup"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/groups/{id}/decision": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * How much to have ready for a total, by what too few and too many cost
         * @description The quantity with the least expected cost is the quantile under / (under + over) of what will be needed (the newsvendor model). With `capacity` also how likely it does not suffice.
         */
        get: operations["decideGroup"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/series/{id}/decision": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * How much to have ready for a series, by what too few and too many cost
         * @description The quantity with the least expected cost is the quantile under / (under + over) of what will be needed (the newsvendor model). With `capacity` also how likely it does not suffice.
         */
        get: operations["decideSeries"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/groups/{id}/paths": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * A few sample paths of a total
         * @description Equally likely futures: the values of one path belong together, over steps and over series. The same model and snapshot give the same paths: the first of those that totals are computed from.
         */
        get: operations["pathsOfGroup"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/series/{id}/paths": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * A few sample paths of a series
         * @description Equally likely futures: the values of one path belong together, over steps and over series. The same model and snapshot give the same paths: the first of those that totals are computed from.
         */
        get: operations["pathsOfSeries"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/series/{id}/explanation": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Why the forecast of one series is what it is
         * @description Computed during the request, and therefore rate-limited more strictly than the others. Baseline and parts sum to the forecast, at every step and over the horizon.
         */
        get: operations["explainForecast"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/model": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * The model and the snapshot that are served
         * @description The model and the snapshot that forecasts come from now. `model` and `promotion` are null while a baseline is served instead.
         */
        get: operations["servedModel"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/models": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * All models, newest first, and what was decided about each
         * @description Models and promotions as the registry has them, read from the store at most every 15 seconds.
         */
        get: operations["listModels"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/decisions": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * What served at a time, and what was decided until then, with the evidence
         * @description The champion of a time by the promotion log, and what was decided until then, newest first: retraining, challengers in shadow, promotions, rollbacks, each with the figures that it rests on. Read from the store at most every 15 seconds.
         */
        get: operations["listDecisions"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/monitoring": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Live scores, verdicts and freshness, as the last check found them
         * @description Scores of what was issued over the last 28 days, next to the naive baselines, the previous champion and challengers; by forecaster, day, lead time, hour of the week and series. `worst` and `best` are series by skill, `largest` by their share of the error. Drift verdicts come with their evidence. Read from the store at most every 15 seconds.
         */
        get: operations["showMonitoring"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/series/{id}/record": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * What was served for past intervals, and what happened
         * @description Monitoring publishes it with each check, for 28 days: every forecast that was served for an interval, including the earlier ones for the same intervals, and what happened. If nothing was published it is empty, and `scoredAt` is null.
         */
        get: operations["recordOfSeries"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/jobs": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * What the schedule ran
         * @description Runs of the jobs of the schedule, wherever they ran, with the reasons of failures. Read from the store at most every 15 seconds.
         */
        get: operations["listJobs"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/actuals": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * What happened, as the served snapshot has it
         * @description The values of the last weeks that forecasts are made from, in pages of series or of one series; as Arrow or Parquet (by Accept) a table of all that were asked for: unique_id, ds, y. A posted value that the features do not have yet is not among them; the record of the series has it.
         */
        get: operations["listActuals"];
        put?: never;
        /**
         * Post what happened
         * @description What monitoring will score forecasts with. Stored with the time of its first receipt; a post with any error is refused as a whole. The same post sent again, to any instance, is stored once and acknowledged with `isNew: false`. Posts are the same by `Idempotency-Key`, or without one by content.
         */
        post: operations["postActuals"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/events": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * What is served, and each change of it, as server-sent events
         * @description The first event is what is served now; another follows when the model, the snapshot or the fallback changes. The stream ends after `seconds`, or earlier; `retry` says when to reconnect, as an EventSource does by itself.
         */
        get: operations["serverEvents"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
}
export type webhooks = Record<string, never>;
export interface components {
    schemas: {
        Live: {
            /** @enum {string} */
            status: "live";
            /**
             * @description open: this instance requires no API key
             * @enum {string}
             */
            access: "open" | "api-keys";
        };
        /** @description Why these numbers are not from the newest model on the newest data. Absent if they are. If a baseline forecasts, `modelVersion` names it: `baseline-mean_4_weeks` */
        Fallback: {
            /** @description `NO_CHAMPION`: no model has been promoted: a baseline is served; `MODEL_UNAVAILABLE`: the champion cannot be loaded or gives no usable forecast: the previous model is served, else a baseline; `FEATURES_UNAVAILABLE`: the newest snapshot cannot be read: the last good one is used; `STORE_UNAVAILABLE`: the store is unreachable: the last good forecast is served; `FEATURES_STALE`: the last observed interval is older than allowed: the forecast starts in the past; `WORKER_UNAVAILABLE`: the worker that forecasts ad-hoc histories is unavailable: a baseline is served; `FORECAST_UNUSABLE`: the model has no usable forecast of this series (too few recent values): a baseline is served; `FORECAST_OUT_OF_RANGE`: the forecast of the model is outside the plausibility bounds of this series: a baseline is served */
            reason: "NO_CHAMPION" | "MODEL_UNAVAILABLE" | "FEATURES_UNAVAILABLE" | "STORE_UNAVAILABLE" | "FEATURES_STALE" | "WORKER_UNAVAILABLE" | "FORECAST_UNUSABLE" | "FORECAST_OUT_OF_RANGE" | (string & {});
            /**
             * Format: date-time
             * @description Since when, as far as this instance knows
             */
            since: string;
        };
        Ready: {
            /**
             * @description degraded: forecasts are served, but they are a fallback
             * @enum {string}
             */
            status: "ready" | "degraded";
            modelVersion: string;
            snapshotVersion: string;
            /** @description Which of how many shards, if not all series are served */
            shard?: string;
            /**
             * Format: date-time
             * @description UTC start of the last observed interval
             */
            cutoff: string;
            /** @description Since the end of the last observed interval */
            dataAgeSeconds: number;
            fallback?: components["schemas"]["Fallback"];
            /** @description Series for which a baseline forecasts, because the model has no usable forecast of them */
            rescuedSeries: number;
            /** @description Not null while the newest model or snapshot cannot be loaded, and the previous one is served */
            refreshFailure: {
                code?: string;
                /** Format: date-time */
                at?: string;
            } | null;
        };
        SeriesPage: {
            domain: string;
            unit: string;
            /** @description Noun for one series */
            seriesNoun: string;
            /** @description Series in the snapshot; of a shard, its own */
            total: number;
            series: {
                seriesId: string;
                title: string;
                /** @description Mean of the recent weeks, in `unit` */
                mean: number | null;
                /** @description UTC start of the last interval with a known value */
                lastValueAt: string | null;
                /** @description False if there is not enough recent history */
                forecast: boolean;
            }[];
            /** @description null on the last page */
            nextCursor: string | null;
        };
        /** @description Actual values up to the cutoff, oldest first; null is unknown */
        RecentValues: {
            timestamps: string[];
            values: (number | null)[];
        };
        Forecast: {
            domain: string;
            /** @description null for a history of your own that names no series */
            seriesId: string | null;
            title: string | null;
            /** @description Unit of every quantile */
            unit: string;
            /**
             * Format: date-time
             * @description UTC start of the last observed interval; step k is cutoff + k intervals
             */
            cutoff: string;
            /**
             * Format: date-time
             * @description When these numbers were computed
             */
            issuedAt: string;
            /** @description What made the numbers: a model, or a baseline as `baseline-…` */
            modelVersion: string;
            /** @description null for a history of your own */
            snapshotVersion: string | null;
            /** @description ISO 8601 duration of one interval */
            frequency: string;
            horizon: number;
            /** @description UTC start of every forecast interval */
            timestamps: string[];
            /** @description Which of the two is the point forecast: the median, the best guess of a single value, or the mean, the best guess of values that are added up */
            point: "median" | "mean" | (string & {});
            /** @description Columns: quantile → one value for every timestamp, at the model's own quantiles. 0.5 is the median; 0.1 and 0.9 bound the 80 % interval */
            quantiles: {
                [key: string]: number[];
            };
            /** @description The mean for every timestamp. Add means, never medians or other quantiles: the sum of means is the mean of the sum */
            mean: number[];
            history?: components["schemas"]["RecentValues"];
            /** @description Columns whose values the caller overrode. Absent if there are none */
            whatIf?: string[];
            /** @description Exogenous columns that the model reads and whose values were unknown: usual values were used. Absent if all were known */
            unknownInputs?: string[];
            /** @description Why to trust it less: `unseen`: the model has not learnt this series; `silent`: every known value of the last 4 weeks is zero; `gaps`: more than a tenth of the last 4 weeks, or all of the last day, is unknown; `new`: its history begins less than 4 weeks ago; `outlier`: a value of the last 4 weeks lies far from all around it, and is treated as unknown; `bounded`: the forecast of the model was outside the plausibility bounds of the series, and a baseline is served instead. Absent if there is no reason */
            flags?: ("unseen" | "silent" | "gaps" | "new" | "outlier" | "bounded" | (string & {}))[];
            fallback?: components["schemas"]["Fallback"];
        };
        /** @description Either `seriesIds` or `history`. A history must be as long as the model needs (weeks of hours, usually); the example is shortened, and a history that is too short is refused with the length that is needed. */
        ForecastsRequest: {
            /** @description Series of the snapshot */
            seriesIds?: string[];
            /** @description Recent values of your own */
            history?: {
                /** @description UTC start of the first interval, on the grid of the domain */
                start: string;
                /** @description One value per interval, oldest first; null is unknown (not zero) */
                values: (number | null)[];
                /** @description The series these values continue, if the model knows it */
                seriesId?: string;
                /** @description Exogenous columns that the model reads, one value per interval from `start` on; those known in advance may continue for a horizon after the last value. Columns that are not named come from the snapshot */
                exogenous?: {
                    [key: string]: (number | null)[];
                };
            };
            /** @description Exogenous values to override: the forecast as if they were these. Only columns that GET /v1/model names; null is unknown. For at most 100 series at once */
            whatIf?: {
                /** @description Columns known in advance: the values of step 1, 2, … */
                future?: {
                    [key: string]: (number | null)[];
                };
                /** @description Columns known only afterwards: their last values, the last at the cutoff */
                past?: {
                    [key: string]: (number | null)[];
                };
            };
            /** @description Steps to forecast, from 1 to the model's own horizon; that is also the default */
            horizon?: number;
            /** @description The same as in the query string of GET */
            levels?: number[];
        } & (unknown | unknown);
        Forecasts: {
            /** @description In the order of `seriesIds` */
            forecasts: components["schemas"]["Forecast"][];
        };
        ForecastsPage: {
            /** @description Series in the snapshot */
            total: number;
            /** @description In text order of the series */
            forecasts: components["schemas"]["Forecast"][];
            /** @description Series of this page without enough recent history */
            withoutForecast: string[];
            /** @description null on the last page */
            nextCursor: string | null;
        };
        Groups: {
            domain: string;
            unit: string;
            /** @description The total of all series first */
            groups: {
                groupId: string;
                title: string;
                /** @description The group that it is inside; null for the total of all series */
                parent: string | null;
                /** @description In text order */
                seriesIds: string[];
            }[];
        };
        Exceeds: {
            capacity: number;
            /** @description For every timestamp, 0 to 1 */
            probability: number[];
            /** @description Probability that it is exceeded at least once */
            anyWindow: number;
        };
        GroupForecast: {
            domain: string;
            groupId: string;
            title: string;
            /** @description Unit of one interval; a window adds intervals up */
            unit: string;
            /**
             * Format: date-time
             * @description UTC start of the last observed interval
             */
            cutoff: string;
            /**
             * Format: date-time
             * @description When the forecasts of the series were computed
             */
            issuedAt: string;
            modelVersion: string;
            snapshotVersion: string;
            /** @description ISO 8601 duration of one interval */
            frequency: string;
            /** @description ISO 8601 duration of one window */
            window: string;
            /** @description UTC start of every window */
            timestamps: string[];
            /** @description Which is the point forecast of a total: the mean */
            point: "mean" | "median" | (string & {});
            /** @description Quantile → one value for every window. Computed from sample paths of all series together: quantiles of the series do not add up to them */
            quantiles: {
                [key: string]: number[];
            };
            /** @description For every window: the sum of the means of the series */
            mean: number[];
            /** @description The greatest window */
            peak: {
                /** @description Mean of the greatest window of a path */
                mean: number;
                /** @description Quantiles of the greatest window of a path */
                quantiles: {
                    [key: string]: number;
                };
                /** @description For every window: how likely it is the greatest */
                probability: number[];
            };
            exceeds?: components["schemas"]["Exceeds"];
            history?: components["schemas"]["RecentValues"];
            /** @description Number of sample paths that this is computed from */
            paths: number;
            /** @description Series in the total */
            series: number;
            /** @description Series of the group without a forecast: not in the total */
            withoutForecast: string[];
            fallback?: components["schemas"]["Fallback"];
        };
        QuantityDecision: {
            domain: string;
            /** @description null for one series */
            groupId: string | null;
            /** @description null for a group */
            seriesId: string | null;
            title: string;
            /** @description Unit of one interval; a window adds intervals up */
            unit: string;
            /**
             * Format: date-time
             * @description UTC start of the last observed interval
             */
            cutoff: string;
            modelVersion: string;
            snapshotVersion: string;
            /** @description ISO 8601 duration of one window */
            window: string;
            /** @description UTC start of every window */
            timestamps: string[];
            /** @description under / (under + over): the quantile that costs least */
            quantile: number;
            /** @description How much to have ready in every window; whole numbers if counts are forecast */
            quantity: number[];
            exceeds?: components["schemas"]["Exceeds"];
            /** @description Number of sample paths that this is computed from */
            paths: number;
            fallback?: components["schemas"]["Fallback"];
        };
        Paths: {
            domain: string;
            /** @description null for one series */
            groupId: string | null;
            /** @description null for a group */
            seriesId: string | null;
            title: string;
            /** @description Unit of every value */
            unit: string;
            /**
             * Format: date-time
             * @description UTC start of the last observed interval
             */
            cutoff: string;
            modelVersion: string;
            snapshotVersion: string;
            /** @description UTC start of every interval */
            timestamps: string[];
            /** @description Equally likely futures: each has one value for every timestamp. The n-th path of a group is the sum of the n-th paths of its series */
            paths: number[][];
            fallback?: components["schemas"]["Fallback"];
        };
        Explanation: {
            domain: string;
            seriesId: string;
            title: string;
            /** @description Unit of every value */
            unit: string;
            /**
             * Format: date-time
             * @description UTC start of the last interval that the forecast knows
             */
            cutoff: string;
            modelVersion: string;
            snapshotVersion: string;
            /** @description ISO 8601 duration of one interval */
            frequency: string;
            horizon: number;
            /** @description UTC start of every forecast interval */
            timestamps: string[];
            /** @description What is usual at this hour of the week: its share of the week over up to 26 weeks, at the level of the last 4 */
            baseline: {
                values: number[];
                total: number;
            };
            /** @description At every step and in sum: baseline + parts = forecast. Numbers are not rounded */
            parts: {
                /** @description typical, recent, weeks, calendar, exogenous, series or rounding */
                name: string;
                /** @description For people */
                title: string;
                /** @description How far it moved each step */
                values: number[];
                /** @description The sum of the steps */
                total: number;
            }[];
            /** @description The median forecast */
            forecast: {
                values: number[];
                total: number;
            };
            /** @description The nearest past days, nearest first; empty if the service holds none to compare */
            similarDays: {
                /**
                 * Format: date-time
                 * @description The same local time on a past day
                 */
                cutoff: string;
                /** @description How different that day was, in units of the level of the series; 0 is identical */
                distance: number;
                /** @description What happened over the horizon after it */
                values: number[];
            }[];
        };
        ServedModel: {
            domain: {
                name: string;
                title: string;
                unit: string;
                seriesNoun: string;
                /** @description IANA name, for local labels */
                timeZone: string;
                frequency: string;
                seasonLengths: number[];
            };
            model: {
                modelVersion: string;
                forecaster: string;
                /**
                 * Format: date-time
                 * @description When it was trained
                 */
                createdAt: string;
                /**
                 * Format: date-time
                 * @description The last interval it was trained on
                 */
                trainingCutoff: string;
                /** @description The snapshot it was trained on */
                snapshotVersion: string;
                trainingSeconds: number;
                backend: string;
                seed: number;
                quantiles: number[];
                horizon: number;
                /** @description Number of values that a history of your own must have */
                minimumHistory: number;
                /** @description Columns that it reads in addition to the demand; absent if it reads none */
                exogenous?: string[];
                /** @description Those of them that are known for the whole horizon */
                knownInAdvance?: string[];
                /** @description Out-of-sample figures as the training service wrote them */
                metrics: unknown;
            } | null;
            promotion: {
                number: number;
                /** Format: date-time */
                promotedAt: string;
                kind: string;
                reason: string;
            } | null;
            fallback?: components["schemas"]["Fallback"];
            snapshot: {
                snapshotVersion: string;
                /** Format: date-time */
                committedAt: string;
                /** Format: date-time */
                cutoff: string;
                /** @description Series that this service serves */
                series: number;
            };
            /** @description Absent where this service serves all series of its store */
            shard?: {
                /** @description Which of how many */
                name: string;
                /** @description Series of all shards together */
                storeSeries: number;
            };
        };
        ModelsPage: {
            /** @description Models in the registry */
            total: number;
            models: {
                modelVersion: string;
                /** @description According to the promotion log; GET /v1/model says what this instance serves */
                isChampion: boolean;
                forecaster: string;
                /**
                 * Format: date-time
                 * @description When it was trained
                 */
                createdAt: string;
                /**
                 * Format: date-time
                 * @description The last interval it was trained on
                 */
                trainingCutoff: string;
                /** @description The snapshot it was trained on */
                snapshotVersion: string;
                trainingSeconds: number;
                quantiles: number[];
                horizon: number;
                /** @description What was decided about it, oldest first */
                history: {
                    /** @description Place in the promotion log */
                    number: number;
                    /**
                     * Format: date-time
                     * @description When it was decided
                     */
                    at: string;
                    /** @description promoted, rolled-back, rejected or inconclusive */
                    kind: string;
                    reason: string;
                }[];
            }[];
            /** @description null on the last page */
            nextCursor: string | null;
        };
        Decisions: {
            /** @description The time that was asked for; null: now */
            at: string | null;
            served: {
                modelVersion: string;
                /**
                 * Format: date-time
                 * @description Since when it was champion
                 */
                since: string;
                /** @description How it became champion */
                kind: "promoted" | "rolled-back" | (string & {});
                /** @description Why */
                reason: string;
                /** @description Place in the promotion log */
                promotion: number;
            } | null;
            /** @description Newest first */
            decisions: {
                /** @description Place in the decision log */
                number: number;
                /**
                 * Format: date-time
                 * @description When it was decided
                 */
                at: string;
                /** @description `challenge`: a new model runs in shadow; `reject`: a model is not served; `keep`: something was considered and not done */
                kind: "retrain" | "refit" | "challenge" | "promote" | "reject" | "rollback" | "keep" | (string & {});
                /** @description The policy, a scheduled training with its gate, or a person */
                actor: "policy" | "schedule" | "person" | (string & {});
                /** @description The model that it is about */
                modelVersion: string | null;
                /** @description What was served before; null: no model */
                before: string | null;
                /** @description What was served after */
                after: string | null;
                /** @description One sentence for people */
                reason: string;
                /** @description The figures that it rests on */
                evidence: unknown;
                /** @description Id of the policy that decided */
                policyHash: string | null;
                /** @description The entry of the promotion log that it explains */
                promotion: number | null;
            }[];
        };
        LiveScore: {
            /** @description Pairs of a forecast and its actual */
            pairs: number;
            /** @description Mean absolute error of the median, in `unit` */
            mae: number | null;
            /** @description Sum of absolute errors over the sum of actuals */
            wape: number | null;
            /** @description Mean of forecast − actual: positive is too high */
            bias: number | null;
            /** @description Mean pinball loss; null for a point forecast */
            pinball: number | null;
            /** @description Share of actuals between the outermost quantiles */
            coverage: number | null;
            /** @description What that share should be */
            nominal: number | null;
            /** @description 1 − loss / loss of the best naive baseline on the same pairs */
            skill: number | null;
        };
        Monitoring: {
            domain: string;
            unit: string;
            /** @description Of the hours of the week */
            timeZone: string;
            /** @description none: no check has been made yet, and `overview` is null */
            state: "none" | "checked" | (string & {});
            overview: {
                /**
                 * Format: date-time
                 * @description Time of the check
                 */
                checkedAt: string;
                /** @description Number of the check */
                check: number;
                /**
                 * Format: date-time
                 * @description Scores are of targets from here to `checkedAt`
                 */
                from: string;
                freshness: {
                    /** @description End of the last observed interval */
                    dataUntil: string | null;
                    /** @description Last issue time of the ledger */
                    forecastAt: string | null;
                    /** @description End of the last interval that was scored */
                    scoredUntil: string | null;
                };
                /** @description Model version that served at the time */
                champion: string | null;
                /** @description The naive baseline with the least loss */
                bestNaive: string | null;
                /** @description Forecast values whose actual is not known yet */
                pending: number;
                served: components["schemas"]["LiveScore"] | null;
                /** @description In the order of `place`, naive baselines last */
                forecasters: {
                    /** @description What it is at the time of the check; `served`: a former champion; `shadow`: another model */
                    place: "champion" | "challenger" | "previous" | "twin" | "served" | "shadow" | "naive" | (string & {});
                    forecaster: string;
                    /** @description null for a baseline */
                    modelVersion: string | null;
                    /** @description Pairs of a forecast and its actual */
                    pairs: number;
                    /** @description Mean absolute error of the median, in `unit` */
                    mae: number | null;
                    /** @description Sum of absolute errors over the sum of actuals */
                    wape: number | null;
                    /** @description Mean of forecast − actual: positive is too high */
                    bias: number | null;
                    /** @description Mean pinball loss; null for a point forecast */
                    pinball: number | null;
                    /** @description Share of actuals between the outermost quantiles */
                    coverage: number | null;
                    /** @description What that share should be */
                    nominal: number | null;
                    /** @description 1 − loss / loss of the best naive baseline on the same pairs */
                    skill: number | null;
                }[];
                days: {
                    /**
                     * Format: date-time
                     * @description UTC start of the day
                     */
                    day: string;
                    served: components["schemas"]["LiveScore"] | null;
                    naive: components["schemas"]["LiveScore"] | null;
                    /** @description In the order of `place`, naive baselines last */
                    forecasters: {
                        /** @description What it is at the time of the check; `served`: a former champion; `shadow`: another model */
                        place: "champion" | "challenger" | "previous" | "twin" | "served" | "shadow" | "naive" | (string & {});
                        forecaster: string;
                        /** @description null for a baseline */
                        modelVersion: string | null;
                        /** @description Pairs of a forecast and its actual */
                        pairs: number;
                        /** @description Mean absolute error of the median, in `unit` */
                        mae: number | null;
                        /** @description Sum of absolute errors over the sum of actuals */
                        wape: number | null;
                        /** @description Mean of forecast − actual: positive is too high */
                        bias: number | null;
                        /** @description Mean pinball loss; null for a point forecast */
                        pinball: number | null;
                        /** @description Share of actuals between the outermost quantiles */
                        coverage: number | null;
                        /** @description What that share should be */
                        nominal: number | null;
                        /** @description 1 − loss / loss of the best naive baseline on the same pairs */
                        skill: number | null;
                    }[];
                }[];
                /** @description By lead time, step 1 first */
                steps: {
                    step: number;
                    served: components["schemas"]["LiveScore"] | null;
                    naive: components["schemas"]["LiveScore"] | null;
                }[];
                /** @description 168, by local time: at 24 · weekday + hour, Monday first */
                hoursOfWeek: {
                    served: components["schemas"]["LiveScore"] | null;
                    naive: components["schemas"]["LiveScore"] | null;
                }[];
                series: {
                    /** @description Series that were scored */
                    total: number;
                    worst: {
                        seriesId: string;
                        title: string;
                        /** @description Share of all absolute error of what was served */
                        share: number | null;
                        served: components["schemas"]["LiveScore"] | null;
                        naive: components["schemas"]["LiveScore"] | null;
                    }[];
                    best: {
                        seriesId: string;
                        title: string;
                        /** @description Share of all absolute error of what was served */
                        share: number | null;
                        served: components["schemas"]["LiveScore"] | null;
                        naive: components["schemas"]["LiveScore"] | null;
                    }[];
                    largest: {
                        seriesId: string;
                        title: string;
                        /** @description Share of all absolute error of what was served */
                        share: number | null;
                        served: components["schemas"]["LiveScore"] | null;
                        naive: components["schemas"]["LiveScore"] | null;
                    }[];
                };
                /** @description By their first interval, oldest first */
                verdicts: {
                    /** @description As in docs/monitoring.md: level, stale, skill … */
                    name: string;
                    /**
                     * Format: date-time
                     * @description The first interval that belongs to it
                     */
                    since: string;
                    /**
                     * Format: date-time
                     * @description When a check found it
                     */
                    detectedAt: string;
                    /** @description When a check found it ended; null while it is open */
                    endedAt: string | null;
                    seriesIds: string[];
                    /** @description One sentence for people */
                    message: string;
                    /** @description Statistic, value, limit */
                    evidence: {
                        [key: string]: unknown;
                    };
                }[];
                /** @description Holidays and clock changes: days that differ without being drift */
                knownDays: {
                    /**
                     * Format: date-time
                     * @description Start of the local day
                     */
                    at: string;
                    name: string;
                }[];
            } | null;
        };
        SeriesRecord: {
            domain: string;
            seriesId: string;
            title: string;
            unit: string;
            /** @description ISO 8601 duration of an interval */
            frequency: string;
            /**
             * Format: date-time
             * @description First target time
             */
            from: string;
            /**
             * Format: date-time
             * @description End of the target times, exclusive
             */
            until: string;
            /** @description When monitoring wrote the newest of it; null: there is no record */
            scoredAt: string | null;
            score: {
                /** @description Pairs of a forecast and its actual */
                pairs: number;
                /** @description Mean absolute error of the median */
                mae: number;
                /** @description Mean of forecast − actual */
                bias: number;
                /** @description Share of actuals between the outermost quantiles */
                coverage: number;
                /** @description What that share should be */
                nominal: number;
            } | null;
            /** @description Intervals that have a record */
            timestamps: string[];
            /** @description What happened in each, as far as it is known */
            actuals: (number | null)[];
            /** @description What was served for these intervals, in order of the cutoff: several for each interval */
            forecasts: {
                /**
                 * Format: date-time
                 * @description When it was made
                 */
                issuedAt: string;
                /**
                 * Format: date-time
                 * @description The last interval that was known
                 */
                cutoff: string;
                forecaster: string;
                /** @description null for a baseline */
                modelVersion: string | null;
                /** @description Computed by a batch, served by the service, or computed afterwards for a past time */
                origin: "batch" | "served" | "replayed" | (string & {});
                /** @description Why a baseline forecast in the place of the model */
                fallback: string | null;
                /**
                 * Format: date-time
                 * @description The first target time
                 */
                start: string;
                /** @description The step of the first target time */
                step: number;
                /** @description Quantile → one value per interval */
                quantiles: {
                    [key: string]: (number | null)[];
                };
                /** @description Absent if the forecaster has none */
                mean?: (number | null)[];
                /** @description Median − actual; null while it is not known */
                errors: (number | null)[];
            }[];
        };
        Jobs: {
            /** @description Newest first */
            runs: {
                /** @description features, training or monitoring */
                job: string;
                /**
                 * Format: date-time
                 * @description The time of the schedule that it ran for
                 */
                slot: string;
                /** @description 1, 2 … within the slot */
                attempt: number;
                /** @description `lost`: its process ended without a result, and its lease ran out */
                state: "running" | "ok" | "failed" | "stopped" | "lost" | (string & {});
                /**
                 * Format: date-time
                 * @description When it began
                 */
                startedAt: string;
                /** @description Until its end, or its last sign of life */
                tookSeconds: number;
                /** @description Why it failed */
                problem: string | null;
            }[];
        };
        Actuals: {
            domain: string;
            unit: string;
            /** @description ISO 8601 duration of an interval */
            frequency: string;
            snapshotVersion: string;
            /** @description UTC starts of the intervals */
            timestamps: string[];
            /** @description Series that were asked for */
            total: number;
            series: {
                seriesId: string;
                title: string;
                /** @description One per interval; null is unknown (not zero) */
                values: (number | null)[];
            }[];
            /** @description null on the last page */
            nextCursor: string | null;
        };
        ActualsRequest: {
            actuals: {
                /** @description The id of a series */
                seriesId: string;
                /** @description UTC start of the first interval, on the grid of the domain */
                start: string;
                /** @description What happened, one value per interval, oldest first; null is unknown (not zero) */
                values: (number | null)[];
            }[];
        };
        ActualsReceipt: {
            /** @description Id of the post: the same post has the same id */
            id: string;
            /** @description false if it was received before */
            isNew: boolean;
            /**
             * Format: date-time
             * @description When it was first received: no forecast made before then knew it
             */
            availableAt: string;
            /** @description Number of series in it */
            series: number;
            /** @description Known values */
            values: number;
        };
        /** @description RFC 9457 problem details */
        Problem: {
            /** @description A stable URN */
            type: string;
            /** @description Short description of the code */
            title: string;
            /** @description The HTTP status */
            status: number;
            /** @description What was wrong with this request */
            detail: string;
            /** @description Id of this occurrence; the log has it too */
            instance: string;
            /** @description Stable: what programs should check */
            code: "REQUEST_INVALID" | "BODY_INVALID" | "BODY_TOO_LARGE" | "MEDIA_TYPE_UNSUPPORTED" | "URL_INVALID" | "NOT_ACCEPTABLE" | "ROUTE_NOT_FOUND" | "METHOD_NOT_ALLOWED" | "REQUEST_MALFORMED" | "REQUEST_TIMED_OUT" | "HEADERS_TOO_LARGE" | "API_KEY_MISSING" | "API_KEY_UNKNOWN" | "API_KEY_EXPIRED" | "API_KEY_REVOKED" | "SCOPE_MISSING" | "ANSWER_TOO_LARGE" | "RATE_LIMITED" | "OVERLOADED" | "STOPPING" | "ACTUALS_OFF" | "SERIES_UNKNOWN" | "SERIES_OF_ANOTHER_SHARD" | "GROUP_UNKNOWN" | "TOTAL_OF_SEVERAL_SHARDS" | "WINDOW_INVALID" | "HORIZON_INVALID" | "LEVEL_UNKNOWN" | "HISTORY_INVALID" | "HISTORY_TOO_SHORT" | "EXOGENOUS_INVALID" | "ACTUALS_INVALID" | "IDEMPOTENCY_CONFLICT" | "USAGE" | "MODEL_INCOMPATIBLE" | "NO_CHAMPION" | "MODEL_NOT_FOUND" | "MODEL_CORRUPT" | "SNAPSHOT_EMPTY" | "SNAPSHOT_COLLECTED" | "STORE_UNAVAILABLE" | "STORE_CORRUPT" | "STORE_FULL" | "INTERNAL" | (string & {});
            /** @description What to do about it */
            fix?: string;
            /** @description What is wrong, and where */
            errors?: {
                path: string;
                message: string;
            }[];
            /** @description Of SERIES_OF_ANOTHER_SHARD: the shard to ask */
            shard?: string;
        };
    };
    responses: never;
    parameters: {
        /** @description The ETag of a response that the client has: 304 if it is still valid */
        IfNoneMatch: string;
        /** @description An id for this request: 1 to 64 of letters, digits, `_`, `.` and `-`. Any other is replaced */
        RequestId: string;
    };
    requestBodies: never;
    headers: never;
    pathItems: never;
}
export type $defs = Record<string, never>;
export interface operations {
    live: {
        parameters: {
            query?: never;
            header?: {
                /** @description An id for this request: 1 to 64 of letters, digits, `_`, `.` and `-`. Any other is replaced */
                "X-Request-Id"?: components["parameters"]["RequestId"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description It is */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Live"];
                };
            };
        };
    };
    ready: {
        parameters: {
            query?: never;
            header?: {
                /** @description An id for this request: 1 to 64 of letters, digits, `_`, `.` and `-`. Any other is replaced */
                "X-Request-Id"?: components["parameters"]["RequestId"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description They can */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Ready"];
                };
            };
        };
    };
    listSeries: {
        parameters: {
            query?: {
                /** @description Items per page */
                limit?: number;
                /** @description `nextCursor` of the previous page; omit it for the first page */
                cursor?: string;
            };
            header?: {
                /** @description The ETag of a response that the client has: 304 if it is still valid */
                "If-None-Match"?: components["parameters"]["IfNoneMatch"];
                /** @description An id for this request: 1 to 64 of letters, digits, `_`, `.` and `-`. Any other is replaced */
                "X-Request-Id"?: components["parameters"]["RequestId"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description One page of series */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["SeriesPage"];
                };
            };
        };
    };
    forecastSeries: {
        parameters: {
            query?: {
                /** @description Steps to forecast, from 1 to the model's own horizon; that is also the default */
                horizon?: number;
                /** @description Intervals to return, by level, with the median: 80 is the quantiles 0.1 and 0.9. Default: all that the model has */
                levels?: string;
                /** @description Number of recent actual values to return */
                history?: number;
            };
            header?: {
                /** @description The ETag of a response that the client has: 304 if it is still valid */
                "If-None-Match"?: components["parameters"]["IfNoneMatch"];
                /** @description An id for this request: 1 to 64 of letters, digits, `_`, `.` and `-`. Any other is replaced */
                "X-Request-Id"?: components["parameters"]["RequestId"];
            };
            path: {
                /** @description The id of a series */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The forecast, quantiles as columns */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Forecast"];
                    "application/vnd.apache.arrow.stream": string;
                    "application/vnd.apache.parquet": string;
                };
            };
        };
    };
    forecastAll: {
        parameters: {
            query?: {
                /** @description json: pages. ndjson: every forecast, one per line. csv, arrow (IPC stream), parquet: every forecast, one row per step. Default: by the Accept header */
                format?: "json" | "ndjson" | "csv" | "arrow" | "parquet";
                /** @description Steps to forecast, from 1 to the model's own horizon; that is also the default */
                horizon?: number;
                /** @description Intervals to return, by level, with the median: 80 is the quantiles 0.1 and 0.9. Default: all that the model has */
                levels?: string;
                /** @description Number of recent actual values to return with each forecast; in JSON and NDJSON only */
                history?: number;
                /** @description Series per page of JSON; default: 100 */
                limit?: number;
                /** @description `nextCursor` of the previous page; omit it for the first page */
                cursor?: string;
            };
            header?: {
                /** @description The ETag of a response that the client has: 304 if it is still valid */
                "If-None-Match"?: components["parameters"]["IfNoneMatch"];
                /** @description An id for this request: 1 to 64 of letters, digits, `_`, `.` and `-`. Any other is replaced */
                "X-Request-Id"?: components["parameters"]["RequestId"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The forecasts, in text order of the series */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ForecastsPage"];
                    "application/x-ndjson": string;
                    "text/csv": string;
                    "application/vnd.apache.arrow.stream": string;
                    "application/vnd.apache.parquet": string;
                };
            };
        };
    };
    forecastMany: {
        parameters: {
            query?: never;
            header?: {
                /** @description An id for this request: 1 to 64 of letters, digits, `_`, `.` and `-`. Any other is replaced */
                "X-Request-Id"?: components["parameters"]["RequestId"];
            };
            path?: never;
            cookie?: never;
        };
        /** @description Either `seriesIds` or `history`. A history must be as long as the model needs (weeks of hours, usually); the example is shortened, and a history that is too short is refused with the length that is needed. */
        requestBody: {
            content: {
                "application/json": components["schemas"]["ForecastsRequest"];
            };
        };
        responses: {
            /** @description One forecast per series, in the order of the request */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Forecasts"];
                    "application/vnd.apache.arrow.stream": string;
                    "application/vnd.apache.parquet": string;
                };
            };
        };
    };
    listGroups: {
        parameters: {
            query?: never;
            header?: {
                /** @description The ETag of a response that the client has: 304 if it is still valid */
                "If-None-Match"?: components["parameters"]["IfNoneMatch"];
                /** @description An id for this request: 1 to 64 of letters, digits, `_`, `.` and `-`. Any other is replaced */
                "X-Request-Id"?: components["parameters"]["RequestId"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description All groups */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Groups"];
                };
            };
        };
    };
    forecastGroup: {
        parameters: {
            query?: {
                /** @description Add so many minutes, hours or days up: whole intervals, at most the horizon. Windows start at the first step; a remainder at the end is left out. Default: one interval */
                window?: string;
                /** @description Intervals to return, by level, with the median: 80 is the quantiles 0.1 and 0.9. Default: all that the model has */
                levels?: string;
                /** @description Also return how likely the total is to exceed this in a window */
                capacity?: number;
                /** @description Number of recent actual values to return */
                history?: number;
            };
            header?: {
                /** @description The ETag of a response that the client has: 304 if it is still valid */
                "If-None-Match"?: components["parameters"]["IfNoneMatch"];
                /** @description An id for this request: 1 to 64 of letters, digits, `_`, `.` and `-`. Any other is replaced */
                "X-Request-Id"?: components["parameters"]["RequestId"];
            };
            path: {
                /** @description The id of a group; `all` is the total of all series */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The forecast of the total */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["GroupForecast"];
                };
            };
        };
    };
    decideGroup: {
        parameters: {
            query?: {
                /** @description Add so many minutes, hours or days up: whole intervals, at most the horizon. Windows start at the first step; a remainder at the end is left out. Default: one interval */
                window?: string;
                /** @description What one too few costs */
                under?: number;
                /** @description What one too many costs */
                over?: number;
                /** @description Also return how likely the total is to exceed this in a window */
                capacity?: number;
            };
            header?: {
                /** @description The ETag of a response that the client has: 304 if it is still valid */
                "If-None-Match"?: components["parameters"]["IfNoneMatch"];
                /** @description An id for this request: 1 to 64 of letters, digits, `_`, `.` and `-`. Any other is replaced */
                "X-Request-Id"?: components["parameters"]["RequestId"];
            };
            path: {
                /** @description The id of a group; `all` is the total of all series */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The quantity of every window */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["QuantityDecision"];
                };
            };
        };
    };
    decideSeries: {
        parameters: {
            query?: {
                /** @description Add so many minutes, hours or days up: whole intervals, at most the horizon. Windows start at the first step; a remainder at the end is left out. Default: one interval */
                window?: string;
                /** @description What one too few costs */
                under?: number;
                /** @description What one too many costs */
                over?: number;
                /** @description Also return how likely the total is to exceed this in a window */
                capacity?: number;
            };
            header?: {
                /** @description The ETag of a response that the client has: 304 if it is still valid */
                "If-None-Match"?: components["parameters"]["IfNoneMatch"];
                /** @description An id for this request: 1 to 64 of letters, digits, `_`, `.` and `-`. Any other is replaced */
                "X-Request-Id"?: components["parameters"]["RequestId"];
            };
            path: {
                /** @description The id of a series */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The quantity of every window */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["QuantityDecision"];
                };
            };
        };
    };
    pathsOfGroup: {
        parameters: {
            query?: {
                /** @description How many paths; a smaller number returns the first of them */
                count?: number;
            };
            header?: {
                /** @description The ETag of a response that the client has: 304 if it is still valid */
                "If-None-Match"?: components["parameters"]["IfNoneMatch"];
                /** @description An id for this request: 1 to 64 of letters, digits, `_`, `.` and `-`. Any other is replaced */
                "X-Request-Id"?: components["parameters"]["RequestId"];
            };
            path: {
                /** @description The id of a group; `all` is the total of all series */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The first sample paths */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Paths"];
                };
            };
        };
    };
    pathsOfSeries: {
        parameters: {
            query?: {
                /** @description How many paths; a smaller number returns the first of them */
                count?: number;
            };
            header?: {
                /** @description The ETag of a response that the client has: 304 if it is still valid */
                "If-None-Match"?: components["parameters"]["IfNoneMatch"];
                /** @description An id for this request: 1 to 64 of letters, digits, `_`, `.` and `-`. Any other is replaced */
                "X-Request-Id"?: components["parameters"]["RequestId"];
            };
            path: {
                /** @description The id of a series */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The first sample paths */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Paths"];
                };
            };
        };
    };
    explainForecast: {
        parameters: {
            query?: {
                /** @description UTC start of the last interval that the forecast may know: the current cutoff (the default) or one of the last days, as far as the service holds the history */
                cutoff?: string;
            };
            header?: {
                /** @description The ETag of a response that the client has: 304 if it is still valid */
                "If-None-Match"?: components["parameters"]["IfNoneMatch"];
                /** @description An id for this request: 1 to 64 of letters, digits, `_`, `.` and `-`. Any other is replaced */
                "X-Request-Id"?: components["parameters"]["RequestId"];
            };
            path: {
                /** @description The id of a series */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description How far each group of inputs moved the forecast, and the nearest past days */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Explanation"];
                };
            };
        };
    };
    servedModel: {
        parameters: {
            query?: never;
            header?: {
                /** @description The ETag of a response that the client has: 304 if it is still valid */
                "If-None-Match"?: components["parameters"]["IfNoneMatch"];
                /** @description An id for this request: 1 to 64 of letters, digits, `_`, `.` and `-`. Any other is replaced */
                "X-Request-Id"?: components["parameters"]["RequestId"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The champion, its promotion and the snapshot */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ServedModel"];
                };
            };
        };
    };
    listModels: {
        parameters: {
            query?: {
                /** @description Items per page */
                limit?: number;
                /** @description `nextCursor` of the previous page; omit it for the first page */
                cursor?: string;
            };
            header?: {
                /** @description The ETag of a response that the client has: 304 if it is still valid */
                "If-None-Match"?: components["parameters"]["IfNoneMatch"];
                /** @description An id for this request: 1 to 64 of letters, digits, `_`, `.` and `-`. Any other is replaced */
                "X-Request-Id"?: components["parameters"]["RequestId"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description One page of models */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ModelsPage"];
                };
            };
        };
    };
    listDecisions: {
        parameters: {
            query?: {
                /** @description The time to look at: what was served then, and what was decided until then; default: now */
                at?: string;
                /** @description How many decisions, newest first */
                limit?: number;
            };
            header?: {
                /** @description The ETag of a response that the client has: 304 if it is still valid */
                "If-None-Match"?: components["parameters"]["IfNoneMatch"];
                /** @description An id for this request: 1 to 64 of letters, digits, `_`, `.` and `-`. Any other is replaced */
                "X-Request-Id"?: components["parameters"]["RequestId"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The champion of that time, and decisions */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Decisions"];
                };
            };
        };
    };
    showMonitoring: {
        parameters: {
            query?: {
                /** @description Number of series in each of the three lists */
                limit?: number;
            };
            header?: {
                /** @description The ETag of a response that the client has: 304 if it is still valid */
                "If-None-Match"?: components["parameters"]["IfNoneMatch"];
                /** @description An id for this request: 1 to 64 of letters, digits, `_`, `.` and `-`. Any other is replaced */
                "X-Request-Id"?: components["parameters"]["RequestId"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description What the last check found */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Monitoring"];
                };
            };
        };
    };
    recordOfSeries: {
        parameters: {
            query?: {
                /** @description The first target time; default: 7 days before `until` */
                from?: string;
                /** @description End of the target times, exclusive; default: now */
                until?: string;
            };
            header?: {
                /** @description The ETag of a response that the client has: 304 if it is still valid */
                "If-None-Match"?: components["parameters"]["IfNoneMatch"];
                /** @description An id for this request: 1 to 64 of letters, digits, `_`, `.` and `-`. Any other is replaced */
                "X-Request-Id"?: components["parameters"]["RequestId"];
            };
            path: {
                /** @description The id of a series */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Forecasts with their actuals and errors */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["SeriesRecord"];
                };
            };
        };
    };
    listJobs: {
        parameters: {
            query?: {
                /** @description Runs, newest first */
                limit?: number;
            };
            header?: {
                /** @description The ETag of a response that the client has: 304 if it is still valid */
                "If-None-Match"?: components["parameters"]["IfNoneMatch"];
                /** @description An id for this request: 1 to 64 of letters, digits, `_`, `.` and `-`. Any other is replaced */
                "X-Request-Id"?: components["parameters"]["RequestId"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Runs, newest first */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Jobs"];
                };
            };
        };
    };
    listActuals: {
        parameters: {
            query?: {
                /** @description The first target time; default: 24 intervals before `until` */
                from?: string;
                /** @description End of the target times, exclusive; default: now */
                until?: string;
                /** @description The id of a series */
                seriesId?: string;
                /** @description Series per page of JSON; default: 100 */
                limit?: number;
                /** @description `nextCursor` of the previous page; omit it for the first page */
                cursor?: string;
            };
            header?: {
                /** @description The ETag of a response that the client has: 304 if it is still valid */
                "If-None-Match"?: components["parameters"]["IfNoneMatch"];
                /** @description An id for this request: 1 to 64 of letters, digits, `_`, `.` and `-`. Any other is replaced */
                "X-Request-Id"?: components["parameters"]["RequestId"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description One page of series with their values */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Actuals"];
                    "application/vnd.apache.arrow.stream": string;
                    "application/vnd.apache.parquet": string;
                };
            };
        };
    };
    postActuals: {
        parameters: {
            query?: never;
            header?: {
                /** @description Makes a retry safe. Without it the content is compared: the same actuals sent twice are stored once */
                "idempotency-key"?: string;
                /** @description An id for this request: 1 to 64 of letters, digits, `_`, `.` and `-`. Any other is replaced */
                "X-Request-Id"?: components["parameters"]["RequestId"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["ActualsRequest"];
            };
        };
        responses: {
            /** @description It is stored */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ActualsReceipt"];
                };
            };
        };
    };
    serverEvents: {
        parameters: {
            query?: {
                /** @description How long to keep the stream open: an instance may end it earlier. 0: only what is served now */
                seconds?: number;
            };
            header?: {
                /** @description An id for this request: 1 to 64 of letters, digits, `_`, `.` and `-`. Any other is replaced */
                "X-Request-Id"?: components["parameters"]["RequestId"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Server-sent events, until the stream ends */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "text/event-stream": string;
                };
            };
        };
    };
}
