import type { Money } from '../../src/domain/money.ts';
import type { RefundAnswer, RefundInquiryAnswer } from '../../src/domain/wallet-answer.ts';
import type { RefundRequest } from '../../src/ports/wallet.ts';
import { moneyCases } from './tally.ts';
import { refused, type WalletSurroundings } from './wallet-model.ts';
import type { AlipayPlusTraits } from './wallet-traits.ts';

/** `paymentStatus` as an inquiry shows it. It stays `SUCCESS` after refunds. */
export type PlusStatus = 'PROCESSING' | 'SUCCESS' | 'FAIL' | 'CANCELLED';

/** What a refund needs of its payment. */
export interface Refundable {
  readonly amount: Money;
  readonly refunds: Map<string, PlusRefund>;
  status: PlusStatus;
}

interface PlusRefund {
  readonly minor: bigint;
  readonly atMs: number;
  state: 'in_process' | 'refunded' | 'failed';
  readonly code: string;
}

/**
 * So many refund ids of one payment fail for good at most, but for those that a short position fails: the waits between
 * a reversal's ids double, and what is undone is given back in the end.
 */
const spentIdsMax = 6;

/** The refunds of Alipay+: what an id led to once, it leads to for ever. */
export function createPlusRefunds<Payment extends Refundable>(
  { scheduler, random, tally }: WalletSurroundings,
  traits: AlipayPlusTraits,
  books: {
    inPosition(): boolean;
    giveBack(payment: Payment, minor: bigint, by: string): void;
  },
) {
  const spentIds = new Set<string>();

  const settle = (payment: Payment, id: string, refund: PlusRefund): void => {
    if (refund.code === 'SUCCESS') {
      refund.state = 'refunded';
      tally.count('wallet', 'refunds');
      books.giveBack(payment, refund.minor, id);
      return;
    }
    refund.state = 'failed';
    spentIds.add(id);
    tally.count('wallet', 'lets a refund id fail for good');
  };

  /** What a refund of this id leads to, decided when it first arrives. */
  const codeOf = (payment: Payment, id: string): string => {
    if (!books.inPosition()) {
      tally.count('wallet', 'position is short');
      return 'MERCHANT_BALANCE_NOT_ENOUGH';
    }
    const isMerchants = id.startsWith('R');
    let spent = 0;
    for (const { code } of payment.refunds.values()) if (code !== 'SUCCESS') spent += 1;
    const fails = random.chance(isMerchants ? traits.refusesRefund : traits.spendsRefundId);
    if (!fails || (!isMerchants && spent >= spentIdsMax)) return 'SUCCESS';
    return random.pick(['PROCESS_FAIL', 'RISK_REJECT']);
  };

  const answerOf = (refund: PlusRefund): RefundAnswer => {
    switch (refund.state) {
      case 'refunded':
        return { kind: 'refunded' };
      case 'failed':
        // Where the refund inquiry will name the failure, the code may say no more than that it is one.
        return traits.namesFailedRefunds && refund.code === 'RISK_REJECT'
          ? refused(refund.code, 'operator')
          : { kind: 'spent', code: refund.code, message: 'failed for good' };
      case 'in_process':
        // REFUND_IN_PROCESS: not to be repeated, only to be inquired.
        return { kind: 'repeated' };
      default:
        return refund.state satisfies never;
    }
  };

  return {
    spentIds,

    refund(payment: Payment, request: RefundRequest): RefundAnswer {
      const id = request.refundRequestId;
      const earlier = payment.refunds.get(id);
      if (earlier !== undefined) {
        tally.count('wallet', 'is told to refund again');
        tally.count('money case', moneyCases[6]);
        // REPEAT_REQ_INCONSISTENT: only the refund inquiry can tell.
        return earlier.minor === request.refundAmount.minor ? answerOf(earlier) : { kind: 'repeated' };
      }
      if (payment.status === 'CANCELLED') return refused('ORDER_IS_CANCELED', 'merchant');
      if (payment.status !== 'SUCCESS') return refused('ORDER_STATUS_INVALID', 'merchant');
      if (onTheWayBack(payment) + request.refundAmount.minor > payment.amount.minor) {
        tally.count('wallet', 'is told to refund too much');
        return refused('REFUND_AMOUNT_EXCEED', 'merchant');
      }
      const refund: PlusRefund = {
        minor: request.refundAmount.minor,
        atMs: scheduler.nowMs(),
        state: 'in_process',
        code: codeOf(payment, id),
      };
      payment.refunds.set(id, refund);
      if (random.chance(traits.refundsSlowly)) {
        scheduler.after(random.magnitude(100, 60_000), () => settle(payment, id, refund));
      } else settle(payment, id, refund);
      return answerOf(refund);
    },

    inquire(payment: Payment, { refundRequestId, amount }: RefundRequest): RefundInquiryAnswer {
      const refund = payment.refunds.get(refundRequestId);
      if (refund === undefined || scheduler.nowMs() < refund.atMs + traits.refundShowsAfterMs) {
        return { kind: 'not_found' };
      }
      switch (refund.state) {
        case 'in_process':
          return { kind: 'unclear', code: 'PROCESSING', message: 'the refund is in process' };
        case 'refunded':
          return { kind: 'refunded', amount: { currency: amount.currency, minor: refund.minor } };
        case 'failed':
          return traits.namesFailedRefunds
            ? { kind: 'failed', code: refund.code, message: 'failed for good' }
            : { kind: 'not_found' };
        default:
          return refund.state satisfies never;
      }
    },
  };
}

/** Money that was given back, or is on its way back. */
export function onTheWayBack({ refunds }: Refundable): bigint {
  let minor = 0n;
  for (const refund of refunds.values()) if (refund.state !== 'failed') minor += refund.minor;
  return minor;
}
