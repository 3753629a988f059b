/**
 * Purpose: the views of the page, in the order of its navigation.
 * Invariants: `id` is the first part of the address.
 * Fails: never.
 */
import type { ComponentType } from 'preact';
import { Accuracy } from './views/accuracy.tsx';
import { Health } from './views/health.tsx';
import { Now } from './views/now.tsx';
import { SeriesView } from './views/series.tsx';

export interface View {
  readonly id: string;
  readonly title: string;
  readonly Component: ComponentType;
}

export const VIEWS: readonly View[] = [
  { id: 'now', title: 'Now', Component: Now },
  { id: 'series', title: 'Series', Component: SeriesView },
  { id: 'accuracy', title: 'Accuracy', Component: Accuracy },
  { id: 'health', title: 'Health', Component: Health },
];
