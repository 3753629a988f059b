#!/usr/bin/env python3
"""Purpose: what a Python user would reach for, on the panel, calendar, cutoffs and metrics of Headway.

Called by `npm run bench:peers`, which makes the environment. Trains once, on all that precedes the
test span; the first cutoff is the last interval before it, step k forecasts cutoff + k.

panel     unique_id,ds,y: every series on the same grid; an empty y is unknown.
calendar  ds,hour,weekday,holiday,eve: local time and public holidays, one row for each interval.
lightgbm  three models on pinball loss, one for all series and steps: the last two days, the same
          time on each of the last 7 days and 8 weeks, their mean, recent levels, local hour and
          weekday, time of year, holidays of the target and of its lags, step, series, and what
          --known says of the target in advance.
statsforecast  one model for each series and cutoff, on the last --local-days of its history.
mlforecast     LightGBM, one step ahead and applied recursively: a mean.

Of counts each of them is scored as it is, and rounded to whole numbers (`…_whole`).

Prints one JSON object.
"""
import argparse
import json
import os
import time
import warnings

import numpy as np
import pandas as pd

warnings.filterwarnings('ignore')
os.environ.setdefault('NIXTLA_ID_AS_COL', '1')
parser = argparse.ArgumentParser()
parser.add_argument('--panel', required=True)
parser.add_argument('--calendar', required=True)
parser.add_argument('--known')
parser.add_argument('--horizon', type=int, required=True)
parser.add_argument('--test-intervals', type=int, required=True)
parser.add_argument('--step-size', type=int, required=True)
parser.add_argument('--day', type=int, default=24)
parser.add_argument('--week', type=int, default=168)
parser.add_argument('--models', default='lightgbm,statsforecast,mlforecast')
parser.add_argument('--rounds', type=int, default=500)
parser.add_argument('--stride', type=int, default=7)
parser.add_argument('--history-days', type=int, default=0)
parser.add_argument('--least-mean', type=float, default=0)
parser.add_argument('--local-days', type=int, default=56)
parser.add_argument('--local-models', default='all')
parser.add_argument('--max-local-cutoffs', type=int, default=1000)
parser.add_argument('--threads', type=int, default=2)
parser.add_argument('--counts', choices=('true', 'false'), default='false')
a = parser.parse_args()
H, DAY, WEEK = a.horizon, a.day, a.week
QUANTILES = (0.1, 0.5, 0.9)
WEEKS, DAYS = 8, 7

frame = pd.read_csv(a.panel)
ids = frame.unique_id.unique()
Y = frame.y.to_numpy('f8').reshape(len(ids), -1)
calendar = pd.read_csv(a.calendar, parse_dates=['ds'])
# [series, interval, column]: prices and the like, known in advance.
advance = np.zeros((*Y.shape, 0), 'f4')
if a.known:
    columns = pd.read_csv(a.known).drop(columns=['unique_id', 'ds'])
    advance = columns.to_numpy('f4').reshape(*Y.shape, -1)
if a.history_days > 0:
    Y, calendar = Y[:, -a.history_days * DAY :], calendar.tail(a.history_days * DAY).reset_index()
    advance = advance[:, -a.history_days * DAY :]
start = Y.shape[1] - a.test_intervals
size = np.nanmean(np.abs(Y[:, :start]), 1)
# Not known, of a series that opened later: it stays.
kept = ~(size < a.least_mean)
Y, advance, ids, size = Y[kept], advance[kept], ids[kept], size[kept]
S, T = Y.shape
ds = pd.DatetimeIndex(calendar.ds)
cutoffs = list(range(start - 1, T - H, a.step_size))
scale = np.maximum(np.nan_to_num(size, nan=1.0), 1e-6)
floor = 0.0 if np.nanmin(Y[:, :start]) >= 0 else -np.inf
Yn = (Y / scale[:, None]).astype('f4')
year = 2 * np.pi * ds.dayofyear.to_numpy() / 365.25
known = np.stack(
    [calendar.hour, calendar.weekday, np.sin(year), np.cos(year), calendar.holiday, calendar.eve], -1
).astype('f4')
holiday = calendar.holiday.to_numpy('f4')
seconds = {}
forecasts = {}


def timed(name, work):
    began = time.time()
    value = work()
    seconds[name] = round(time.time() - began, 1)
    return value


def rows(cut):
    """[series × step, inputs] of one cutoff. Lags are as many seasons back as lie before it."""
    t = cut + 1 + np.arange(H)
    back = lambda season, n: t - season * (n + np.ceil((t - cut) / season).astype(int) - 1)
    days = [Yn[:, back(DAY, d)] for d in range(1, DAYS + 1)]
    weeks = [Yn[:, back(WEEK, w)] for w in range(1, WEEKS + 1)]
    per_series = lambda v: np.repeat(v[:, None], H, 1)
    per_step = lambda v: np.broadcast_to(v, (S, H))
    recent = lambda n: np.nanmean(Yn[:, cut + 1 - n : cut + 1], 1)
    mean4 = np.nanmean(weeks[:4], 0)
    level = recent(WEEK)
    columns = [mean4, np.nanmean(weeks, 0), *days, *weeks]
    columns += [per_series(v) for v in (recent(DAY), level, recent(4 * WEEK), recent(DAY) - level)]
    columns += [per_step(known[t, k]) for k in range(known.shape[1])]
    columns += [per_step(holiday[back(DAY, 1)]), per_step(holiday[back(WEEK, 1)])]
    columns += [advance[:, t, c] for c in range(advance.shape[2])]
    columns += [per_step(np.arange(H)), per_series(np.log(scale)), per_series(np.arange(S))]
    window = np.repeat(Yn[:, None, cut + 1 - 2 * DAY : cut + 1], H, 1)
    X = np.concatenate([window, np.stack(columns, -1)], -1)
    return X.reshape(S * H, -1).astype('f4'), mean4 * scale[:, None]


def lightgbm_forecasts():
    import lightgbm as lgb

    first = (WEEKS + 1) * WEEK
    chosen = range(first, start - H, a.stride)
    parts = [rows(cut)[0] for cut in chosen]
    y = np.concatenate([Yn[:, c + 1 : c + 1 + H].ravel() for c in chosen])
    X = np.concatenate(parts)
    weight = np.tile(np.repeat(scale / scale.mean(), H), len(parts)).astype('f4')
    keep = ~np.isnan(y)
    X, y, weight = X[keep], y[keep], weight[keep]
    series = X.shape[1] - 1
    inputs = [rows(c)[0] for c in cutoffs]
    out = np.empty((len(cutoffs), S, 3, H), 'f4')
    for q, quantile in enumerate(QUANTILES):
        options = dict(
            objective='quantile', alpha=quantile, learning_rate=0.05, num_leaves=127,
            min_data_in_leaf=100, feature_fraction=0.6, bagging_fraction=0.8, bagging_freq=1,
            num_threads=a.threads, verbose=-1, seed=0, deterministic=True,
        )
        data = lgb.Dataset(X, y, weight=weight, categorical_feature=[series])
        model = timed(f'train_lightgbm_{quantile}', lambda: lgb.train(options, data, a.rounds))
        for c, x in enumerate(inputs):
            out[c, :, q] = model.predict(x, num_threads=a.threads).reshape(S, H)
    seconds['train_lightgbm'] = round(sum(v for k, v in seconds.items() if 'lightgbm_' in k), 1)
    seconds['training_rows'] = int(len(y))
    return {'lightgbm': np.sort(out, 2) * scale[None, :, None, None]}


def filled(values):
    """Without the unknown values before the first, the others interpolated."""
    known_values = pd.Series(values)
    from_first = known_values.loc[known_values.first_valid_index() or 0 :]
    return from_first.interpolate(limit_direction='both').fillna(0.0)


def long_frame(cut, history):
    parts = []
    low = max(0, cut + 1 - history)
    for s in range(S):
        values = filled(Y[s, low : cut + 1])
        parts.append(pd.DataFrame(dict(unique_id=ids[s], ds=ds[low + values.index], y=values)))
    return pd.concat(parts)


def statsforecast_forecasts():
    from statsforecast import StatsForecast
    from statsforecast.models import MSTL, AutoETS, AutoTheta, CrostonOptimized

    # A grid of days has one season, the week.
    season = DAY if DAY > 1 else WEEK
    both = MSTL(season_length=[DAY, WEEK], trend_forecaster=AutoETS(model='ZZN'))
    models = [
        AutoETS(season_length=season),
        *([both] if DAY > 1 else []),
        AutoTheta(season_length=season),
        CrostonOptimized(),
    ]
    wanted = a.local_models.lower().split(',')
    models = [one for one in models if 'all' in wanted or type(one).__name__.lower() in wanted]
    out = {}
    for model in models:
        name = type(model).__name__
        values = np.full((len(cutoffs), S, 3, H), np.nan, 'f4')

        def run(model=model, values=values, name=name):
            has_interval = name != 'CrostonOptimized'
            engine = StatsForecast(models=[model], freq=pd.infer_freq(ds[:5]), n_jobs=1)
            for c, cut in list(enumerate(cutoffs))[: a.max_local_cutoffs]:
                level = dict(level=[80]) if has_interval else {}
                got = engine.forecast(df=long_frame(cut, a.local_days * DAY), h=H, **level)
                got = got.reset_index() if 'unique_id' not in got else got
                order = {key: part for key, part in got.groupby('unique_id')}
                for s, key in enumerate(ids):
                    point = order[key][name].to_numpy()
                    low = order[key][f'{name}-lo-80'] if has_interval else np.nan
                    high = order[key][f'{name}-hi-80'] if has_interval else np.nan
                    values[c, s, 0], values[c, s, 1], values[c, s, 2] = low, point, high

        try:
            timed(name.lower(), run)
            out[name.lower()] = values
        except Exception as error:  # one model that fails leaves the others
            seconds[f'{name.lower()}_failed'] = repr(error)[:200]
    return out


def mlforecast_forecasts():
    import lightgbm as lgb
    from mlforecast import MLForecast
    from mlforecast.lag_transforms import RollingMean

    model = lgb.LGBMRegressor(
        n_estimators=a.rounds, learning_rate=0.05, num_leaves=127, min_child_samples=100,
        subsample=0.8, subsample_freq=1, colsample_bytree=0.6, n_jobs=a.threads, verbose=-1,
        random_state=0,
    )
    lags = [1, 2, 3, DAY, 2 * DAY, *[w * WEEK for w in (1, 2, 3, 4)]]
    engine = MLForecast(
        models={'mlforecast': model}, freq=pd.infer_freq(ds[:5]), lags=lags,
        lag_transforms={1: [RollingMean(DAY), RollingMean(WEEK)]}, num_threads=1,
    )
    exogenous = calendar[['ds', 'hour', 'weekday', 'holiday', 'eve']]
    with_calendar = lambda part: part.merge(exogenous, on='ds')
    train = with_calendar(long_frame(start - 1, start))
    timed('train_mlforecast', lambda: engine.fit(train, static_features=[]))
    values = np.full((len(cutoffs), S, 1, H), np.nan, 'f4')
    for c, cut in enumerate(cutoffs):
        future = pd.DataFrame(
            dict(unique_id=np.repeat(ids, H), ds=np.tile(ds[cut + 1 : cut + 1 + H], S))
        )
        got = engine.predict(
            H, new_df=with_calendar(long_frame(cut, 6 * WEEK)), X_df=with_calendar(future)
        )
        order = {key: part for key, part in got.groupby('unique_id')}
        for s, key in enumerate(ids):
            values[c, s, 0] = order[key]['mlforecast'].to_numpy()
    return {'mlforecast': values}


actual = np.stack([Y[:, c + 1 : c + 1 + H] for c in cutoffs])
forecasts['mean_4_weeks'] = np.stack([rows(c)[1] for c in cutoffs])[:, :, None]
engines = dict(
    lightgbm=lightgbm_forecasts, statsforecast=statsforecast_forecasts, mlforecast=mlforecast_forecasts
)
for engine in a.models.split(','):
    try:
        forecasts.update(engines[engine]())
    except Exception as error:  # one peer that fails leaves the others
        seconds[f'{engine}_failed'] = repr(error)[:300]

if a.counts == 'true':
    for name in [name for name in forecasts if name != 'mean_4_weeks']:
        forecasts[f'{name}_whole'] = np.floor(forecasts[name] + 0.5)

errors = lambda e, q: np.maximum(q * e, (q - 1) * e)
metrics = {}
for group, mask in (('all', np.ones(S, bool)), ('mean>=0.1', size >= 0.1), ('mean>=1', size >= 1)):
    # A group of all series says nothing new, but where others were left out.
    if not mask.any() or (group != 'all' and mask.all() and a.least_mean == 0):
        continue
    truth = actual[:, mask]
    table = metrics[group] = {}
    for name, values in forecasts.items():
        values = np.maximum(values[:, mask], floor)
        median = values[:, :, values.shape[2] // 2]
        error = np.abs(median - truth)
        row = dict(
            mae=np.nanmean(error),
            wape=np.nansum(error) / np.nansum(np.where(np.isnan(error), np.nan, np.abs(truth))),
            bias=np.nanmean(median - truth),
            mae_step_1=np.nanmean(error[:, :, 0]),
            mae_last_step=np.nanmean(error[:, :, -1]),
            cutoffs=int((~np.isnan(error)).any((1, 2)).sum()),
        )
        if values.shape[2] == 3 and not np.isnan(values[:, :, 0]).all():
            losses = [errors(truth - values[:, :, q], level) for q, level in enumerate(QUANTILES)]
            inside = (truth >= values[:, :, 0]) & (truth <= values[:, :, 2])
            row.update(pinball=np.nanmean(losses), coverage_80=inside[~np.isnan(losses[0])].mean())
        table[name] = {key: round(float(value), 4) for key, value in row.items()}

print(json.dumps(dict(series=S, cutoffs=len(cutoffs), seconds=seconds, metrics=metrics)))
