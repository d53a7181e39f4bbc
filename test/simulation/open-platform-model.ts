import type { Money } from '../../src/domain/money.ts';
import type { NotifiedOutcome, PayAnswer } from '../../src/domain/wallet-answer.ts';
import type { PayRequest } from '../../src/ports/wallet.ts';
import { createPayers } from './payers.ts';
import { countMisleading, moneyCases } from './tally.ts';
import { type LedgerSubject, ledgerSubject } from './wallet-ledger.ts';
import {
  hidesForMs,
  paidAnswer,
  refused,
  type WalletModel,
  type WalletSurroundings,
} from './wallet-model.ts';
import type { OpenPlatformTraits } from './wallet-traits.ts';

type TradeStatus = 'WAIT_BUYER_PAY' | 'TRADE_SUCCESS' | 'TRADE_CLOSED';

interface Trade extends LedgerSubject {
  readonly account: string;
  readonly transactionId: string;
  readonly amount: Money;
  readonly expiresAtMs: number;
  readonly isNotified: boolean;
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

/** An order code: nothing is a trade before somebody scans it. */
interface OrderCode {
  readonly request: PayRequest;
  /** So long the trade lives from its scan. */
  readonly lifeMs: number;
  readonly diesAtMs: number;
}

/** A code can be scanned so long, whatever expiry was sent with it. */
const codeLifeMs = 2 * 60 * 60_000;

/** Alipay's Open Platform: trades by payment code (`trade.pay`) and by order code (`trade.precreate`). */
export function createOpenPlatformModel(
  { scheduler, clock, random, tally, ledger, startMs, notify }: WalletSurroundings,
  traits: OpenPlatformTraits,
): WalletModel {
  const trades = new Map<string, Trade>();
  const codes = new Map<string, OrderCode>();
  const spentCodes = new Set<string>();
  const cancelledInVain = new Set<string>();
  const refusedRefunds = new Map<string, boolean>();
  const payers = createPayers(scheduler, random, tally, traits);

  const tell = (trade: Trade, outcome: NotifiedOutcome): void => {
    if (!trade.isNotified) return;
    notify({ wallet: 'alipay_open', account: trade.account, requestId: trade.requestId, outcome });
  };

  const tellChange = (trade: Trade, outcome: NotifiedOutcome): void => {
    if (random.chance(traits.notifiesChanges)) tell(trade, outcome);
  };

  const close = (trade: Trade, by: string, atMs = scheduler.nowMs()): void => {
    trade.status = 'TRADE_CLOSED';
    ledger.enter(trade, 'closed', 0n, by, atMs);
    tellChange(trade, { kind: 'not_paid', code: 'TRADE_CLOSED', message: by });
  };

  const charge = (trade: Trade, by: string): void => {
    trade.status = 'TRADE_SUCCESS';
    trade.paidAtMs = scheduler.nowMs();
    ledger.enter(trade, 'charged', trade.amount.minor, by, scheduler.nowMs());
    tell(trade, paidAnswer(trade, clock));
  };

  const giveBack = (trade: Trade, minor: bigint, by: string): void => {
    trade.refundedMinor += minor;
    ledger.enter(trade, 'given_back', minor, by, scheduler.nowMs());
    if (trade.refundedMinor === trade.amount.minor) close(trade, by);
    // A partial refund is told as a trade that is paid.
    else tellChange(trade, paidAnswer(trade, clock));
  };

  /** The trade as it is now: one that nobody has paid in time is closed. */
  const found = (requestId: string): Trade | null => {
    const trade = trades.get(requestId) ?? null;
    if (trade?.status === 'WAIT_BUYER_PAY' && scheduler.nowMs() >= trade.expiresAtMs) {
      close(trade, 'expiry', trade.expiresAtMs);
    }
    return trade;
  };

  const opened = (request: PayRequest, lifeMs: number, by: string): Trade => {
    const nowMs = scheduler.nowMs();
    const trade: Trade = {
      ...ledgerSubject(request),
      account: request.account,
      transactionId: `20260115220014${(trades.size + 1).toString().padStart(14, '0')}`,
      amount: request.amount,
      expiresAtMs: traits.closesAtSentTime ? clock.whenMs(request.expiresAt) : nowMs + lifeMs,
      isNotified: request.start.product === 'order_code' || random.chance(traits.notifiesPaymentCodes),
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
    ledger.enter(trade, 'opened', trade.amount.minor, by, nowMs);
    if (cancelledInVain.has(trade.requestId)) tally.count('money case', moneyCases[1]);
    return trade;
  };

  const ask = (trade: Trade): void => {
    payers.ask({
      closesAtMs: trade.expiresAtMs,
      isOpen: () => found(trade.requestId)?.status === 'WAIT_BUYER_PAY',
      confirm: () => charge(trade, 'payer'),
      refuse: () => close(trade, 'payer'),
    });
  };

  const precreated = (request: PayRequest, lifeMs: number): PayAnswer => {
    const value = `https://qr.alipay.com/bax${request.requestId}`;
    if (codes.has(value)) {
      return { kind: 'unclear', code: 'ACQ.APPLY_PC_MERCHANT_CODE_ERROR', message: 'the code was issued' };
    }
    const diesAtMs = traits.closesAtSentTime
      ? clock.whenMs(request.expiresAt)
      : scheduler.nowMs() + codeLifeMs;
    codes.set(value, { request, lifeMs, diesAtMs });
    tally.count('wallet', 'issues a code that is no trade yet');
    const action = { kind: 'show_code', value, expiresAt: request.expiresAt } as const;
    return { kind: 'issued', action, walletTransactionId: null, known: false };
  };

  const inPosition = (): boolean => scheduler.nowMs() >= startMs + traits.positionShortForMs;

  return {
    pay(request) {
      const { start } = request;
      const before = found(request.requestId);
      if (before !== null) return answerToRepeatedPay(before);
      if (traits.closesAtSentTime && scheduler.nowMs() >= clock.whenMs(request.expiresAt)) {
        return refused('ACQ.NOW_TIME_AFTER_EXPIRE_TIME_ERROR', 'operator');
      }
      const sentMs = request.expiresAt.getTime() - request.requestedAt.getTime();
      const minutes = Math.max(1, Math.ceil(sentMs / 60_000));
      if (start.product === 'order_code') return precreated(request, minutes * 60_000);
      if (start.product === 'entry_code') throw new Error('the Open Platform has no entry codes here');
      const fate = payers.fateOf(start.paymentCode);
      if (traits.codesAreSpent && spentCodes.has(start.paymentCode)) {
        return refused('ACQ.PAYMENT_AUTH_CODE_INVALID', 'payer');
      }
      spentCodes.add(start.paymentCode);
      if (fate === 'declines') {
        tally.count('payer', 'is declined');
        return refused('ACQ.BUYER_BALANCE_NOT_ENOUGH', 'payer');
      }
      const trade = opened(request, minutes * 60_000, 'pay');
      if (fate === 'asks') {
        ask(trade);
        return { kind: 'awaiting_payer', walletTransactionId: trade.transactionId };
      }
      charge(trade, 'pay');
      return paidAnswer(trade, clock);
    },

    payerComes(issued) {
      const code = codes.get(issued);
      if (code === undefined) return;
      const { request, diesAtMs, lifeMs } = code;
      const before = found(request.requestId);
      if (before !== null && before.status !== 'WAIT_BUYER_PAY') {
        tally.count('payer', 'scans what is paid or closed');
        return;
      }
      if (before === null && scheduler.nowMs() >= diesAtMs) {
        tally.count('payer', 'scans a dead code');
        return;
      }
      const trade = before ?? opened(request, lifeMs, 'scan');
      if (before === null) {
        tellChange(trade, { kind: 'awaiting_payer', walletTransactionId: trade.transactionId });
      } else tally.count('payer', 'scans what another one has scanned');
      ask(trade);
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
          return paidAnswer(trade, clock);
        case 'TRADE_CLOSED':
          countMisleading(tally, trade.paidAtMs === null ? 'closedUnpaid' : 'closedPaid');
          return { kind: 'closed', walletTransactionId: trade.transactionId };
        default:
          return trade.status satisfies never;
      }
    },

    cancel(payment) {
      const trade = found(payment.requestId);
      if (trade === null) {
        tally.count('wallet', 'finds nothing to cancel');
        cancelledInVain.add(payment.requestId);
        return { kind: 'nothing_named' };
      }
      const outOfWindow =
        trade.paidAtMs !== null && scheduler.nowMs() > trade.paidAtMs + traits.cancelWindowMs;
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
          if (outOfWindow && traits.windowFirst) return tooLate;
          return trade.cancelled !== null && traits.namesRepeatedCancel
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

    statusOf: (requestId) => found(requestId)?.status ?? null,
    refundsOf: (requestId) => trades.get(requestId)?.refunds ?? new Map(),
    // A refund that is refused here may be made again under the same id.
    spentRefundIds: new Set(),
  };

  /** Merchants' refunds alone: what remains of a payment that is undone is always given back in the end. */
  function isRefusedForGood(refundRequestId: string): boolean {
    if (!refundRequestId.startsWith('R')) return false;
    const refusedBefore = refusedRefunds.get(refundRequestId) ?? random.chance(traits.refusesRefund);
    refusedRefunds.set(refundRequestId, refusedBefore);
    return refusedBefore;
  }
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
