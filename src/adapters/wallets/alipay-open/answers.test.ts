import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { money } from '../../../domain/money.ts';
import type { PayRequest, RefundRequest } from '../../../ports/wallet.ts';
import { type Call, methods } from '../../../protocols/alipay-open/calls.ts';
import { businessCodes } from '../../../protocols/alipay-open/result-codes.ts';
import { readResult } from '../../../protocols/alipay-open/trade-answers.ts';
import {
  cancelAnswer,
  inquiryAnswer,
  payAnswer,
  precreateAnswer,
  refundAnswer,
  refundInquiryAnswer,
} from './answers.ts';
import type { VerifiedAnswer } from './verified-answer.ts';

const request: RefundRequest = {
  account: 'sandbox',
  requestId: 'P1',
  amount: money('CNY', 8888n),
  walletTransactionId: 'W1',
  refundRequestId: 'R1',
  refundAmount: money('CNY', 100n),
  reason: null,
};

const order: PayRequest = {
  account: 'sandbox',
  requestId: 'P1',
  amount: money('CNY', 8888n),
  start: { product: 'order_code' },
  subject: 'x',
  merchantOrderNo: 'O1',
  merchant: { name: '商户', mcc: null },
  store: { id: 'S1', name: '门店', mcc: null },
  terminalId: 'T1',
  subMerchantId: 'M1',
  requestedAt: new Date('2026-01-15T02:20:31Z'),
  expiresAt: new Date('2026-01-15T02:24:31Z'),
};

function verified(node: Record<string, unknown>): VerifiedAnswer {
  const result = readResult(node);
  if (result === null) throw new Error('a node without a code');
  return { kind: 'verified', node, result, raw: Buffer.from(JSON.stringify(node)) };
}

/** Short form of an answer: its kind and what tells it apart. */
function short(answer: { readonly kind: string; readonly [key: string]: unknown }): string {
  const detail = answer['reason'] ?? answer['remedy'] ?? answer['action'];
  return typeof detail === 'string' ? `${answer.kind} ${detail}` : answer.kind;
}

const pay = (node: Record<string, unknown>) => short({ ...payAnswer(request, verified(node)) });
const precreate = (node: Record<string, unknown>) => short({ ...precreateAnswer(order, verified(node)) });
const inquire = (node: Record<string, unknown>) => short({ ...inquiryAnswer(request, verified(node)) });
const cancel = (node: Record<string, unknown>) => short({ ...cancelAnswer(request, verified(node)) });
const refund = (node: Record<string, unknown>) => short({ ...refundAnswer(request, verified(node)) });
const inquireRefund = (node: Record<string, unknown>) =>
  short({ ...refundInquiryAnswer(request, verified(node)) });

const failed = (subCode: string) => ({
  code: '40004',
  msg: 'Business Failed',
  sub_code: subCode,
  sub_msg: 'why',
});
const paidNode = { code: '10000', out_trade_no: 'P1', trade_no: 'W1', total_amount: '88.88' };

describe('an answer to pay', () => {
  it('that names payment, transaction and amount is paid', () => {
    expect(payAnswer(request, verified(paidNode))).toEqual({
      kind: 'paid',
      walletTransactionId: 'W1',
      amount: money('CNY', 8888n),
      paidAt: null,
    });
  });

  it('and an inquiry’s say when the payer paid, where the platform does', () => {
    const paidAt = new Date('2026-01-15T02:20:39Z');
    const payTime = { ...paidNode, gmt_payment: '2026-01-15 10:20:39' };
    expect(payAnswer(request, verified(payTime))).toMatchObject({ kind: 'paid', paidAt });
    const queryTime = { ...paidNode, trade_status: 'TRADE_SUCCESS', send_pay_date: '2026-01-15 10:20:39' };
    expect(inquiryAnswer(request, verified(queryTime))).toMatchObject({ kind: 'paid', paidAt });
    expect(payAnswer(request, verified({ ...paidNode, gmt_payment: 'soon' }))).toMatchObject({
      paidAt: null,
    });
  });

  // proves RES-08, RES-18
  it.each([
    [{ code: '10003', out_trade_no: 'P1', trade_no: 'W1', total_amount: '0.00' }, 'awaiting_payer'],
    [{ code: '10003' }, 'awaiting_payer'],
    [{ code: '20000', sub_code: 'isp.unknow-error' }, 'unclear'],
    [{ code: '20000', sub_code: 'aop.ACQ.SYSTEM_ERROR' }, 'unclear'],
    [{ code: '20000', sub_code: 'ACQ.PAYMENT_AUTH_CODE_INVALID' }, 'unclear'],
    [{ code: '20000', sub_code: 'isv.invalid-parameter' }, 'unclear'],
    [failed('ACQ.SYSTEM_ERROR'), 'unclear'],
    [failed('aop.ACQ.SYSTEM_ERROR'), 'unclear'],
    [failed('ACQ.TRADE_HAS_SUCCESS'), 'unclear'],
    [failed('ACQ.TRADE_HAS_CLOSE'), 'unclear'],
    [failed('ACQ.CONTEXT_INCONSISTENT'), 'unclear'],
    [failed('ACQ.SOMETHING_NEW'), 'unclear'],
    [{ code: '40004' }, 'unclear'],
    [{ code: '40005', sub_code: 'isv.app-call-limited' }, 'unclear'],
    [{ code: '40007' }, 'unclear'],
    [{ code: '40002', sub_code: 'ACQ.SOMETHING_NEW' }, 'unclear'],
    [failed('ACQ.PAYMENT_AUTH_CODE_INVALID'), 'refused payer'],
    [failed('ACQ.BUYER_BALANCE_NOT_ENOUGH'), 'refused payer'],
    [{ ...failed('ACQ.PAYMENT_FAIL'), out_trade_no: 'P1', total_amount: '0.00' }, 'refused payer'],
    [failed('ACQ.TOTAL_FEE_EXCEED'), 'refused merchant'],
    [failed('ACQ.EXIST_FORBIDDEN_WORD'), 'refused merchant'],
    [failed('ACQ.INVALID_PARAMETER'), 'refused operator'],
    [failed('ACQ.ERROR_SELLER_CERTIFY_LEVEL_LIMIT'), 'refused operator'],
    [failed('ACQ.AGREEMENT_INVALID'), 'refused operator'],
    [{ code: '20001', sub_code: 'aop.invalid-app-auth-token' }, 'refused operator'],
    [{ code: '40001', sub_code: 'isv.missing-app-id' }, 'refused operator'],
    [{ code: '40002', sub_code: 'isv.invalid-signature' }, 'refused operator'],
    [{ code: '40003' }, 'refused operator'],
    [{ code: '40006', sub_code: 'isv.insufficient-isv-permissions' }, 'refused operator'],
  ])('%j is %s', (node, expected) => {
    expect(pay(node)).toBe(expected);
  });

  it('keeps the wallet’s own code and words', () => {
    expect(payAnswer(request, verified(failed('ACQ.PAYMENT_FAIL')))).toMatchObject({
      code: 'ACQ.PAYMENT_FAIL',
      message: 'why',
    });
    expect(
      payAnswer(request, verified({ code: '20000', msg: 'Service Currently Unavailable' })),
    ).toMatchObject({
      code: '20000',
      message: 'Service Currently Unavailable',
    });
  });
});

// proves RES-14
describe('an answer that cannot be about the payment is no answer', () => {
  const changed = (change: Record<string, unknown>) => ({ ...paidNode, ...change });
  it.each([
    ['another payment', changed({ out_trade_no: 'P2' })],
    ['no payment', changed({ out_trade_no: undefined })],
    ['no transaction', changed({ trade_no: '' })],
    ['another amount', changed({ total_amount: '88.89' })],
    ['no amount', changed({ total_amount: undefined })],
    ['an amount that is no decimal', changed({ total_amount: '88.888' })],
    ['an amount that is a number', changed({ total_amount: 88.88 })],
  ])('when it is paid and names %s', (_, node) => {
    expect(pay(node)).toBe('no_answer untrusted');
    expect(inquire({ ...node, trade_status: 'TRADE_SUCCESS' })).toBe('no_answer untrusted');
    const answer = payAnswer(request, verified(node));
    expect(answer.kind === 'no_answer' && answer.raw?.length).toBeGreaterThan(0);
  });

  it('whatever its code is, when it names another payment', () => {
    for (const judge of [pay, precreate, inquire, cancel, refund, inquireRefund]) {
      for (const code of ['10000', '10003', '20000', '40002', '40004', '40006']) {
        expect(judge({ code, out_trade_no: 'P2', sub_code: 'ACQ.TRADE_NOT_EXIST' })).toBe(
          'no_answer untrusted',
        );
      }
    }
  });

  it('when another currency was asked about', () => {
    const dollars = { ...request, amount: money('USD', 8888n) };
    expect(payAnswer(dollars, verified(paidNode))).toMatchObject({ reason: 'untrusted' });
  });
});

describe('an answer to precreate', () => {
  const made = { code: '10000', out_trade_no: 'P1', qr_code: 'https://qr.alipay.com/bax0TEST' };

  it('with a code is issued, until the payment expires, and nothing is known of it yet', () => {
    expect(precreateAnswer(order, verified(made))).toEqual({
      kind: 'issued',
      action: { kind: 'show_code', value: 'https://qr.alipay.com/bax0TEST', expiresAt: order.expiresAt },
      walletTransactionId: null,
      known: false,
    });
  });

  // proves RES-01, RES-14, RES-18
  it.each([
    [{ ...made, out_trade_no: 'P2' }, 'no_answer untrusted'],
    [{ ...made, out_trade_no: undefined }, 'no_answer untrusted'],
    [{ ...made, qr_code: '' }, 'unclear'],
    [{ ...made, code: '10003' }, 'unclear'],
    [{ code: '20000', sub_code: 'isp.unknow-error' }, 'unclear'],
    [failed('ACQ.SYSTEM_ERROR'), 'unclear'],
    [failed('ACQ.APPLY_PC_MERCHANT_CODE_ERROR'), 'unclear'],
    [failed('ACQ.TRADE_HAS_SUCCESS'), 'unclear'],
    [failed('ACQ.TRADE_HAS_CLOSE'), 'unclear'],
    [failed('ACQ.CONTEXT_INCONSISTENT'), 'unclear'],
    [failed('ACQ.SOMETHING_NEW'), 'unclear'],
    [{ code: '40005' }, 'unclear'],
    [failed('ACQ.TOTAL_FEE_EXCEED'), 'refused merchant'],
    [failed('ACQ.BUYER_BALANCE_NOT_ENOUGH'), 'refused payer'],
    [failed('ACQ.STORE_INFO_INVALID'), 'refused operator'],
    [failed('ACQ.PLATFORM_BUSINESS_ACQUIRE_MODE_MUST_MERCHANT_ID'), 'refused operator'],
    [{ code: '40006' }, 'refused operator'],
    [{ code: '20001' }, 'refused operator'],
  ])('%j is %s', (node, expected) => {
    expect(precreate(node)).toBe(expected);
  });
});

describe('an answer to an inquiry', () => {
  it.each(['WAIT_BUYER_PAY', 'TRADE_CLOSED', 'TRADE_SUCCESS'])(
    'names the wallet’s own trade: %s',
    (status) => {
      const answer = inquiryAnswer(request, verified({ ...paidNode, trade_status: status }));
      expect(answer).toMatchObject({ walletTransactionId: paidNode.trade_no });
    },
  );

  it.each([
    [{ ...paidNode, trade_status: 'TRADE_SUCCESS' }, 'paid'],
    [{ ...paidNode, trade_status: 'TRADE_FINISHED' }, 'paid'],
    [{ ...paidNode, trade_status: 'WAIT_BUYER_PAY' }, 'awaiting_payer'],
    [{ code: '10000', trade_status: 'WAIT_BUYER_PAY' }, 'awaiting_payer'],
    [{ ...paidNode, trade_status: 'WAIT_BUYER_PAY', total_amount: '1.00' }, 'no_answer untrusted'],
    [{ ...paidNode, trade_status: 'TRADE_CLOSED' }, 'closed'],
    [{ code: '10000', trade_status: 'TRADE_CLOSED', out_trade_no: 'P1' }, 'closed'],
    [{ code: '10000', trade_status: 'TRADE_CLOSED' }, 'no_answer untrusted'],
    [{ ...paidNode, trade_status: 'TRADE_CLOSED', total_amount: '1.00' }, 'no_answer untrusted'],
    [{ ...paidNode, trade_status: 'TRADE_PENDING' }, 'unclear'],
    [paidNode, 'unclear'],
    [failed('ACQ.TRADE_NOT_EXIST'), 'not_found'],
    [failed('TRADE_NOT_EXIST'), 'not_found'],
    [failed('ACQ.SYSTEM_ERROR'), 'unclear'],
    [failed('ACQ.SOMETHING_NEW'), 'unclear'],
    [failed('ACQ.INVALID_PARAMETER'), 'refused operator'],
    [{ code: '20000' }, 'unclear'],
    [{ code: '40005' }, 'unclear'],
    [{ code: '10003' }, 'unclear'],
    [{ code: '20001', sub_code: 'aop.invalid-app-auth-token' }, 'refused operator'],
    [{ code: '40006' }, 'refused operator'],
    [{ code: '40002', sub_code: 'ACQ.TRADE_NOT_EXIST' }, 'unclear'],
  ])('%j is %s', (node, expected) => {
    expect(inquire(node)).toBe(expected);
  });
});

// proves RES-06, RES-07, RES-20
describe('an answer to a cancel', () => {
  const done = { code: '10000', out_trade_no: 'P1', trade_no: 'W1', retry_flag: 'N' };
  it.each([
    [{ ...done, action: 'close' }, 'effected closed'],
    [{ ...done, action: 'refund' }, 'effected refunded'],
    [{ ...done, retry_flag: undefined, action: 'refund' }, 'effected refunded'],
    [{ ...done, action: 'refund', out_trade_no: undefined }, 'no_answer untrusted'],
    [{ ...done, action: 'freeze' }, 'unclear'],
    [done, 'nothing_named'],
    [{ ...done, action: '' }, 'nothing_named'],
    [{ code: '10000' }, 'nothing_named'],
    [{ ...done, action: 'close', retry_flag: 'Y' }, 'unclear'],
    [{ ...failed('ACQ.TRADE_CANCEL_TIME_OUT'), retry_flag: 'Y' }, 'unclear'],
    [{ ...failed('ACQ.SELLER_BALANCE_NOT_ENOUGH'), retry_flag: 'Y' }, 'unclear'],
    [failed('ACQ.SYSTEM_ERROR'), 'unclear'],
    [failed('AQC.SYSTEM_ERROR'), 'unclear'],
    [{ code: '20000' }, 'unclear'],
    [{ code: '20000', sub_code: 'ACQ.TRADE_CANCEL_TIME_OUT' }, 'unclear'],
    [failed('ACQ.SOMETHING_NEW'), 'unclear'],
    [{ code: '49999' }, 'unclear'],
    [failed('ACQ.TRADE_CANCEL_TIME_OUT'), 'refund_instead'],
    [failed('ACQ.REASON_TRADE_REFUND_FEE_ERR'), 'refund_instead'],
    [failed('ACQ.TRADE_HAS_FINISHED'), 'refund_instead'],
    [failed('ACQ.CANCEL_NOT_ALLOWED'), 'refund_instead'],
    [failed('ACQ.SELLER_BALANCE_NOT_ENOUGH'), 'later'],
    [failed('ACQ.REASON_TRADE_BEEN_FREEZEN'), 'later'],
    [{ code: '40005', sub_code: 'isv.method-call-limited' }, 'later'],
    [{ code: '40002', sub_code: 'isv.invalid-signature' }, 'later'],
    [{ code: '20001', sub_code: 'aop.invalid-app-auth-token' }, 'later'],
    [{ code: '40006' }, 'later'],
  ])('%j is %s', (node, expected) => {
    expect(cancel(node)).toBe(expected);
  });
});

describe('an answer to a refund', () => {
  const done = { code: '10000', out_trade_no: 'P1', trade_no: 'W1', fund_change: 'Y', refund_fee: '1.00' };
  it.each([
    [done, 'refunded'],
    [{ ...done, refund_fee: '88.88' }, 'refunded'],
    [{ ...done, refund_fee: undefined }, 'refunded'],
    [{ ...done, refund_fee: '0.99' }, 'no_answer untrusted'],
    [{ ...done, out_trade_no: undefined }, 'no_answer untrusted'],
    [{ ...done, fund_change: 'N' }, 'repeated'],
    [{ code: '10000' }, 'repeated'],
    [failed('ACQ.DISCORDANT_REPEAT_REQUEST'), 'repeated'],
    [failed('ACQ.TRADE_HAS_CLOSE'), 'repeated'],
    [failed('ACQ.SYSTEM_ERROR'), 'unclear'],
    [{ code: '20000' }, 'unclear'],
    [{ code: '20000', sub_code: 'ACQ.TRADE_NOT_EXIST' }, 'unclear'],
    [failed('ACQ.SOMETHING_NEW'), 'unclear'],
    [failed('ACQ.SELLER_BALANCE_NOT_ENOUGH'), 'later'],
    [failed('ACQ.REFUND_CHARGE_ERROR'), 'later'],
    [failed('ACQ.REASON_TRADE_BEEN_FREEZEN'), 'later'],
    [{ code: '40005' }, 'later'],
    [{ code: '20001', sub_code: 'aop.invalid-app-auth-token' }, 'later'],
    [{ code: '40002', sub_code: 'isv.invalid-signature' }, 'later'],
    [failed('ACQ.REFUND_AMT_NOT_EQUAL_TOTAL'), 'refused merchant'],
    [failed('ACQ.TRADE_NOT_ALLOW_REFUND'), 'refused merchant'],
    [failed('ACQ.TRADE_NOT_EXIST'), 'refused merchant'],
    [failed('ACQ.BUYER_ERROR'), 'refused operator'],
  ])('%j is %s', (node, expected) => {
    expect(refund(node)).toBe(expected);
  });
});

describe('an answer to a refund inquiry', () => {
  const done = {
    code: '10000',
    out_trade_no: 'P1',
    out_request_no: 'R1',
    total_amount: '88.88',
    refund_amount: '1.00',
    refund_status: 'REFUND_SUCCESS',
  };
  it.each([
    [done, 'refunded'],
    [{ ...done, refund_status: undefined }, 'refunded'],
    [{ ...done, refund_status: '' }, 'refunded'],
    [{ ...done, total_amount: undefined }, 'refunded'],
    [{ ...done, refund_status: undefined, refund_amount: undefined }, 'not_found'],
    [{ ...done, refund_status: undefined, refund_amount: '' }, 'not_found'],
    [{ code: '10000' }, 'not_found'],
    [{ ...done, refund_status: 'REFUND_PROCESSING' }, 'unclear'],
    [{ ...done, out_request_no: 'R2' }, 'no_answer untrusted'],
    [{ ...done, out_request_no: undefined }, 'no_answer untrusted'],
    [{ ...done, refund_amount: undefined }, 'no_answer untrusted'],
    [{ ...done, refund_amount: '2.00' }, 'no_answer untrusted'],
    [{ ...done, refund_amount: 'x', refund_status: undefined }, 'no_answer untrusted'],
    [{ ...done, total_amount: '1.00' }, 'no_answer untrusted'],
    [failed('ACQ.TRADE_NOT_EXIST'), 'not_found'],
    [failed('TRADE_NOT_EXIST'), 'not_found'],
    [failed('ACQ.SYSTEM_ERROR'), 'unclear'],
    [failed('ACQ.SOMETHING_NEW'), 'unclear'],
    [{ code: '20000' }, 'unclear'],
    [{ code: '40005' }, 'unclear'],
    [{ code: '40006' }, 'refused operator'],
  ])('%j is %s', (node, expected) => {
    expect(inquireRefund(node)).toBe(expected);
  });

  it('that is refunded states the amount', () => {
    expect(refundInquiryAnswer(request, verified(done))).toEqual({
      kind: 'refunded',
      amount: money('CNY', 100n),
    });
  });
});

const judges = { pay, precreate, query: inquire, cancel, refund, refund_query: inquireRefund };

it('no failing code of any call is ever evidence of a payment, a cancel or a refund', () => {
  for (const [call, judge] of Object.entries(judges)) {
    for (const name of Object.keys(businessCodes[call as Call])) {
      expect([call, name, judge(failed(`ACQ.${name}`))]).toEqual([
        call,
        name,
        expect.stringMatching(/^(unclear|refused|later|not_found|refund_instead|repeated)/),
      ]);
    }
  }
});

it('an unlisted code leaves the outcome of every call open', () => {
  const listed = new Set(Object.keys(methods).flatMap((call) => Object.keys(businessCodes[call as Call])));
  fc.assert(
    fc.property(fc.stringMatching(/^[A-Z]{2,10}_[A-Z_]{2,10}$/), (name) => {
      fc.pre(!listed.has(name) && !/^(AGREEMENT|CYCLE_PAY)_/.test(name));
      for (const judge of Object.values(judges)) expect(judge(failed(`ACQ.${name}`))).toBe('unclear');
    }),
  );
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 99_999 }), (number) => {
      const code = String(number).padStart(5, '0');
      fc.pre(!/^(10000|10003|20000|20001|4000[1-6])$/.test(code));
      for (const judge of Object.values(judges)) expect(judge({ code })).toBe('unclear');
    }),
  );
});
