import { createAccountLine } from '../../src/adapters/wallets/account-line.ts';
import type { NoAnswer, NoAnswerReason, Unclear } from '../../src/domain/wallet-answer.ts';
import type { WalletName } from '../../src/domain/wallets.ts';
import type { CallLimit, WalletGateway } from '../../src/ports/wallet.ts';
import type { Heard, Outage as SeenOutage } from '../../src/ports/wallet-directory.ts';
import { shortenedByMs } from './clocks.ts';
import type { Life } from './gateway-process.ts';
import { outageNames } from './outage.ts';
import { partitionNames } from './partitions.ts';
import { type CallFaults, callFaultNames, type WalletCall } from './plan.ts';
import { countMisleading, moneyCases } from './tally.ts';
import { hidesForMs } from './wallet-model.ts';
import { closesLateMsMax } from './wallet-traits.ts';
import type { World } from './world.ts';

/** What the gateway may take for granted: no delayed call arrives later than the sent expiry and this. RES-20. */
const expiryGraceMs = 5 * 60_000;

/** How far beyond the horizon a `pay` may arrive in the seeds that break what the gateway takes for granted. */
const beyondHorizonMs = 20 * 60 * 60_000;

/** Latest late arrival of a call that is harmless at any time. */
const lateMs = 5 * 60_000;

export interface ReachedWallet {
  readonly gateway: WalletGateway;
  /** What this life has learnt of the wallet's one account. */
  outage(): SeenOutage | null;
}

/** Few calls are made in a run: so many tell already that nothing is answered. */
const callsMin = 4;

/** More than are ever under way. */
const concurrency = 1_000;

/**
 * A wallet as one life of a process reaches it: by the adapters' own line, which learns whether the account answers; through
 * its own work before the bytes leave; and a network that loses, delays, repeats and garbles. Limits are kept as the adapter
 * keeps them, on the process's monotonic clock.
 */
export function createWalletGateway(
  world: World,
  life: Life,
  name: WalletName,
  onHeard: (heard: Heard) => void,
): ReachedWallet {
  const { scheduler, databaseClock, random, plan, trace, tally } = world;
  const wallet = world.wallets[name];
  const line = createAccountLine({
    name: 'sandbox',
    concurrency,
    callsMin,
    monotonicMs: life.monotonicMs,
    onHeard,
  });

  /** The outage that holds now. */
  const outageNow = (): keyof typeof outageNames | null => {
    const { outage, startMs } = plan;
    if (outage?.wallet !== name) return null;
    const atMs = scheduler.nowMs() - startMs;
    return atMs >= outage.fromMs && atMs < outage.untilMs ? outage.kind : null;
  };

  const lateArrivalMs = (latestInMs: number): number => {
    const { lateArrival } = plan;
    switch (lateArrival) {
      case 'any':
        return Math.min(random.magnitude(500, Math.max(501, latestInMs)), latestInMs);
      case 'soon':
        return Math.min(random.integer(500, 15_000), latestInMs);
      case 'last':
        return Math.max(0, latestInMs - random.magnitude(1, 10_000));
      default:
        return lateArrival satisfies never;
    }
  };

  /**
   * What no delay in the network takes of the grace after the sent expiry. A database's clock that is ahead of the wallet's
   * names a time that the wallet has still before it: there a call that arrives late may not be found at first.
   */
  const keptForClocksMs = (): number => {
    const aheadMs = databaseClock.nowMs() - scheduler.nowMs() - plan.clocks.walletAheadMs[name];
    return shortenedByMs(plan.clocks) + (aheadMs > expiryGraceMs - closesLateMsMax ? hidesForMs : 0);
  };

  /**
   * `latestMs`: the last time at which the request can arrive; `assumedLatestMs`: when the gateway takes for granted
   * that it cannot.
   */
  const call = <Answer extends { readonly kind: string }>(
    kind: WalletCall,
    about: string,
    limit: CallLimit,
    serve: () => Answer,
    latestMs = scheduler.nowMs() + lateMs,
    assumedLatestMs = Number.POSITIVE_INFINITY,
  ): Promise<Answer | Unclear | NoAnswer> =>
    new Promise((resolve) => {
      if (!life.isAlive()) return;
      const faults = world.faultsHold();
      const weights = plan.calls[kind];
      const happens = (fault: keyof CallFaults): boolean => {
        if (!faults || !random.chance(weights[fault])) return false;
        tally.count(`fault of ${kind}`, callFaultNames[fault]);
        return true;
      };
      let answered = false;
      const settle = (answer: Answer | Unclear | NoAnswer): void => {
        if (answered) return;
        answered = true;
        trace.add(life.name, `${kind} answered`, [about, answer]);
        resolve(answer);
      };

      const send = (): void => {
        const monotonicMs = life.monotonicMs();
        if (monotonicMs > limit.sendBeforeMs) {
          if (kind === 'pay') tally.count('money case', moneyCases[2]);
          settle(noAnswer('not_sent', 'the time to send it had passed'));
          return;
        }
        const outage = outageNow();
        if (outage !== null) tally.count('fault', outageNames[outage]);
        const cut = life.cutOff('wallets');
        const isCutOff = cut?.loses === 'both ways';
        if (isCutOff) life.noteCutOff(cut);
        if (outage === 'refuses' || (isCutOff && !cut.hangs)) {
          settle(noAnswer('not_sent', 'connection refused'));
          return;
        }
        if (happens('notSent')) {
          settle(noAnswer('not_sent', 'connection refused'));
          return;
        }
        const sentAtMs = scheduler.nowMs();
        const give = (delayMs: number, answer: Answer | Unclear | NoAnswer): void => {
          scheduler.after(delayMs, () => {
            if (answered) return;
            if (life.cutOff('wallets') !== null) {
              tally.count('fault', partitionNames.walletAnswers);
              return;
            }
            if (faults && random.chance(plan.processes.stall)) life.stall();
            life.enter(() => {
              scheduler.cancel(deadline);
              settle(answer);
            });
          });
        };
        const deadline = scheduler.after(life.trueMs(limit.answerBeforeMs - monotonicMs), () =>
          life.enter(() => settle(noAnswer('timeout', `no answer to ${kind}`))),
        );
        const arrive = (delayMs: number, back: (answer: Answer) => void): void => {
          scheduler.after(delayMs, () => {
            const answer = serve();
            trace.add(name, kind, [about, answer]);
            back(answer);
          });
        };
        const legMs = (): number => random.integer(2, plan.networkMsMax);
        const nothing = (): void => {};

        if (outage === 'hangs' || isCutOff || happens('requestLost')) return;
        if (happens('unclearUndone')) {
          give(legMs() + legMs(), systemError);
          return;
        }
        const late = happens('requestLate');
        // It may have been sent too late to arrive later still.
        const arrivalMs = late && latestMs > sentAtMs ? lateArrivalMs(latestMs - sentAtMs) : legMs();
        if (sentAtMs + arrivalMs >= assumedLatestMs) tally.count('fault', 'pay beyond the horizon');
        if (happens('requestRepeated')) {
          const repeatMs = random.magnitude(1, Math.max(2, latestMs - sentAtMs - arrivalMs));
          if (sentAtMs + arrivalMs + repeatMs <= latestMs) arrive(arrivalMs + repeatMs, nothing);
        }
        if (happens('connectionLost')) {
          give(legMs(), noAnswer('connection_lost', 'connection reset'));
          if (random.chance(0.5)) arrive(arrivalMs, nothing);
          return;
        }
        arrive(arrivalMs, (answer) => {
          if (happens('answerLost')) return;
          const backMs = happens('answerLate') ? random.magnitude(250, 16_000) : legMs();
          if (happens('unclear')) {
            if (answer.kind === 'paid') countMisleading(tally, 'systemErrorPaid');
            give(backMs, systemError);
          } else if (happens('untrusted')) {
            give(backMs, noAnswer('untrusted', 'bad signature'));
          } else if (happens('malformed')) {
            countMisleading(tally, 'htmlPage');
            give(backMs, noAnswer('malformed', 'an HTML page'));
          } else give(backMs, answer);
        });
        // It may die with the request on its way.
        if (faults && random.chance(plan.processes.crash / 2)) life.crash(`after sending ${kind}`);
      };

      if (faults && random.chance(plan.processes.crash / 2)) {
        life.crash(`before sending ${kind}`);
        return;
      }
      // Signing, and waiting for a connection.
      const { stall, stallBeforePay } = plan.processes;
      const stalls = kind === 'pay' ? Math.max(stall, stallBeforePay) : stall;
      scheduler.after(random.integer(0, 5), () => {
        if (faults && random.chance(stalls)) life.stall();
        life.enter(send);
      });
    });

  const resolving = <Answer extends { readonly kind: string }>(
    limit: CallLimit,
    send: () => Promise<Answer | NoAnswer>,
  ): Promise<Answer | NoAnswer> => line.call('resolution', limit, send);

  const gateway: WalletGateway = {
    pay(request, limit) {
      const horizonMs = databaseClock.whenMs(request.expiresAt.getTime() + expiryGraceMs);
      const beyond = world.faultsHold() && random.chance(plan.payBeyondHorizon);
      const latestMs = beyond ? horizonMs + beyondHorizonMs : horizonMs - 1 - keptForClocksMs();
      const serve = () => {
        const answer = wallet.pay(request);
        const outcome = {
          kind: 'paid',
          walletTransactionId: 'rumour',
          amount: request.amount,
          paidAt: null,
        } as const;
        const { account, requestId } = request;
        world.notices.rumoured({ wallet: name, account, requestId, outcome });
        return answer;
      };
      return line.call('payment', limit, () =>
        call('pay', request.requestId, limit, serve, latestMs, horizonMs),
      );
    },
    inquire: (payment, limit) =>
      resolving(limit, () => call('inquire', payment.requestId, limit, () => wallet.inquire(payment))),
    cancel: (payment, limit) =>
      resolving(limit, () => call('cancel', payment.requestId, limit, () => wallet.cancel(payment))),
    async refund(request, limit) {
      if (name === 'alipay_plus' && request.walletTransactionId === null) {
        throw new RangeError('this wallet refunds by its own id of the payment, and that is not known');
      }
      return resolving(limit, () =>
        call('refund', request.refundRequestId, limit, () => wallet.refund(request)),
      );
    },
    inquireRefund: (request, limit) =>
      resolving(limit, () =>
        call('inquire_refund', request.refundRequestId, limit, () => wallet.inquireRefund(request)),
      ),
  };
  return {
    gateway,
    outage: () => line.outage(),
  };
}

const systemError: Unclear = { kind: 'unclear', code: 'ACQ.SYSTEM_ERROR', message: 'system error' };

function noAnswer(reason: NoAnswerReason, detail: string): NoAnswer {
  return { kind: 'no_answer', reason, detail };
}
