import { canPay, isUsable, randomDigits } from '../payers.ts';
import { answered, type Fields, refused } from './answers.ts';
import { requiredText } from './biz-content.ts';
import { printChinaTime } from './china-time.ts';
import { deadlineOf, expressOf, type Order, readOrder } from './order.ts';
import type { Origin, Trade } from './trade-records.ts';
import {
  asOf,
  type Books,
  buyerOf,
  type Call,
  charge,
  hourMs,
  isPaid,
  moneyOf,
  namesOf,
  openTrade,
  payerOf,
} from './trades.ts';
import { yuanOfFen } from './yuan.ts';

/** An order code can be scanned for two hours, whatever the order's own timeout. */
const orderCodeLifeMs = 2 * hourMs;

/**
 * alipay.trade.pay: takes the money of the payer whose code was scanned, or waits for the payer's confirmation (`10003`).
 * A repeat never takes anything: the trade of that number answers for itself.
 */
export function pay(books: Books, call: Call): Fields {
  const { biz, app, nowMs } = call;
  const order = readOrder(biz, app);
  const scene = requiredText(biz, 'scene', 32);
  if (!['bar_code', 'wave_code', 'security_code'].includes(scene))
    throw refused('ACQ.INVALID_PARAMETER', 'scene');
  const authCode = requiredText(biz, 'auth_code', 64);
  const known = knownTrade(books, call, order);
  if (known !== undefined) {
    checkRepeat(known, 'pay', order, known.authCode === authCode);
    return waitsForPayer(books, known);
  }
  checkNotExpired(order, nowMs);
  const code = books.payers.code(authCode);
  if (code === undefined || !isUsable(code, nowMs)) throw refused('ACQ.PAYMENT_AUTH_CODE_INVALID');
  const payer = books.payers.find(code.payerId);
  if (payer === undefined) throw refused('ACQ.BUYER_NOT_EXIST');
  if (payer.wallet !== 'alipay_open') throw refused('ACQ.PAYMENT_AUTH_CODE_INVALID');
  // The code is used up even when the payment fails for want of money: the payer has to show a new one.
  if (!code.reusable) books.payers.markUsed(authCode, nowMs);
  if (!canPay(payer, order.amountMinor)) throw refused('ACQ.BUYER_BALANCE_NOT_ENOUGH');
  const settings = books.settingsFor(app);
  const trade = openTrade(books, {
    app,
    order,
    origin: 'pay',
    payer,
    authCode,
    notifyUrl: call.notifyUrl,
    nowMs,
  });
  const needsPassword = order.amountMinor >= BigInt(settings.password_limit_minor);
  if (needsPassword || call.payerMustConfirm) return waitsForPayer(books, trade);
  const paid = charge(books, trade, payer, nowMs, settings);
  return answered('10000', {
    ...namesOf(paid),
    ...buyerOf(payer),
    total_amount: yuanOfFen(paid.amountMinor),
    ...moneyOf(paid),
    gmt_payment: printChinaTime(nowMs),
  });
}

/** alipay.trade.create: a trade for a known payer, to be paid on the payer's phone. A same repeat answers the same trade. */
export function create(books: Books, call: Call): Fields {
  const { biz, app, nowMs } = call;
  const order = readOrder(biz, app);
  const buyerId = requiredText(biz, 'buyer_id', 28);
  const payer = books.payers.findByBuyerId(buyerId);
  const known = knownTrade(books, call, order);
  if (known !== undefined) {
    checkRepeat(known, 'create', order, known.payerId === payer?.payerId);
    return answered('10000', namesOf(known));
  }
  checkNotExpired(order, nowMs);
  if (payer?.wallet !== 'alipay_open') throw refused('ACQ.BUYER_NOT_EXIST');
  const { notifyUrl } = call;
  return answered(
    '10000',
    namesOf(openTrade(books, { app, order, origin: 'create', payer, authCode: null, notifyUrl, nowMs })),
  );
}

/**
 * alipay.trade.precreate: an order code. No trade exists until a payer scans it, so query and cancel know nothing of it; a number
 * that has an order code already gets no second one.
 */
export function precreate(books: Books, call: Call): Fields {
  const { biz, app, nowMs } = call;
  const order = readOrder(biz, app);
  const life = expressOf(biz, 'qr_code_timeout_express');
  if (books.trades.orderCode(app.appId, order.outTradeNo) !== undefined) {
    throw refused('ACQ.APPLY_PC_MERCHANT_CODE_ERROR');
  }
  const known = knownTrade(books, call, order);
  if (known !== undefined) {
    checkRepeat(known, 'precreate', order, false);
    throw refused('ACQ.CONTEXT_INCONSISTENT');
  }
  checkNotExpired(order, nowMs);
  const code = {
    appId: app.appId,
    outTradeNo: order.outTradeNo,
    qrCode: `https://qr.alipay.com/bax${randomDigits(18)}`,
    bizContent: call.bizContent,
    notifyUrl: call.notifyUrl,
    createdAtMs: nowMs,
    expiresAtMs: Math.min(nowMs + orderCodeLifeMs, deadlineOf(life, nowMs, orderCodeLifeMs)),
  };
  books.trades.insertOrderCode(code);
  return answered('10000', { out_trade_no: order.outTradeNo, qr_code: code.qrCode });
}

function knownTrade(books: Books, call: Call, order: Order): Trade | undefined {
  const trade = books.trades.find(call.app.appId, order.outTradeNo);
  return trade && asOf(trade, call.nowMs, books.settingsFor(call.app));
}

/** Lets through only a same repeat of a trade that still waits for its payer. */
function checkRepeat(known: Trade, origin: Origin, order: Order, samePayer: boolean): void {
  if (known.status === 'TRADE_CLOSED') throw refused('ACQ.TRADE_HAS_CLOSE');
  const isSame =
    samePayer &&
    known.origin === origin &&
    known.amountMinor === order.amountMinor &&
    known.subject === order.subject &&
    known.smid === order.smid;
  if (!isSame) throw refused('ACQ.CONTEXT_INCONSISTENT');
  if (isPaid(known)) throw refused('ACQ.TRADE_HAS_SUCCESS');
}

/** A call that arrives after its own `time_expire` must not start anything. */
function checkNotExpired(order: Order, nowMs: number): void {
  if (order.expiry.kind === 'at' && nowMs >= order.expiry.atMs) {
    throw refused('ACQ.NOW_TIME_AFTER_EXPIRE_TIME_ERROR');
  }
}

function waitsForPayer(books: Books, trade: Trade): Fields {
  return answered('10003', { ...namesOf(trade), ...buyerOf(payerOf(books, trade)) });
}
