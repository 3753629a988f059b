/**
 * Purpose: the charts that are files of their own, as SVG text: forecast, explanation, verdict.
 * Invariants: the commands import this module when a file is asked for, because it loads the chart
 * library.
 * Fails: a RangeError for data that cannot be drawn.
 */
import type { VerdictChart } from '../services/training/train.ts';
import type { ExplanationData } from './charts/data/explanation-data.ts';
import type { ForecastData } from './charts/data/forecast-data.ts';
import { explanationChart } from './charts/explanation-chart.ts';
import { forecastChart } from './charts/forecast-chart.ts';
import { svgFile } from './charts/svg.ts';
import { verdictChart } from './charts/verdict-chart.ts';

export const forecastSvg = (data: ForecastData): string => svgFile(forecastChart(data));
export const explanationSvg = (data: ExplanationData): string => svgFile(explanationChart(data));
export const verdictSvg = (verdict: VerdictChart): string => svgFile(verdictChart(verdict));
