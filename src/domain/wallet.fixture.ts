import { awaitingPayer, nothingNamed, paid, refundInstead, refused, unclear } from './inputs.fixture.ts';
import type {
  CancelAnswer,
  InquiryAnswer,
  PayAnswer,
  RefundAnswer,
  RefundInquiryAnswer,
} from './wallet-answer.ts';

/*
 * An honest wallet with the Open Platform's habits, for tests of the domain alone: it holds the truth about one
 * payment and answers every call truthfully, as of the moment at which the call arrives.
 */

export interface WalletHabits {
  /** What becomes of the payment when its call arrives. `asked`: the payer must confirm. */
  readonly onPay: 'paid' | 'asked' | 'refused';
  /** From then on a cancel of a paid payment is refused: the window has passed. */
  readonly cancelBarredFromMs: number;
  /** So many inquiries do not find the payment although it is there. */
  readonly blindInquiries: number;
}

export interface Wallet {
  /** Money that the payer has paid and not got back. */
  readonly held: () => bigint;
  readonly pay: (atMs: number) => PayAnswer;
  readonly confirm: () => void;
  readonly inquire: () => InquiryAnswer;
  readonly cancel: (atMs: number) => CancelAnswer;
  readonly refund: (id: string, amountMinor: bigint) => RefundAnswer;
  readonly inquireRefund: (id: string) => RefundInquiryAnswer;
  readonly expire: () => void;
}

export function exampleWallet(amountMinor: bigint, habits: WalletHabits): Wallet {
  let state: 'none' | 'waiting' | 'paid' | 'closed' = 'none';
  let expired = false;
  let blind = habits.blindInquiries;
  const refunds = new Map<string, bigint>();
  const refunded = (): bigint => [...refunds.values()].reduce((sum, one) => sum + one, 0n);

  return {
    held: () => (state === 'paid' ? amountMinor - refunded() : 0n),
    pay() {
      if (expired || habits.onPay === 'refused') return refused('payer');
      if (state !== 'none') return unclear;
      state = habits.onPay === 'paid' ? 'paid' : 'waiting';
      return state === 'paid' ? paid : awaitingPayer;
    },
    confirm() {
      if (state === 'waiting') state = 'paid';
    },
    inquire() {
      if (state !== 'none' && blind > 0) {
        blind -= 1;
        return { kind: 'not_found' };
      }
      switch (state) {
        case 'none':
          return { kind: 'not_found' };
        case 'waiting':
          return awaitingPayer;
        case 'paid':
          return paid;
        case 'closed':
          return { kind: 'closed', walletTransactionId: paid.walletTransactionId };
        default:
          return state satisfies never;
      }
    },
    cancel(atMs) {
      switch (state) {
        case 'none':
        case 'closed':
          return nothingNamed;
        case 'waiting':
          state = 'closed';
          return { kind: 'effected', action: 'closed' };
        case 'paid':
          if (atMs >= habits.cancelBarredFromMs || refunded() > 0n) return refundInstead;
          state = 'closed';
          return { kind: 'effected', action: 'refunded' };
        default:
          return state satisfies never;
      }
    },
    refund(id, refundMinor) {
      if (refunds.has(id)) return { kind: 'repeated' };
      if (state !== 'paid' || refunded() + refundMinor > amountMinor) return refused('merchant');
      refunds.set(id, refundMinor);
      if (refunded() === amountMinor) state = 'closed';
      return { kind: 'refunded' };
    },
    inquireRefund(id) {
      const minor = refunds.get(id);
      return minor === undefined
        ? { kind: 'not_found' }
        : { kind: 'refunded', amount: { currency: 'CNY', minor } };
    },
    expire() {
      expired = true;
      if (state === 'waiting') state = 'closed';
    },
  };
}
