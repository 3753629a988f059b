/**
 * Purpose: the tracing interface; open-telemetry.ts implements it and is loaded only with traces.
 * Invariants: a span ends when its work does, also where that fails; a span that starts within
 * another is its child.
 * Fails: never by itself; what the work throws is passed on.
 */
export type SpanAttributes = Readonly<Record<string, string | number | boolean>>;

/** A request in progress. */
export interface RequestSpan {
  /** Runs `next` within the request's span. */
  within(next: () => void): void;
  end(name: string, attributes: SpanAttributes, isError: boolean): void;
  readonly traceId: string;
}

export interface Tracing {
  /** Runs the work in a span; a promise ends it when it settles. */
  span<T>(name: string, attributes: SpanAttributes, work: () => T): T;
  /**
   * @param headers of the request: a W3C traceparent makes the span a part of the caller's trace
   */
  request(
    headers: Readonly<Record<string, unknown>>,
    name: string,
    attributes: SpanAttributes,
  ): RequestSpan;
  /** Sends the remaining spans; after `limitMs` it gives up. */
  close(limitMs: number): Promise<void>;
}
