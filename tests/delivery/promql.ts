/**
 * Purpose: the metrics a PromQL expression reads and the labels it names, so that a test can ask
 * whether they exist.
 * Invariants: knows the part of the language that our alerts and dashboard use. It finds names; it
 * does not check that an expression is sound.
 * Fails: never.
 */
export interface Reads {
  /** Metric → labels that its selectors name. */
  readonly metrics: ReadonlyMap<string, ReadonlySet<string>>;
  /** Labels of `by`, `without`, `on`, `ignoring` and `group_left`. */
  readonly grouping: ReadonlySet<string>;
}

const WORDS = new Set([
  'by',
  'without',
  'on',
  'ignoring',
  'group_left',
  'group_right',
  'and',
  'or',
  'unless',
  'bool',
  'offset',
  'le',
]);

export function readsOf(expression: string): Reads {
  const grouping = new Set<string>();
  const metrics = new Map<string, Set<string>>();
  const rest = expression.replaceAll(
    /\b(by|without|on|ignoring|group_left|group_right)\s*\(([^)]*)\)/g,
    (_all, _word, labels: string) => {
      for (const label of labels.split(',')) if (label.trim() !== '') grouping.add(label.trim());
      return ' ';
    },
  );
  for (const [, name = '', selector = ''] of rest.matchAll(
    /(?<![\w$"])([a-zA-Z_:][\w:]*)\s*(?:\{([^}]*)\})?(?!\s*\(|[\w:])/g,
  )) {
    if (WORDS.has(name) || /^\d/.test(name)) continue;
    const labels = metrics.get(name) ?? new Set();
    for (const [, label = ''] of selector.matchAll(/(\w+)\s*(?:=~|!~|!=|=)/g)) labels.add(label);
    metrics.set(name, labels);
  }
  // The units of a range, such as 5m in [5m], are not names.
  return { metrics: new Map([...metrics].filter(([name]) => !/^[smhdwy]$/.test(name))), grouping };
}
