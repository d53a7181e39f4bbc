import type { Money } from '../../src/domain/money.ts';
import type { CancelAnswer, Issued, PayAnswer, RefundAnswer } from '../../src/domain/wallet-answer.ts';
import type { PayRequest, RefundRequest } from '../../src/ports/wallet.ts';
import { createPayers } from './payers.ts';
import { moneyCases } from './tally.ts';
import { type LedgerSubject, ledgerSubject } from './wallet-ledger.ts';
import {
  hidesForMs,
  paidAnswer,
  refused,
  type WalletModel,
  type WalletSurroundings,
} from './wallet-model.ts';
import type { AlipayPlusTraits } from './wallet-traits.ts';

/** `paymentStatus` as an inquiry shows it. It stays `SUCCESS` after refunds. */
type PaymentStatus = 'PROCESSING' | 'SUCCESS' | 'FAIL' | 'CANCELLED';

interface PlusRefund {
  readonly minor: bigint;
  readonly atMs: number;
  state: 'in_process' | 'refunded' | 'failed';
  readonly code: string;
}

interface PlusPayment extends LedgerSubject {
  readonly account: string;
  readonly transactionId: string;
  readonly amount: Money;
  readonly product: PayRequest['start']['product'];
  readonly closesAtMs: number;
  readonly isNotified: boolean;
  /** The URL or code; `null` for a payment code's payment. */
  readonly issued: Issued | null;
  status: PaymentStatus;
  failure: string;
  paidAtMs: number | null;
  /** The payer has confirmed, and the payer's wallet has yet to say so. */
  confirmed: boolean;
  refundedMinor: bigint;
  readonly refunds: Map<string, PlusRefund>;
  readonly createdAtMs: number;
  hiddenInquiries: number;
}

/** So many refund ids of one payment's reversal fail for good at most: what is undone is given back in the end. */
const spentIdsMax = 3;

/** Alipay+ (AMS): one `pay` for payment, entry and order codes, idempotent by `paymentRequestId`. */
export function createAlipayPlusModel(
  { scheduler, random, tally, ledger, startMs, notify }: WalletSurroundings,
  traits: AlipayPlusTraits,
): WalletModel {
  const payments = new Map<string, PlusPayment>();
  const byIssued = new Map<string, PlusPayment>();
  const spentCodes = new Set<string>();
  const cancelledInVain = new Set<string>();
  const spentRefundIds = new Set<string>();
  const payers = createPayers(scheduler, random, tally, traits);

  const tell = (payment: PlusPayment): void => {
    const { account, requestId } = payment;
    const outcome =
      payment.paidAtMs === null
        ? ({ kind: 'not_paid', code: payment.failure, message: payment.failure } as const)
        : paidAnswer(payment);
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
    if (payment.isNotified && random.chance(0.5)) {
      const { account, requestId } = payment;
      const paidAt = new Date(scheduler.nowMs());
      notify({ wallet: 'alipay_plus', account, requestId, outcome: { ...paidAnswer(payment), paidAt } });
    }
  };

  const ask = (payment: PlusPayment): void => {
    payers.ask({
      closesAtMs: payment.closesAtMs,
      isOpen: () => found(payment.requestId)?.status === 'PROCESSING' && !payment.confirmed,
      confirm() {
        payment.confirmed = true;
        if (random.chance(traits.settlesLate)) {
          scheduler.after(random.magnitude(100, traits.settlesMsMax), () => settle(payment));
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
      closesAtMs: request.expiresAt.getTime() + traits.closesLateMs,
      isNotified: issued !== null || random.chance(traits.notifiesPaymentCodes),
      issued,
      status: 'PROCESSING',
      failure: '',
      paidAtMs: null,
      confirmed: false,
      refundedMinor: 0n,
      refunds: new Map(),
      createdAtMs: nowMs,
      hiddenInquiries: random.chance(traits.hidesAtFirst) ? random.integer(1, 3) : 0,
    };
    payments.set(payment.requestId, payment);
    ledger.enter(payment, 'opened', payment.amount.minor, 'pay', nowMs);
    if (cancelledInVain.has(payment.requestId)) tally.count('money case', moneyCases[1]);
    if (random.chance(traits.cancelsAside)) {
      scheduler.after(random.magnitude(10, 120_000), () => {
        if (found(payment.requestId)?.status !== 'PROCESSING') return;
        tally.count('wallet', 'cancels what nobody here asked it to');
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
        return paidAnswer(payment);
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

  const settleRefund = (payment: PlusPayment, id: string, refund: PlusRefund): void => {
    if (refund.code === 'SUCCESS') {
      refund.state = 'refunded';
      tally.count('wallet', 'refunds');
      giveBack(payment, refund.minor, id);
      return;
    }
    refund.state = 'failed';
    spentRefundIds.add(id);
    tally.count('wallet', 'lets a refund id fail for good');
  };

  /** What a refund of this id leads to, decided when it first arrives. */
  const refundCode = (payment: PlusPayment, id: string): string => {
    if (!inPosition()) {
      tally.count('wallet', 'position is short');
      return 'MERCHANT_BALANCE_NOT_ENOUGH';
    }
    const chance = id.startsWith('R') ? traits.refusesRefund : traits.spendsRefundId;
    let spent = 0;
    for (const { code } of payment.refunds.values()) {
      if (code === 'PROCESS_FAIL' || code === 'RISK_REJECT') spent += 1;
    }
    const mayFail = id.startsWith('R') || spent < spentIdsMax;
    if (!mayFail || !random.chance(chance)) return 'SUCCESS';
    return random.pick(['PROCESS_FAIL', 'RISK_REJECT']);
  };

  const refundAnswer = (refund: PlusRefund): RefundAnswer => {
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

  /** Money that is given back, or on its way back. */
  const refundsOnTheWay = ({ refunds }: PlusPayment): bigint => {
    let minor = 0n;
    for (const refund of refunds.values()) if (refund.state !== 'failed') minor += refund.minor;
    return minor;
  };

  return {
    pay(request) {
      const { start } = request;
      const before = found(request.requestId);
      if (before !== null) return answerOf(before);
      if (scheduler.nowMs() >= request.expiresAt.getTime() + traits.closesLateMs) {
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
      if (payment.hiddenInquiries > 0 && scheduler.nowMs() < payment.createdAtMs + hidesForMs) {
        payment.hiddenInquiries -= 1;
        tally.count('fault', 'inquiry does not find at first');
        return { kind: 'not_found' };
      }
      switch (payment.status) {
        case 'PROCESSING':
          return { kind: 'awaiting_payer', walletTransactionId: payment.transactionId };
        case 'SUCCESS':
          return paidAnswer(payment);
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
          if (refundsOnTheWay(payment) > 0n) return instead('ORDER_STATUS_INVALID');
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

    refund(request: RefundRequest): RefundAnswer {
      const payment = found(request.requestId);
      if (payment === null) return refused('ORDER_NOT_EXIST', 'merchant');
      const id = request.refundRequestId;
      const earlier = payment.refunds.get(id);
      if (earlier !== undefined) {
        tally.count('wallet', 'is told to refund again');
        tally.count('money case', moneyCases[6]);
        // REPEAT_REQ_INCONSISTENT: only the refund inquiry can tell.
        return earlier.minor === request.refundAmount.minor ? refundAnswer(earlier) : { kind: 'repeated' };
      }
      if (payment.status === 'CANCELLED') return refused('ORDER_IS_CANCELED', 'merchant');
      if (payment.status !== 'SUCCESS') return refused('ORDER_STATUS_INVALID', 'merchant');
      if (refundsOnTheWay(payment) + request.refundAmount.minor > payment.amount.minor) {
        tally.count('wallet', 'is told to refund too much');
        return refused('REFUND_AMOUNT_EXCEED', 'merchant');
      }
      const refund: PlusRefund = {
        minor: request.refundAmount.minor,
        atMs: scheduler.nowMs(),
        state: 'in_process',
        code: refundCode(payment, id),
      };
      payment.refunds.set(id, refund);
      if (random.chance(traits.refundsSlowly)) {
        scheduler.after(random.magnitude(100, 60_000), () => settleRefund(payment, id, refund));
      } else settleRefund(payment, id, refund);
      return refundAnswer(refund);
    },

    inquireRefund({ requestId, refundRequestId, amount }) {
      const refund = found(requestId)?.refunds.get(refundRequestId);
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

    statusOf: (requestId) => found(requestId)?.status ?? null,
    refundsOf: (requestId) =>
      new Map([...(payments.get(requestId)?.refunds ?? [])].filter(([, { state }]) => state === 'refunded')),
    spentRefundIds,
  };
}
