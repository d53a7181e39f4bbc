import type { FaultName } from './faults.ts';
import type { JsonObject } from './json.ts';

/** One call as a person who debugs wants to see it. Payment codes and bodies are left out. */
export interface LoggedRequest {
  readonly atMs: number;
  readonly appId: string | null;
  readonly method: string | null;
  readonly outTradeNo: string | null;
  readonly fault: FaultName | null;
  /** What the wallet decided, whether or not the answer went out; `null` when nothing was done. */
  readonly code: string | null;
  readonly subCode: string | null;
}

/** The most recent calls, in memory only. */
export interface RequestLog {
  add(request: LoggedRequest): void;
  /** Newest first. */
  recent(limit: number): readonly JsonObject[];
}

export const requestLogSize = 1000;

export function requestLog(): RequestLog {
  const ring: LoggedRequest[] = [];
  let next = 0;
  return {
    add(request) {
      ring[next % requestLogSize] = request;
      next += 1;
    },
    recent(limit) {
      const newest: JsonObject[] = [];
      for (
        let index = next - 1;
        index >= 0 && index >= next - requestLogSize && newest.length < limit;
        index -= 1
      ) {
        const request = ring[index % requestLogSize];
        if (request !== undefined) newest.push(view(request));
      }
      return newest;
    },
  };
}

function view(request: LoggedRequest): JsonObject {
  return {
    at: new Date(request.atMs).toISOString(),
    app_id: request.appId,
    method: request.method,
    out_trade_no: request.outTradeNo,
    fault: request.fault,
    code: request.code,
    sub_code: request.subCode,
  };
}
