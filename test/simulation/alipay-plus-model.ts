import type { CancelAnswer, Issued, PayAnswer } from '../../src/domain/wallet-answer.ts';
import type { PayRequest } from '../../src/ports/wallet.ts';
import { createPlusRefunds, onTheWayBack, type PlusStatus, type Refundable } from './alipay-plus-refunds.ts';
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
import type { AlipayPlusTraits } from './wallet-traits.ts';

interface PlusPayment extends LedgerSubject, Refundable {
  readonly account: string;
  readonly transactionId: string;
  readonly product: PayRequest['start']['product'];
  readonly closesAtMs: number;
  readonly isNotified: boolean;
  /** The URL or code; `null` for a payment code's payment. */
  readonly issued: Issued | null;
  status: PlusStatus;
  failure: string;
  paidAtMs: number | null;
  isCancelledAside: boolean;
  /** The payer has confirmed, and the payer's wallet has yet to say so. */
  confirmed: boolean;
  refundedMinor: bigint;
  readonly createdAtMs: number;
  hiddenLooks: number;
}

/** Alipay+ (AMS): one `pay` for payment, entry and order codes, idempotent by `paymentRequestId`. */
export function createAlipayPlusModel(around: WalletSurroundings, traits: AlipayPlusTraits): WalletModel {
  const { scheduler, clock, random, tally, ledger, startMs, notify } = around;
  const payments = new Map<string, PlusPayment>();
  const byIssued = new Map<string, PlusPayment>();
  const spentCodes = new Set<string>();
  const cancelledInVain = new Set<string>();
  const payers = createPayers(scheduler, random, tally, traits);

  const tell = (payment: PlusPayment): void => {
    const { account, requestId } = payment;
    const outcome =
      payment.paidAtMs === null
        ? ({ kind: 'not_paid', code: payment.failure, message: payment.failure } as const)
        : paidAnswer(payment, clock);
    notify({ wallet: 'alipay_plus', account, requestId, outcome });
  };

  const fail = (payment: PlusPayment, code: string, atMs = scheduler.nowMs()): void => {
    payment.status = 'FAIL';
    payment.failure = code;
    ledger.enter(payment, 'closed', 0n, code, atMs);
    if (random.chance(traits.notifiesFailures)) tell(payment);
  };

  const charge = (payment: PlusPayment, by: string): void => {
    payment.status = 'SUCCESS';
    payment.paidAtMs = scheduler.nowMs();
    ledger.enter(payment, 'charged', payment.amount.minor, by, scheduler.nowMs());
    if (payment.isNotified) tell(payment);
  };

  const giveBack = (payment: PlusPayment, minor: bigint, by: string): void => {
    payment.refundedMinor += minor;
    ledger.enter(payment, 'given_back', minor, by, scheduler.nowMs());
    if (payment.refundedMinor === payment.amount.minor) {
      ledger.enter(payment, 'closed', 0n, by, scheduler.nowMs());
    }
  };

  const cancelUnpaid = (payment: PlusPayment, by: string): void => {
    payment.status = 'CANCELLED';
    ledger.enter(payment, 'closed', 0n, by, scheduler.nowMs());
  };

  /** The payment as it is now: one that nobody has confirmed in time has failed. */
  const found = (requestId: string): PlusPayment | null => {
    const payment = payments.get(requestId) ?? null;
    const isOver = payment !== null && scheduler.nowMs() >= payment.closesAtMs && !payment.confirmed;
    if (payment?.status === 'PROCESSING' && isOver) fail(payment, 'ORDER_IS_CLOSED', payment.closesAtMs);
    return payment;
  };

  /** Whether this look at a new payment does not find it. Soon, and long before any watch is over, all do. */
  const isHidden = (payment: PlusPayment): boolean => {
    const isNew = scheduler.nowMs() < Math.min(payment.createdAtMs + hidesForMs, payment.closesAtMs);
    if (payment.hiddenLooks === 0 || !isNew) return false;
    payment.hiddenLooks -= 1;
    return true;
  };

  /** The payer's money arrives; once cancelled, the payment stays so and the wallet returns it. */
  const settle = (payment: PlusPayment): void => {
    if (payment.status === 'PROCESSING') {
      charge(payment, 'payer');
      return;
    }
    tally.count('wallet', 'gets the money of what it has cancelled');
    ledger.enter(payment, 'charged_late', payment.amount.minor, 'payer', scheduler.nowMs());
    scheduler.after(random.magnitude(1, 60_000), () => {
      ledger.enter(payment, 'given_back', payment.amount.minor, 'wallet', scheduler.nowMs());
    });
    // What the wallet has cancelled by itself, it does not call a success in the same breath.
    if (payment.isNotified && !payment.isCancelledAside && random.chance(0.5)) {
      const { account, requestId } = payment;
      const paidAt = clock.told(scheduler.nowMs());
      notify({
        wallet: 'alipay_plus',
        account,
        requestId,
        outcome: { ...paidAnswer(payment, clock), paidAt },
      });
    }
  };

  const ask = (payment: PlusPayment): void => {
    payers.ask({
      closesAtMs: payment.closesAtMs,
      isOpen: () => found(payment.requestId)?.status === 'PROCESSING' && !payment.confirmed,
      confirm() {
        payment.confirmed = true;
        if (random.chance(traits.settlesLate)) {
          scheduler.after(random.integer(100, traits.settlesMsMax), () => settle(payment));
        } else settle(payment);
      },
      refuse: () => fail(payment, 'USER_PAYMENT_VERIFICATION_FAILED'),
    });
  };

  const issue = ({ start, requestId, expiresAt }: PayRequest, transactionId: string): Issued | null => {
    switch (start.product) {
      case 'payment_code':
        return null;
      case 'entry_code': {
        const action = { kind: 'redirect', url: `https://wallet.example/cashier?of=${requestId}` } as const;
        return { kind: 'issued', action, walletTransactionId: transactionId, known: true };
      }
      case 'order_code': {
        const action = { kind: 'show_code', value: `https://qr.example/${requestId}`, expiresAt } as const;
        return { kind: 'issued', action, walletTransactionId: transactionId, known: true };
      }
      default:
        return start satisfies never;
    }
  };

  const opened = (request: PayRequest): PlusPayment => {
    const nowMs = scheduler.nowMs();
    const transactionId = `2026011519401080010018800${(payments.size + 1).toString().padStart(7, '0')}`;
    const issued = issue(request, transactionId);
    const payment: PlusPayment = {
      ...ledgerSubject(request),
      account: request.account,
      transactionId,
      amount: request.amount,
      product: request.start.product,
      closesAtMs: clock.whenMs(request.expiresAt) + traits.closesLateMs,
      isNotified: issued !== null || random.chance(traits.notifiesPaymentCodes),
      issued,
      status: 'PROCESSING',
      failure: '',
      paidAtMs: null,
      isCancelledAside: false,
      confirmed: false,
      refundedMinor: 0n,
      refunds: new Map(),
      createdAtMs: nowMs,
      hiddenLooks: random.chance(traits.hidesAtFirst) ? random.integer(1, 3) : 0,
    };
    payments.set(payment.requestId, payment);
    ledger.enter(payment, 'opened', payment.amount.minor, 'pay', nowMs);
    if (cancelledInVain.has(payment.requestId)) tally.count('money case', moneyCases[1]);
    if (random.chance(traits.cancelsAside)) {
      scheduler.after(random.magnitude(10, 120_000), () => {
        if (found(payment.requestId)?.status !== 'PROCESSING') return;
        tally.count('wallet', 'cancels what nobody here asked it to');
        payment.isCancelledAside = true;
        cancelUnpaid(payment, 'wallet');
      });
    }
    return payment;
  };

  const answerOf = (payment: PlusPayment): PayAnswer => {
    // ORDER_IS_CANCELED and ORDER_IS_CLOSED are words about an earlier call: an inquiry must tell.
    if (payment.status === 'CANCELLED') {
      return { kind: 'unclear', code: 'ORDER_IS_CANCELED', message: 'cancelled' };
    }
    if (payment.issued !== null) {
      if (payment.status !== 'FAIL') return payment.issued;
      return { kind: 'unclear', code: payment.failure, message: 'failed' };
    }
    switch (payment.status) {
      case 'SUCCESS':
        return paidAnswer(payment, clock);
      case 'FAIL':
        return refused(payment.failure, 'payer');
      case 'PROCESSING':
        return traits.asksUnclearly
          ? { kind: 'unclear', code: 'PAYMENT_IN_PROCESS', message: 'in process' }
          : { kind: 'awaiting_payer', walletTransactionId: payment.transactionId };
      default:
        return payment.status satisfies never;
    }
  };

  const inPosition = (): boolean => scheduler.nowMs() >= startMs + traits.positionShortForMs;

  const refunds = createPlusRefunds(around, traits, { inPosition, giveBack });

  return {
    pay(request) {
      const { start } = request;
      const before = found(request.requestId);
      if (before !== null) return answerOf(before);
      if (scheduler.nowMs() >= clock.whenMs(request.expiresAt) + traits.closesLateMs) {
        return { kind: 'unclear', code: 'ORDER_IS_CLOSED', message: 'closed' };
      }
      const payment = opened(request);
      if (start.product !== 'payment_code') {
        const { issued } = payment;
        if (issued?.action.kind === 'redirect') byIssued.set(issued.action.url, payment);
        if (issued?.action.kind === 'show_code') byIssued.set(issued.action.value, payment);
        tally.count('wallet', `issues for an ${start.product}`);
        return answerOf(payment);
      }
      const fate = payers.fateOf(start.paymentCode);
      if (traits.codesAreSpent && spentCodes.has(start.paymentCode)) fail(payment, 'EXPIRED_CODE');
      else if (fate === 'declines') {
        tally.count('payer', 'is declined');
        fail(payment, 'USER_BALANCE_NOT_ENOUGH');
      } else if (fate === 'asks') ask(payment);
      else charge(payment, 'pay');
      spentCodes.add(start.paymentCode);
      return answerOf(payment);
    },

    payerComes(issued) {
      const payment = byIssued.get(issued);
      if (payment === undefined) return;
      if (found(payment.requestId)?.status !== 'PROCESSING') {
        tally.count('payer', 'scans what is paid or closed');
        return;
      }
      ask(payment);
    },

    inquire({ requestId }) {
      const payment = found(requestId);
      if (payment === null) return { kind: 'not_found' };
      if (isHidden(payment)) {
        tally.count('fault', 'inquiry does not find at first');
        return { kind: 'not_found' };
      }
      switch (payment.status) {
        case 'PROCESSING':
          return { kind: 'awaiting_payer', walletTransactionId: payment.transactionId };
        case 'SUCCESS':
          if (payment.refundedMinor > 0n) countMisleading(tally, 'successGivenBack');
          return paidAnswer(payment, clock);
        case 'FAIL':
          return { kind: 'failed', code: payment.failure, message: payment.failure };
        case 'CANCELLED':
          return { kind: 'cancelled', walletTransactionId: payment.transactionId };
        default:
          return payment.status satisfies never;
      }
    },

    cancel({ requestId }): CancelAnswer {
      const payment = found(requestId);
      if (payment !== null && traits.hidesFromCancels && isHidden(payment)) {
        tally.count('fault', 'cancel does not find at first');
        return { kind: 'nothing_named' };
      }
      if (payment === null) {
        tally.count('wallet', 'finds nothing to cancel');
        cancelledInVain.add(requestId);
        return { kind: 'nothing_named' };
      }
      const { paidAtMs } = payment;
      const outOfWindow = paidAtMs !== null && scheduler.nowMs() > paidAtMs + traits.cancelWindowMs;
      const instead = (code: string) => ({ kind: 'refund_instead', code, message: code }) as const;
      switch (payment.status) {
        case 'PROCESSING':
          cancelUnpaid(payment, 'cancel');
          tally.count('wallet', 'cancels an unpaid payment');
          return { kind: 'effected', action: 'cancelled' };
        case 'FAIL':
          tally.count('wallet', 'is told to cancel what has failed');
          if (!traits.cancelsFailed) return instead('ORDER_STATUS_INVALID');
          payment.status = 'CANCELLED';
          return { kind: 'effected', action: 'cancelled' };
        case 'CANCELLED':
          tally.count('wallet', 'is told to cancel what is closed');
          if (outOfWindow && traits.windowFirst) return instead('CANCEL_WINDOW_EXCEED');
          return { kind: 'effected', action: 'cancelled' };
        case 'SUCCESS':
          if (onTheWayBack(payment) > 0n) return instead('ORDER_STATUS_INVALID');
          if (outOfWindow) {
            tally.count('wallet', 'cancel window has passed');
            return instead('CANCEL_WINDOW_EXCEED');
          }
          if (!inPosition()) {
            tally.count('wallet', 'position is short');
            return { kind: 'later', code: 'MERCHANT_BALANCE_NOT_ENOUGH', message: 'position' };
          }
          payment.status = 'CANCELLED';
          giveBack(payment, payment.amount.minor, 'cancel');
          tally.count('wallet', 'cancels a paid payment');
          return { kind: 'effected', action: 'cancelled' };
        default:
          return payment.status satisfies never;
      }
    },

    refund(request) {
      const payment = found(request.requestId);
      if (payment === null) return refused('ORDER_NOT_EXIST', 'merchant');
      return refunds.refund(payment, request);
    },

    inquireRefund(request) {
      const payment = found(request.requestId);
      return payment === null ? { kind: 'not_found' } : refunds.inquire(payment, request);
    },

    statusOf: (requestId) => found(requestId)?.status ?? null,
    refundsOf: (requestId) =>
      new Map([...(payments.get(requestId)?.refunds ?? [])].filter(([, { state }]) => state === 'refunded')),
    spentRefundIds: refunds.spentIds,
  };
}
