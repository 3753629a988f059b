/**
 * Purpose: what code that wants to be seen in a trace calls. `platform/telemetry/open-telemetry.ts` fits;
 * without traces nothing does, and nothing is loaded.
 * Invariants: a span ends when its work does, also where that fails; a span begun within another's
 * work is its child.
 * Fails: never by itself; what the work throws is passed on.
 */
export type SpanAttributes = Readonly<Record<string, string | number | boolean>>;

/** A request that is being answered. */
export interface RequestSpan {
  /** Goes on within the request: what is done from there on is a part of it. */
  within(next: () => void): void;
  end(name: string, attributes: SpanAttributes, isError: boolean): void;
  readonly traceId: string;
}

export interface Tracing {
  /** Runs the work in a span; a promise ends it when it settles. */
  span<T>(name: string, attributes: SpanAttributes, work: () => T): T;
  /**
   * @param headers of the request: a W3C traceparent among them makes this a part of the caller's
   * trace
   */
  request(
    headers: Readonly<Record<string, unknown>>,
    name: string,
    attributes: SpanAttributes,
  ): RequestSpan;
  /** Sends what is not sent yet. */
  close(): Promise<void>;
}
