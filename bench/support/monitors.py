#!/usr/bin/env python3
"""Purpose: what Evidently and NannyML say of the quiet year and of the incidents.

Called by `npm run bench:monitoring`, which makes the environment and the cases. A check reads the
last 7 days as the current window and the 8 weeks before them as reference (NannyML: 12 weeks, in
chunks of one). Two settings a tool:

default  the tool's own methods and thresholds, one column a series. Evidently alarms where half of
         the columns drift (its own rule), NannyML where a column alerts.
best     what a careful user would do: the mean of the hour of the local week is taken out of each
         column first, the distance is Wasserstein's, and an alarm needs far more than usual: 1.5
         times the largest distance of four quiet weeks (Evidently), 6 standard deviations (NannyML).
         A current week that lacks 6 hours, and one with unknown values, alarms.

An error of a tool counts as an alarm. The quiet year has a check a week, an incident one a day up
to the first alarm.

Each case is a line of JSON in RESULTS as soon as it is done, and is not done again: {"case": name,
"alarms": checks with an alarm, "checks": checks, "before": alarm at the last check before the
incident, "days": days to the first alarm or null}. The quiet year comes first: Evidently's limits
of the best setting are found on its first weeks.
"""
import argparse
import json
import os
import sys
import warnings

import numpy as np
import pandas as pd

warnings.filterwarnings('ignore')
parser = argparse.ArgumentParser()
parser.add_argument('--cases', required=True)
parser.add_argument('--results', required=True)
parser.add_argument('--tool', required=True, choices=['evidently', 'nannyml'])
parser.add_argument('--setting', required=True, choices=['default', 'best'])
a = parser.parse_args()
BEST = a.setting == 'best'
HOUR, DAY, WEEK = 3_600_000, 86_400_000, 7 * 86_400_000
REFERENCE_WEEKS = 8 if a.tool == 'evidently' else 12

os.environ.update(DO_NOT_TRACK='1', NML_DISABLE_USAGE_LOGGING='1')
if a.tool == 'evidently':
    from evidently import DataDefinition, Dataset, Report
    from evidently.metrics import ValueDrift
else:
    import nannyml as nml

thresholds = {}


def adjusted(reference, current, columns):
    """Both without the mean of each hour of the local week, in standard deviations."""
    numbers = [c for c in columns if reference[c].dtype != object]
    by_hour = reference.groupby('hour_of_week')[numbers].mean()
    scale = (reference[numbers] - by_hour.loc[reference.hour_of_week].to_numpy()).std() + 1e-9
    out = []
    for frame in (reference, current):
        frame = frame.copy()
        frame[numbers] = (frame[numbers] - by_hour.loc[frame.hour_of_week].to_numpy()) / scale
        out.append(frame)
    return out


def evidently_distances(reference, current, columns, **options):
    definition = DataDefinition(numerical_columns=columns)
    dataset = lambda frame: Dataset.from_pandas(frame[columns], data_definition=definition)
    report = Report([ValueDrift(column=c, **options) for c in columns])
    result = report.run(dataset(current), dataset(reference)).dict()
    return [(float(m['value']), m['config']) for m in result['metrics']]


def is_drift(value, config):
    """Of a distance above its threshold, of a p-value below it: as Evidently names its own test."""
    is_p_value = 'p_value' in config['method']
    return value < config['threshold'] if is_p_value else value >= config['threshold']


def evidently_alarm(reference, current, columns):
    if not BEST:
        found = evidently_distances(reference, current, columns)
        return np.mean([is_drift(*one) for one in found]) >= 0.5
    found = evidently_distances(reference, current, columns, method='wasserstein')
    return any(value > thresholds.get(config['column'], np.inf) for value, config in found)


def nannyml_alarm(reference, current, columns):
    options = {}
    if BEST:
        limit = nml.thresholds.StandardDeviationThreshold(6, 6)
        options = dict(
            continuous_methods=['wasserstein'], thresholds={'wasserstein': limit},
        )
    calculator = nml.UnivariateDriftCalculator(
        column_names=columns, timestamp_column_name='ts', chunk_size=168, **options
    )
    result = calculator.fit(reference).calculate(current).filter(period='analysis').to_df()
    alerts = [c for c in result.columns if c[-1] == 'alert']
    return bool(result[alerts].to_numpy().any())


def loss_alarm(losses, now):
    """The daily ratio of the model's loss to the baseline's."""
    past = losses[losses.ts + DAY <= now]
    if len(past) < 70:
        return False
    current, reference = past.tail(7), past.iloc[-70:-7]
    if a.tool == 'evidently':
        options = dict(threshold=0.001) if BEST else {}
        (found,) = evidently_distances(reference, current, ['ratio'], **options)
        return bool(is_drift(*found))
    stamped = lambda f: f.assign(ts=pd.to_datetime(f.ts, unit='ms'))
    if BEST:
        calculator = nml.SummaryStatsAvgCalculator(
            column_names=['ratio'], timestamp_column_name='ts', chunk_size=7
        )
    else:
        calculator = nml.UnivariateDriftCalculator(
            column_names=['ratio'], timestamp_column_name='ts', chunk_size=7
        )
    result = calculator.fit(stamped(reference)).calculate(stamped(current))
    result = result.filter(period='analysis').to_df()
    return bool(result[[c for c in result.columns if c[-1] == 'alert']].to_numpy().any())


def numeric(frame):
    """A column is text where this part of the data has text, not where a later part has."""
    return frame.assign(**{c: as_numbers(frame[c]) for c in frame if frame[c].dtype == object})


def as_numbers(column):
    try:
        return pd.to_numeric(column)
    except ValueError:
        return column


def windows(frame, now, case):
    seen = frame[frame.ts < now + case['skewMs']]
    current = seen[seen.ts >= now - WEEK]
    reference = seen[(seen.ts < now - WEEK) & (seen.ts >= now - (1 + REFERENCE_WEEKS) * WEEK)]
    return numeric(reference), numeric(current)


def data_alarm(frame, columns, now, case):
    reference, current = windows(frame, now, case)
    if BEST:
        if len(current) < 162 or current[columns].isna().any().any():
            return True
        reference, current = adjusted(reference, current, columns)
    if a.tool == 'evidently':
        return evidently_alarm(reference, current, columns)
    stamped = lambda f: f.assign(ts=pd.to_datetime(f.ts, unit='ms'))
    return nannyml_alarm(stamped(reference), stamped(current), columns)


def check(case, now):
    try:
        if case['isOfModel']:
            return bool(loss_alarm(case['losses'], now))
        alarm = data_alarm(case['frame'], case['columns'], now, case)
        return bool(alarm) or (case['losses'] is not None and bool(loss_alarm(case['losses'], now)))
    except Exception as error:  # a tool that fails is seen by its user
        print(f"{case['name']}: {type(error).__name__}: {str(error)[:100]}", file=sys.stderr)
        return True


def read(case):
    frame = pd.read_csv(f"{a.cases}/{case['name']}.csv")
    losses = f"{a.cases}/{case['name']}.losses.csv" if case['hasLosses'] else None
    columns = [c for c in frame.columns if c not in ('ts', 'hour_of_week') and c not in case['new']]
    return dict(case, frame=frame, columns=columns, losses=losses and pd.read_csv(losses))


def learn_thresholds(case):
    """The first weeks of the quiet year."""
    for now in range(case['first'], case['first'] + 4 * WEEK, WEEK):
        pair = adjusted(*windows(case['frame'], now, case), case['columns'])
        for value, config in evidently_distances(*pair, case['columns'], method='wasserstein'):
            column = config['column']
            thresholds[column] = max(thresholds.get(column, 0), 1.5 * value)


def outcome(case):
    if case['at'] is None:
        checks = range(case['first'], case['until'], WEEK)
        return dict(alarms=sum(check(case, now) for now in checks), checks=len(checks))
    before = check(case, case['first'])
    for now in range(case['first'] + DAY, case['until'] + 1, DAY):
        if now > case['at'] and check(case, now):
            return dict(before=before, days=round((now - case['at']) / DAY, 2))
    return dict(before=before, days=None)


done = set()
if os.path.exists(a.results):
    with open(a.results) as lines:
        done = {json.loads(line)['case'] for line in lines if line.endswith('\n')}
for case in json.load(open(f'{a.cases}/cases.json')):
    if case['name'] in done and case['at'] is not None:
        continue
    case = read(case)
    if case['at'] is None and BEST and a.tool == 'evidently':
        learn_thresholds(case)
    if case['name'] in done:
        continue
    line = json.dumps(dict(case=case['name'], **outcome(case)))
    print(f'{a.tool}, {a.setting}: {line}', file=sys.stderr)
    with open(a.results, 'a') as lines:
        lines.write(line + '\n')
