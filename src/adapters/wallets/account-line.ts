import { merchantShortNoOf } from '../../domain/ids.ts';
import type { NoAnswer } from '../../domain/wallet-answer.ts';
import type { CallLimit } from '../../ports/wallet.ts';
import type { Heard, Outage } from '../../ports/wallet-directory.ts';
import { type CallPurpose, createCallGate } from './call-gate.ts';
import { type CallEnd, createCircuitBreaker } from './circuit-breaker.ts';

export interface AccountLineOptions {
  readonly name: string;
  /** Calls under way at most; a quarter of them is kept for calls other than pay. */
  readonly concurrency: number;
  readonly monotonicMs: () => number;
  /** Fewer calls within the breaker's window say nothing; the simulation, which makes few, sets fewer. */
  readonly callsMin?: number;
  /** Called at the end of each call that tells something of the account. */
  readonly onHeard?: ((heard: Heard) => void) | undefined;
}

/** All calls of this process to one wallet account pass here: through its circuit breaker, then its gate. */
export interface AccountLine {
  call<Answer extends { readonly kind: string }>(
    purpose: CallPurpose,
    limit: CallLimit,
    send: () => Promise<Answer | NoAnswer>,
    /** Our upstream id of the payment: where calls wait for a place, the merchants that such ids carry take turns. */
    requestId?: string,
  ): Promise<Answer | NoAnswer>;
  /** `null` unless the account seems to be silent. */
  outage(): Outage | null;
}

/** When a payment that was refused because its account is silent may be tried again. */
const refusesForS = 5;

/** So many calls in a row without an answer, and the steps that could not be taken wait for one. */
const silencesMin = 3;

export function createAccountLine(options: AccountLineOptions): AccountLine {
  const { name, concurrency, monotonicMs } = options;
  const breaker = createCircuitBreaker(options.callsMin);
  const gate = createCallGate({ concurrency, reserved: Math.floor(concurrency / 4), monotonicMs });
  let silences = 0;

  function ended(how: CallEnd): void {
    breaker.ended(how, monotonicMs());
    if (how === 'unanswered') {
      silences += 1;
      if (outage() !== null) options.onHeard?.('silence');
    } else if (how === 'answered') {
      const heard = silences > 0 ? 'answered_again' : 'answered';
      silences = 0;
      options.onHeard?.(heard);
    }
  }

  function outage(): Outage | null {
    if (!breaker.isOpen() && silences < silencesMin) return null;
    return { refusesForS: breaker.refuses('payment', monotonicMs()) ? refusesForS : null };
  }

  return {
    async call(purpose, limit, send, requestId = '') {
      if (!breaker.admits(purpose, monotonicMs())) {
        return { kind: 'no_answer', reason: 'not_sent', detail: `${name} has stopped answering` };
      }
      let how: CallEnd = 'untold';
      try {
        const beforeMs = Math.min(limit.sendBeforeMs, limit.answerBeforeMs);
        const leave = await gate.enter(purpose, beforeMs, `${merchantShortNoOf(requestId)}`);
        if (leave === null) {
          return {
            kind: 'no_answer',
            reason: 'not_sent',
            detail: `every place for calls to ${name} is taken`,
          };
        }
        try {
          const answer = await send();
          how = endOf(answer);
          return answer;
        } finally {
          leave();
        }
      } finally {
        ended(how);
      }
    },
    outage,
  };
}

/** Whoever signs wrongly answers, and proves nothing: neither opens nor closes anything. */
function endOf(answer: { readonly kind: string } | NoAnswer): CallEnd {
  if (!('reason' in answer) || answer.kind !== 'no_answer') return 'answered';
  return answer.reason === 'untrusted' ? 'untold' : 'unanswered';
}

/** The lines of one wallet, by the name of the account. */
export interface AccountLines {
  of(account: string): AccountLine;
  outage(account: string): Outage | null;
}

export function createAccountLines(
  options: Pick<AccountLineOptions, 'concurrency' | 'monotonicMs'> & {
    readonly onHeard?: ((account: string, heard: Heard) => void) | undefined;
  },
): AccountLines {
  const lines = new Map<string, AccountLine>();
  return {
    of(account) {
      const known = lines.get(account);
      if (known !== undefined) return known;
      const line = createAccountLine({
        name: account,
        concurrency: options.concurrency,
        monotonicMs: options.monotonicMs,
        onHeard: (heard) => options.onHeard?.(account, heard),
      });
      lines.set(account, line);
      return line;
    },
    outage: (account) => lines.get(account)?.outage() ?? null,
  };
}
