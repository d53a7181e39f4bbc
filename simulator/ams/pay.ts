import { randomBytes } from 'node:crypto';
import { canPay, isUsable, type Payer, randomDigits } from '../payers.ts';
import { convert } from './currencies.ts';
import { type AmsOrder, readOrder } from './order.ts';
import type { AmsPayment } from './payment-records.ts';
import { type AmsBooks, type AmsCall, asOf, charge, customerOf, fail, moneyOf, namesOf } from './payments.ts';
import { isRegistered } from './registration.ts';
import { AmsRefused, answered, type Fields, type ResultCode } from './results.ts';
import { printCompactTime, printWireTime } from './wire-time.ts';

/** Browsers of wallets name themselves so. */
const walletBrowser = /AlipayClient|AlipayConnect/;

/** 16 to 24 digits that begin with 25 to 30: a code of some wallet of Alipay+. */
const codeForm = /^(2[5-9]|30)\d{14,22}$/;

/**
 * payments/pay. `S` of a payment code is money; `S` of an entry or order code is a URL or a code that somebody may pay with until
 * `paymentExpiryTime`. A repeat never takes anything: the payment of that id answers for itself. A refusal that is about the payer
 * makes a payment that has failed; one that is about the request leaves nothing behind.
 */
export function pay(books: AmsBooks, call: AmsCall): Fields {
  const { client, body, nowMs } = call;
  const order = readOrder(body);
  const known = books.payments.find(client.clientId, order.paymentRequestId);
  if (known !== undefined) {
    const isSame =
      known.amountMinor === order.amount.minor &&
      known.currency === order.amount.currency &&
      known.scenario === order.scenario &&
      known.paymentCode === order.paymentCode;
    if (!isSame) throw new AmsRefused('REPEAT_REQ_INCONSISTENT');
    return outcomeOf(books, call, asOf(known, nowMs));
  }
  if (client.currencies?.includes(order.amount.currency) === false)
    throw new AmsRefused('CURRENCY_NOT_SUPPORT', order.amount.currency);
  if (!isRegistered(books, call, order.merchantId))
    throw new AmsRefused('MERCHANT_NOT_REGISTERED', order.merchantId);
  return outcomeOf(books, call, begin(books, call, order, openPayment(books, call, order)));
}

function begin(books: AmsBooks, call: AmsCall, order: AmsOrder, payment: AmsPayment): AmsPayment {
  const refuse = (code: ResultCode): AmsPayment => fail(books, call.client, payment, code, call.nowMs);
  if (call.nowMs >= payment.expiresAtMs) return refuse('ORDER_IS_CLOSED');
  switch (payment.scenario) {
    case 'PaymentCode': {
      const found = payerOfCode(books, order.paymentCode ?? '', call.nowMs);
      return typeof found === 'string' ? refuse(found) : takeFrom(books, call, payment, found);
    }
    case 'EntryCode':
      return walletBrowser.test(order.userAgent ?? '') ? payment : refuse('NO_PAY_OPTIONS');
    case 'OrderCode':
      return payment;
    default:
      return payment.scenario satisfies never;
  }
}

/** Whose code it is, or why nobody pays with it. A code is used up even when the payment fails for want of money. */
function payerOfCode(books: AmsBooks, text: string, nowMs: number): Payer | ResultCode {
  const code = codeForm.test(text) ? books.payers.code(text) : undefined;
  const payer = code && books.payers.find(code.payerId);
  if (code === undefined || payer?.wallet !== 'alipay_plus') return 'INVALID_PAYMENT_CODE';
  if (!isUsable(code, nowMs)) return code.usedAtMs === null ? 'EXPIRED_CODE' : 'INVALID_PAYMENT_CODE';
  if (!code.reusable) books.payers.markUsed(text, nowMs);
  return payer;
}

function takeFrom(books: AmsBooks, call: AmsCall, payment: AmsPayment, payer: Payer): AmsPayment {
  const { client, nowMs, payerMustConfirm } = call;
  const known: AmsPayment = { ...payment, payerId: payer.payerId };
  if (!canPay(payer, convert(payment.amountMinor, payment.currency, payer.currency)))
    return fail(books, client, known, 'USER_BALANCE_NOT_ENOUGH', nowMs);
  const worthInFen = convert(payment.amountMinor, payment.currency, 'CNY');
  const needsPassword = worthInFen >= BigInt(books.settingsFor(client).password_limit_minor);
  if (!needsPassword && !payerMustConfirm) return charge(books, known, payer, nowMs);
  books.payments.update(known);
  return known;
}

function openPayment(books: AmsBooks, { client, nowMs }: AmsCall, order: AmsOrder): AmsPayment {
  const { amount, expiresAtMs, ...rest } = order;
  const payment: AmsPayment = {
    ...rest,
    clientId: client.clientId,
    paymentId: `${printCompactTime(nowMs)}0108001${randomDigits(14)}`,
    status: 'PROCESSING',
    resultCode: 'PAYMENT_IN_PROCESS',
    currency: amount.currency,
    amountMinor: amount.minor,
    payerId: null,
    token: randomBytes(16).toString('hex'),
    createdAtMs: nowMs,
    expiresAtMs: expiresAtMs ?? nowMs + books.settingsFor(client).plus_payment_life_ms,
    paidAtMs: null,
    closedAtMs: null,
    chargedMinor: 0n,
    refundedMinor: 0n,
    payerChargedMinor: 0n,
    payerRefundedMinor: 0n,
    lateSuccessAtMs: null,
    hiddenInquiries: 0,
  };
  books.payments.insert(payment);
  return payment;
}

/** What pay says of a payment, the first time and every time it is repeated. */
function outcomeOf(books: AmsBooks, call: AmsCall, payment: AmsPayment): Fields {
  const facts = { ...namesOf(payment), ...moneyOf(payment) };
  switch (payment.status) {
    case 'PROCESSING':
    case 'SUCCESS': {
      if (payment.scenario !== 'PaymentCode')
        return answered('SUCCESS', { ...facts, ...payableForm(call, payment) });
      const code = payment.status === 'SUCCESS' ? 'SUCCESS' : 'PAYMENT_IN_PROCESS';
      return answered(code, { ...facts, ...customerOf(books, payment) });
    }
    case 'FAIL':
      return answered(payment.resultCode, namesOf(payment));
    case 'CANCELLED':
      return answered('ORDER_IS_CANCELED', namesOf(payment));
    default:
      return payment.status satisfies never;
  }
}

/** Where the payer pays: the wallet's page of an entry code, or the text of an order code. */
function payableForm({ baseUrl }: AmsCall, payment: AmsPayment): Fields {
  if (payment.scenario === 'EntryCode')
    return {
      redirectActionForm: {
        actionFormType: 'RedirectActionForm',
        method: 'GET',
        redirectUrl: `${baseUrl}/phone/pay/${payment.token}`,
      },
    };
  return {
    orderCodeForm: {
      paymentMethodType: 'CONNECT_WALLET',
      expireTime: printWireTime(payment.expiresAtMs),
      codeDetails: [
        {
          codeValueType: 'QRCODE',
          displayType: 'TEXT',
          codeValue: `${baseUrl}/phone/order/${payment.token}`,
        },
      ],
    },
  };
}
