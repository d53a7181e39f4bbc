/**
 * An endpoint is where a merchant is told things: one URL of one merchant. Nothing is kept of one that works. This is
 * kept from the first try that failed until one succeeds, or, once it is disabled, until somebody enables it. NOT-03.
 */
export interface FailingEndpoint {
  readonly merchantId: string;
  readonly url: string;
  readonly failingSince: Date;
  /** Tries that failed, with none between them that succeeded. */
  readonly failures: number;
  readonly lastFailure: string;
  /** Set: nothing is sent to it until somebody enables it, and what it should hear is held. */
  readonly disabledAt: Date | null;
}

/** How much patience there is with an endpoint that fails. */
export interface EndpointPolicy {
  /** Failures in a row from which on it gets few of the places of a process. */
  readonly failingAfter: number;
  /** It is disabled when every try has failed for this long … */
  readonly disableAfterMs: number;
  /** … and these were at least so many, so that a shop with few sales is not cut off by a bad day. */
  readonly disableAfterFailures: number;
  /** Time between two of the deliveries that are replayed to one endpoint: who returns must not be flooded. */
  readonly replayEveryMs: number;
}

export const endpointPolicy: EndpointPolicy = {
  failingAfter: 5,
  disableAfterMs: 5 * 24 * 60 * 60_000,
  disableAfterFailures: 20,
  replayEveryMs: 200,
};

export type EndpointStanding = 'sound' | 'failing' | 'disabled';

/** How an endpoint is treated; `null` is one whose last try succeeded. */
export function standingOf(endpoint: FailingEndpoint | null, policy: EndpointPolicy): EndpointStanding {
  if (endpoint === null) return 'sound';
  if (endpoint.disabledAt !== null) return 'disabled';
  return endpoint.failures >= policy.failingAfter ? 'failing' : 'sound';
}

/** Whether the try that has just failed is the one after which nothing more is sent. */
export function mustBeDisabled(endpoint: FailingEndpoint, policy: EndpointPolicy, now: Date): boolean {
  return (
    endpoint.disabledAt === null &&
    endpoint.failures >= policy.disableAfterFailures &&
    now.getTime() - endpoint.failingSince.getTime() >= policy.disableAfterMs
  );
}
