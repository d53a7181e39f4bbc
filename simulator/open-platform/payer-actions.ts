import type { App, Apps } from '../apps.ts';
import { conflict, invalidValue, notFound, parseJsonObject } from '../json.ts';
import type { Payer } from '../payers.ts';
import { Refused } from './answers.ts';
import { readOrder } from './order.ts';
import type { OrderCode, Trade } from './trade-records.ts';
import { asOf, type Books, charge, closeUnpaid, openTrade, payerOf } from './trades.ts';

/** What the payer does on the phone. Each runs inside a transaction; what cannot be done is refused with 404 or 409. */
export interface PayerActions {
  /** Enters the password: takes the money of a waiting trade. Confirming a paid trade again changes nothing. */
  confirm(outTradeNo: string, appId: string | null, nowMs: number): Trade;
  /** Refuses: closes a waiting trade. */
  refuse(outTradeNo: string, appId: string | null, nowMs: number): Trade;
  /** Scans an order code, which makes its trade. The timeout of the order counts from here. */
  scan(outTradeNo: string, appId: string | null, payerId: string, nowMs: number): Trade;
}

export function payerActions(books: Books, apps: Apps): PayerActions {
  function waitingTrade(outTradeNo: string, appId: string | null, nowMs: number): Trade {
    const stored = theOne(books.trades.named(outTradeNo), outTradeNo, appId);
    if (stored === undefined) {
      const hint =
        books.trades.orderCodesNamed(outTradeNo).length > 0 ? ': its order code must be scanned first' : '';
      throw notFound(`the wallet knows no trade ${outTradeNo}${hint}`);
    }
    return asOf(stored, nowMs, books.settingsFor(apps.find(stored.appId)));
  }

  function mustWait(trade: Trade): void {
    if (trade.status !== 'WAIT_BUYER_PAY') {
      throw conflict(
        `trade ${trade.outTradeNo} is ${trade.status}; only a trade in WAIT_BUYER_PAY waits for its payer`,
      );
    }
  }

  return {
    confirm(outTradeNo, appId, nowMs) {
      const trade = waitingTrade(outTradeNo, appId, nowMs);
      if (trade.status === 'TRADE_SUCCESS') return trade;
      mustWait(trade);
      const settings = books.settingsFor(apps.find(trade.appId));
      return orConflict(() => charge(books, trade, payerOf(books, trade), nowMs, settings));
    },
    refuse(outTradeNo, appId, nowMs) {
      const trade = waitingTrade(outTradeNo, appId, nowMs);
      mustWait(trade);
      return closeUnpaid(books, trade, 'payer', nowMs);
    },
    scan(outTradeNo, appId, payerId, nowMs) {
      const code = theOne(books.trades.orderCodesNamed(outTradeNo), outTradeNo, appId);
      if (code === undefined) throw notFound(`there is no order code for ${outTradeNo}`);
      const payer = books.payers.find(payerId);
      if (payer?.wallet !== 'alipay_open')
        throw invalidValue(
          'payer_id',
          payerId,
          books.payers
            .all()
            .filter((one) => one.wallet === 'alipay_open')
            .map((one) => one.payerId),
        );
      const app = apps.find(code.appId);
      if (app === undefined) throw notFound(`app ${code.appId} is not registered`);
      return books.trades.find(code.appId, outTradeNo) === undefined
        ? orConflict(() => firstScan(code, app, payer, nowMs))
        : scannedAgain(waitingTrade(outTradeNo, code.appId, nowMs), payer);
    },
  };

  function firstScan(code: OrderCode, app: App, payer: Payer, nowMs: number): Trade {
    if (nowMs >= code.expiresAtMs) throw conflict(`the order code for ${code.outTradeNo} has expired`);
    const order = readOrder(parseJsonObject(code.bizContent) ?? {}, app);
    if (order.expiry.kind === 'at' && nowMs >= order.expiry.atMs) {
      throw conflict(`the order ${code.outTradeNo} has expired`);
    }
    const trade = openTrade(books, {
      app,
      order,
      origin: 'precreate',
      payer,
      authCode: null,
      notifyUrl: code.notifyUrl,
      nowMs,
    });
    books.tell(trade, { kind: 'created' }, nowMs);
    return trade;
  }

  function scannedAgain(trade: Trade, payer: Payer): Trade {
    mustWait(trade);
    if (trade.payerId !== payer.payerId) throw conflict(`trade ${trade.outTradeNo} belongs to another payer`);
    return trade;
  }
}

function theOne<T extends { readonly appId: string }>(
  found: readonly T[],
  outTradeNo: string,
  appId: string | null,
): T | undefined {
  const matching = appId === null ? found : found.filter((one) => one.appId === appId);
  if (matching.length > 1) {
    throw conflict(
      `${outTradeNo} exists for ${matching.map((one) => one.appId).join(' and ')}: name one with ?app_id=`,
    );
  }
  return matching[0];
}

function orConflict<T>(action: () => T): T {
  try {
    return action();
  } catch (error) {
    if (error instanceof Refused) throw conflict(`${error.subCode} ${error.message}`);
    throw error;
  }
}
