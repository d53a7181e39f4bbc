import { object, text, type ValuesOf } from './message-fields.ts';

/** `result`, which every answer and notification carries. */
export const resultField = object({ resultCode: text(64), resultStatus: text(), resultMessage: text(256) });

/**
 * What became of a call. `S`: it did what it promises, which for `pay` differs by scenario. `F`: a definite refusal.
 * `U`: nobody knows yet.
 */
export type ResultStatus = 'S' | 'F' | 'U';

export interface Result {
  readonly code: string;
  /** Any status but `S` and `F` is `U`. */
  readonly status: ResultStatus;
  /** For people; nothing is decided by it. */
  readonly message: string;
}

/** `null` for a message that states neither code nor status, and so is none of AMS. */
export function readResult(result: ValuesOf<typeof resultField.fields> | null): Result | null {
  if (result === null || (result.resultCode === null && result.resultStatus === null)) return null;
  const { resultCode, resultStatus, resultMessage } = result;
  return {
    code: resultCode ?? '',
    status: resultStatus === 'S' || resultStatus === 'F' ? resultStatus : 'U',
    message: resultMessage ?? '',
  };
}
