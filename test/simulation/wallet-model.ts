import type { Money } from '../../src/domain/money.ts';
import type {
  CancelAnswer,
  InquiryAnswer,
  PayAnswer,
  RefundAnswer,
  RefundInquiryAnswer,
} from '../../src/domain/wallet-answer.ts';
import type { PaymentReference, PayRequest, RefundRequest } from '../../src/ports/wallet.ts';
import type { WalletTraits } from './plan.ts';
import type { Random } from './random.ts';
import type { Scheduler } from './scheduler.ts';
import { moneyCases, type Tally } from './tally.ts';

/**
 * What has happened to a trade and its payer's money: the truth that everybody else must agree with. An unpaid trade
 * is `opened` and may be charged until it is `closed`; a paid one is closed when all was given back.
 */
export interface WalletEntry {
  readonly atMs: number;
  readonly requestId: string;
  readonly merchantOrderNo: string;
  readonly kind: 'opened' | 'charged' | 'given_back' | 'closed';
  readonly minor: bigint;
  /** How it came about: `pay`, `payer`, `cancel`, `expiry`, or the id of a refund. */
  readonly by: string;
}

export type TradeStatus = 'WAIT_BUYER_PAY' | 'TRADE_SUCCESS' | 'TRADE_CLOSED';

interface Trade {
  readonly requestId: string;
  readonly merchantOrderNo: string;
  readonly transactionId: string;
  readonly amount: Money;
  readonly expiresAtMs: number;
  status: TradeStatus;
  /** Whether it was ever paid. */
  paidAtMs: number | null;
  cancelled: 'closed' | 'refunded' | null;
  refundedMinor: bigint;
  readonly refunds: Map<string, { readonly minor: bigint; readonly atMs: number }>;
  lastRefundAtMs: number;
  readonly createdAtMs: number;
  hiddenInquiries: number;
}

export interface WalletModel {
  pay(request: PayRequest, sentAtMs: number): PayAnswer;
  inquire(payment: PaymentReference): InquiryAnswer;
  cancel(payment: PaymentReference): CancelAnswer;
  refund(request: RefundRequest): RefundAnswer;
  inquireRefund(request: RefundRequest): RefundInquiryAnswer;
  /** Everything that has happened, in the order in which the wallet noticed it. */
  readonly log: readonly WalletEntry[];
  statusOf(requestId: string): TradeStatus | null;
  /** Refund ids that were executed, with their amounts. */
  refundsOf(requestId: string): ReadonlyMap<string, { readonly minor: bigint }>;
}

/** After that every inquiry finds what is there. */
const hidesForMs = 60_000;

/**
 * The Open Platform's trades as a model: what each call does and answers when it arrives. It knows nothing of who
 * calls, of retries, or of answers that get lost. Written from the platform's documents, not from the gateway.
 */
export function createWalletModel(
  scheduler: Scheduler,
  random: Random,
  traits: WalletTraits,
  startMs: number,
  tally: Tally,
): WalletModel {
  const trades = new Map<string, Trade>();
  const log: WalletEntry[] = [];
  const spentCodes = new Set<string>();
  const fatesOfCodes = new Map<string, 'pays' | 'asks' | 'declines'>();
  const cancelledInVain = new Set<string>();
  const refusedRefunds = new Map<string, boolean>();

  const enter = (
    trade: Trade,
    kind: WalletEntry['kind'],
    minor: bigint,
    by: string,
    atMs = scheduler.nowMs(),
  ): void => {
    const { requestId, merchantOrderNo } = trade;
    log.push({ atMs, requestId, merchantOrderNo, kind, minor, by });
  };

  const close = (trade: Trade, by: string, atMs?: number): void => {
    trade.status = 'TRADE_CLOSED';
    enter(trade, 'closed', 0n, by, atMs);
  };

  const charge = (trade: Trade, by: string): void => {
    trade.status = 'TRADE_SUCCESS';
    trade.paidAtMs = scheduler.nowMs();
    enter(trade, 'charged', trade.amount.minor, by);
  };

  const giveBack = (trade: Trade, minor: bigint, by: string): void => {
    trade.refundedMinor += minor;
    enter(trade, 'given_back', minor, by);
    if (trade.refundedMinor === trade.amount.minor) close(trade, by);
  };

  /** The trade as it is now: one that nobody has paid in time is closed. */
  const found = (requestId: string): Trade | null => {
    const trade = trades.get(requestId) ?? null;
    if (trade?.status === 'WAIT_BUYER_PAY' && scheduler.nowMs() >= trade.expiresAtMs) {
      close(trade, 'expiry', trade.expiresAtMs);
    }
    return trade;
  };

  const askPayer = (trade: Trade): void => {
    const draw = random.fraction();
    const delayMs = random.magnitude(1_000, traits.payerMsMax);
    if (draw < traits.payerConfirms) {
      scheduler.after(delayMs, () => {
        if (found(trade.requestId)?.status !== 'WAIT_BUYER_PAY') return;
        tally.count('payer', 'confirms');
        charge(trade, 'payer');
      });
    } else if (draw < traits.payerConfirms + traits.payerRefuses) {
      scheduler.after(delayMs, () => {
        if (found(trade.requestId)?.status !== 'WAIT_BUYER_PAY') return;
        tally.count('payer', 'refuses');
        close(trade, 'payer');
      });
    } else {
      tally.count('payer', 'dawdles');
    }
  };

  const inPosition = (): boolean => scheduler.nowMs() >= startMs + traits.positionShortForMs;

  return {
    pay(request, sentAtMs) {
      const nowMs = scheduler.nowMs();
      const before = found(request.requestId);
      if (before !== null) return answerToRepeatedPay(before);
      if (traits.closesAtSentTime && nowMs >= request.expiresAt.getTime()) {
        return refused('ACQ.NOW_TIME_AFTER_EXPIRE_TIME_ERROR', 'operator');
      }
      const fate = fatesOfCodes.get(request.paymentCode) ?? drawFate(random, traits);
      fatesOfCodes.set(request.paymentCode, fate);
      if (traits.codesAreSpent && spentCodes.has(request.paymentCode)) {
        return refused('ACQ.PAYMENT_AUTH_CODE_INVALID', 'payer');
      }
      spentCodes.add(request.paymentCode);
      if (fate === 'declines') {
        tally.count('payer', 'is declined');
        return refused('ACQ.BUYER_BALANCE_NOT_ENOUGH', 'payer');
      }
      const lifeMs = Math.ceil((request.expiresAt.getTime() - sentAtMs) / 60_000) * 60_000;
      const trade: Trade = {
        requestId: request.requestId,
        merchantOrderNo: request.merchantOrderNo,
        transactionId: `20260115220014${(trades.size + 1).toString().padStart(14, '0')}`,
        amount: request.amount,
        expiresAtMs: traits.closesAtSentTime ? request.expiresAt.getTime() : nowMs + Math.max(lifeMs, 60_000),
        status: 'WAIT_BUYER_PAY',
        paidAtMs: null,
        cancelled: null,
        refundedMinor: 0n,
        refunds: new Map(),
        lastRefundAtMs: 0,
        createdAtMs: nowMs,
        hiddenInquiries: random.chance(traits.hidesAtFirst) ? random.integer(1, 3) : 0,
      };
      trades.set(trade.requestId, trade);
      enter(trade, 'opened', trade.amount.minor, 'pay');
      if (cancelledInVain.has(trade.requestId)) tally.count('money case', moneyCases[1]);
      if (fate === 'asks') {
        tally.count('payer', 'is asked');
        askPayer(trade);
        return { kind: 'awaiting_payer', walletTransactionId: trade.transactionId };
      }
      charge(trade, 'pay');
      return paid(trade);
    },

    inquire(payment) {
      const trade = found(payment.requestId);
      if (trade === null) return { kind: 'not_found' };
      if (trade.hiddenInquiries > 0 && scheduler.nowMs() < trade.createdAtMs + hidesForMs) {
        trade.hiddenInquiries -= 1;
        tally.count('fault', 'inquiry does not find at first');
        return { kind: 'not_found' };
      }
      switch (trade.status) {
        case 'WAIT_BUYER_PAY':
          return { kind: 'awaiting_payer', walletTransactionId: trade.transactionId };
        case 'TRADE_SUCCESS':
          return paid(trade);
        case 'TRADE_CLOSED':
          return { kind: 'closed', walletTransactionId: trade.transactionId };
        default:
          return trade.status satisfies never;
      }
    },

    cancel(payment) {
      const nowMs = scheduler.nowMs();
      const trade = found(payment.requestId);
      if (trade === null) {
        tally.count('wallet', 'finds nothing to cancel');
        cancelledInVain.add(payment.requestId);
        return { kind: 'nothing_named' };
      }
      const outOfWindow = trade.paidAtMs !== null && nowMs > trade.paidAtMs + traits.cancelWindowMs;
      const tooLate = {
        kind: 'refund_instead',
        code: 'ACQ.TRADE_CANCEL_TIME_OUT',
        message: 'the cancel window has passed',
      } as const;
      switch (trade.status) {
        case 'WAIT_BUYER_PAY':
          close(trade, 'cancel');
          trade.cancelled = 'closed';
          tally.count('wallet', 'cancels an unpaid payment');
          return { kind: 'effected', action: 'closed' };
        case 'TRADE_SUCCESS':
          if (trade.refundedMinor > 0n) {
            return {
              kind: 'refund_instead',
              code: 'ACQ.REASON_TRADE_REFUND_FEE_ERR',
              message: 'a refund has happened',
            };
          }
          if (outOfWindow) {
            tally.count('wallet', 'cancel window has passed');
            return tooLate;
          }
          if (!inPosition()) {
            tally.count('wallet', 'position is short');
            return { kind: 'later', code: 'ACQ.SELLER_BALANCE_NOT_ENOUGH', message: 'position' };
          }
          trade.cancelled = 'refunded';
          giveBack(trade, trade.amount.minor, 'cancel');
          tally.count('wallet', 'cancels a paid payment');
          return { kind: 'effected', action: 'refunded' };
        case 'TRADE_CLOSED':
          tally.count('wallet', 'is told to cancel what is closed');
          if (outOfWindow && traits.repeatedCancel === 'window_first') return tooLate;
          return trade.cancelled !== null && traits.repeatedCancel === 'named'
            ? { kind: 'effected', action: trade.cancelled }
            : { kind: 'nothing_named' };
        default:
          return trade.status satisfies never;
      }
    },

    refund(request) {
      const nowMs = scheduler.nowMs();
      const trade = found(request.requestId);
      if (trade === null) return refused('ACQ.TRADE_NOT_EXIST', 'merchant');
      const earlier = trade.refunds.get(request.refundRequestId);
      if (trade.status === 'TRADE_CLOSED' && (earlier === undefined || traits.closedBeforeRepeat)) {
        // ACQ.TRADE_HAS_CLOSE, which the adapter reads as a repeat: only the refund inquiry can tell.
        return { kind: 'repeated' };
      }
      const tooMuch = trade.refundedMinor + request.refundAmount.minor > trade.amount.minor;
      if (tooMuch && traits.amountBeforeRepeat) return refused('ACQ.REFUND_AMT_NOT_EQUAL_TOTAL', 'merchant');
      if (earlier !== undefined) {
        tally.count('wallet', 'is told to refund again');
        tally.count('money case', moneyCases[6]);
        // ACQ.DISCORDANT_REPEAT_REQUEST for another amount reads the same.
        return { kind: 'repeated' };
      }
      if (trade.status === 'WAIT_BUYER_PAY') return refused('ACQ.TRADE_STATUS_ERROR', 'merchant');
      if (tooMuch) {
        tally.count('wallet', 'is told to refund too much');
        return refused('ACQ.REFUND_AMT_NOT_EQUAL_TOTAL', 'merchant');
      }
      if (isRefusedForGood(request.refundRequestId)) {
        tally.count('wallet', 'refuses a refund');
        return refused('ACQ.BUYER_ERROR', 'operator');
      }
      if (!inPosition()) {
        tally.count('wallet', 'position is short');
        return { kind: 'later', code: 'ACQ.SELLER_BALANCE_NOT_ENOUGH', message: 'position' };
      }
      if (nowMs < trade.lastRefundAtMs + traits.refundSpacingMs) {
        tally.count('wallet', 'is told to refund too soon');
        return { kind: 'later', code: 'isv.app-call-limited', message: 'too soon after another refund' };
      }
      trade.lastRefundAtMs = nowMs;
      trade.refunds.set(request.refundRequestId, { minor: request.refundAmount.minor, atMs: nowMs });
      tally.count('wallet', 'refunds');
      giveBack(trade, request.refundAmount.minor, request.refundRequestId);
      return { kind: 'refunded' };
    },

    inquireRefund(request) {
      const refund = found(request.requestId)?.refunds.get(request.refundRequestId);
      if (refund === undefined || scheduler.nowMs() < refund.atMs + traits.refundShowsAfterMs) {
        return { kind: 'not_found' };
      }
      return { kind: 'refunded', amount: { currency: request.amount.currency, minor: refund.minor } };
    },

    log,
    statusOf: (requestId) => found(requestId)?.status ?? null,
    refundsOf: (requestId) => trades.get(requestId)?.refunds ?? new Map(),
  };

  /** Merchants' refunds alone: what remains of a payment that is undone is always given back in the end. */
  function isRefusedForGood(refundRequestId: string): boolean {
    if (!refundRequestId.startsWith('R')) return false;
    const refusedBefore = refusedRefunds.get(refundRequestId) ?? random.chance(traits.refusesRefund);
    refusedRefunds.set(refundRequestId, refusedBefore);
    return refusedBefore;
  }
}

function drawFate(random: Random, traits: WalletTraits): 'pays' | 'asks' | 'declines' {
  if (random.chance(traits.declines)) return 'declines';
  return random.chance(traits.asksPayer) ? 'asks' : 'pays';
}

function answerToRepeatedPay(trade: Trade): PayAnswer {
  switch (trade.status) {
    case 'WAIT_BUYER_PAY':
      return { kind: 'awaiting_payer', walletTransactionId: trade.transactionId };
    case 'TRADE_SUCCESS':
      return { kind: 'unclear', code: 'ACQ.TRADE_HAS_SUCCESS', message: 'already paid' };
    case 'TRADE_CLOSED':
      return { kind: 'unclear', code: 'ACQ.TRADE_HAS_CLOSE', message: 'closed' };
    default:
      return trade.status satisfies never;
  }
}

function paid(trade: Trade) {
  return { kind: 'paid', walletTransactionId: trade.transactionId, amount: trade.amount } as const;
}

function refused(code: string, remedy: 'payer' | 'merchant' | 'operator') {
  return { kind: 'refused', code, message: code, remedy } as const;
}
