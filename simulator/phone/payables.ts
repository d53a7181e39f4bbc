import type { AmsClients } from '../ams/clients.ts';
import { printMoney } from '../ams/currencies.ts';
import { amsPayerActions, defaultPayerId } from '../ams/payer-actions.ts';
import type { AmsPayment, PaymentStatus } from '../ams/payment-records.ts';
import { type AmsBooks, asOf as paymentAsOf } from '../ams/payments.ts';
import type { Apps } from '../apps.ts';
import type { WalletName } from '../faults.ts';
import { ControlRefused, parseJsonObject } from '../json.ts';
import { readOrder } from '../open-platform/order.ts';
import { payerActions } from '../open-platform/payer-actions.ts';
import type { OrderCode, Trade, TradeStatus } from '../open-platform/trade-records.ts';
import { type Books, asOf as tradeAsOf } from '../open-platform/trades.ts';
import type { Payer } from '../payers.ts';
import type { Payable, PayableState, PayerChoice } from './payment-page.ts';

export interface PayableParts {
  readonly books: Books;
  readonly apps: Apps;
  readonly ams: AmsBooks;
  readonly clients: AmsClients;
  readonly now: () => number;
}

/** A payment that the phone has in hand. The actions belong inside a transaction; what cannot be done is thrown as `ControlRefused`. */
export interface HeldPayment {
  readonly payable: Payable;
  confirm(payerId: string | null): void;
  refuse(payerId: string | null): void;
}

export interface Payables {
  /** An AMS payment by the token of its URL. `userAgent` tells the brand of the wallet that opened it. */
  payment(token: string, userAgent: string): HeldPayment | null;
  /** A trade of the Open Platform, or an order code of it that becomes one. */
  trade(appId: string, outTradeNo: string): HeldPayment | null;
}

const paymentStates = {
  PROCESSING: 'waiting',
  SUCCESS: 'paid',
  FAIL: 'failed',
  CANCELLED: 'cancelled',
} as const satisfies Record<PaymentStatus, PayableState>;

const tradeStates = {
  WAIT_BUYER_PAY: 'waiting',
  TRADE_SUCCESS: 'paid',
  TRADE_FINISHED: 'paid',
  TRADE_CLOSED: 'failed',
} as const satisfies Record<TradeStatus, PayableState>;

/** Which payers' phones a browser may be of. */
const brandsByBrowser: readonly (readonly [RegExp, string])[] = [[/AlipayClientHK|AliApp\(APHK/, 'AlipayHK']];

export function payerLabel(payer: Payer, endless: string): string {
  const balance = payer.balanceMinor === null ? endless : printMoney(payer.balanceMinor, payer.currency);
  return `${payer.payerId} · ${payer.brand} · ${payer.balanceMinor === null ? `${payer.currency}, ` : ''}${balance}`;
}

export function paymentPath(payment: AmsPayment): string {
  return `/phone/${payment.scenario === 'OrderCode' ? 'order' : 'pay'}/${payment.token}`;
}

export function tradePath(appId: string, outTradeNo: string): string {
  return `/phone/trade/${encodeURIComponent(appId)}/${encodeURIComponent(outTradeNo)}`;
}

export function payables({ books, apps, ams, clients, now }: PayableParts, endless: string): Payables {
  const amsActions = amsPayerActions(ams, clients);
  const openActions = payerActions(books, apps);

  function choices(wallet: WalletName, only: string | null, chosen: string): readonly PayerChoice[] {
    return books.payers
      .all()
      .filter((payer) => payer.wallet === wallet && (only === null || payer.payerId === only))
      .map((payer) => ({
        payerId: payer.payerId,
        label: payerLabel(payer, endless),
        isChosen: payer.payerId === chosen,
      }));
  }

  function payerBehind(userAgent: string): string {
    const brand = brandsByBrowser.find(([pattern]) => pattern.test(userAgent))?.[1];
    const payer = books.payers.all().find((one) => one.brand === brand && one.balanceMinor === null);
    return payer?.payerId ?? defaultPayerId;
  }

  return {
    payment(token, userAgent) {
      const stored = ams.payments.findByToken(token);
      if (stored === undefined) return null;
      const payment = paymentAsOf(stored, now());
      const owner = payment.scenario === 'PaymentCode' ? payment.payerId : null;
      const chosen = payment.payerId ?? payerBehind(payment.userAgent ?? userAgent);
      return {
        payable: {
          merchantName: payment.merchantName,
          storeName: payment.storeName,
          description: payment.description,
          money: printMoney(payment.amountMinor, payment.currency),
          state: paymentStates[payment.status],
          payers: choices('alipay_plus', owner, chosen),
          path: paymentPath(payment),
          backUrl: payment.redirectUrl,
        },
        confirm(payerId) {
          amsActions.confirm(payment, payerId, now());
        },
        refuse() {
          amsActions.refuse(payment, now());
        },
      };
    },
    trade(appId, outTradeNo) {
      const app = apps.find(appId);
      const stored = books.trades.find(appId, outTradeNo);
      const code = books.trades.orderCode(appId, outTradeNo);
      if (app === undefined || (stored === undefined && code === undefined)) return null;
      const trade = stored && tradeAsOf(stored, now(), books.settingsFor(app));
      const scan = (payerId: string | null): void => {
        if (trade === undefined) openActions.scan(outTradeNo, appId, payerId ?? 'sandbox-payer', now());
      };
      const order = trade ?? orderIn(code, (biz) => readOrder(biz, app));
      return {
        payable: {
          merchantName: order.smid,
          storeName: order.storeId,
          description: order.subject,
          money: printMoney(order.amountMinor, 'CNY'),
          state: stateOf(trade, code, now()),
          payers: choices('alipay_open', trade?.payerId ?? null, trade?.payerId ?? 'sandbox-payer'),
          path: tradePath(appId, outTradeNo),
          backUrl: null,
        },
        confirm(payerId) {
          scan(payerId);
          openActions.confirm(outTradeNo, appId, now());
        },
        refuse(payerId) {
          scan(payerId);
          openActions.refuse(outTradeNo, appId, now());
        },
      };
    },
  };
}

/** The order in a code, which was checked when the code was made. */
function orderIn<T>(
  code: OrderCode | undefined,
  read: (biz: NonNullable<ReturnType<typeof parseJsonObject>>) => T,
): T {
  return read(parseJsonObject(code?.bizContent ?? '') ?? {});
}

function stateOf(trade: Trade | undefined, code: OrderCode | undefined, nowMs: number): PayableState {
  if (trade === undefined) return nowMs < (code?.expiresAtMs ?? 0) ? 'waiting' : 'failed';
  if (trade.closedBy === 'cancel') return 'cancelled';
  return trade.closedBy === 'refund' ? 'paid' : tradeStates[trade.status];
}

/** Why the wallet has refused, in the wallet's own code, or the whole sentence. */
export function refusalCode(error: unknown): string {
  if (!(error instanceof ControlRefused)) throw error;
  return /^[A-Z_.]{8,}/.exec(error.message)?.[0] ?? error.message;
}
