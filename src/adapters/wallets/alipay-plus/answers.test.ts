import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { resultCodes } from '../../../../test/vectors/alipay-plus/vectors.ts';
import { money } from '../../../domain/money.ts';
import type { PayRequest, RefundRequest } from '../../../ports/wallet.ts';
import { readMessage } from '../../../protocols/alipay-plus/message-fields.ts';
import {
  cancelAnswer as cancelFields,
  inquiryAnswer as inquiryFields,
  payAnswer as payFields,
} from '../../../protocols/alipay-plus/payment-messages.ts';
import {
  refundAnswer as refundFields,
  refundInquiryAnswer as refundInquiryFields,
} from '../../../protocols/alipay-plus/refund-messages.ts';
import { readResult } from '../../../protocols/alipay-plus/result.ts';
import { cancelAnswer, inquiryAnswer, payAnswer, refundAnswer, refundInquiryAnswer } from './answers.ts';
import type { AnswerFields, VerifiedAnswer } from './verified-answer.ts';

type Body = Readonly<Record<string, unknown>>;

const starts = {
  payment_code: { product: 'payment_code', paymentCode: '281012345678901234' },
  entry_code: { product: 'entry_code', userAgent: 'AlipayClient/10', returnUrl: 'http://127.0.0.1/c/x' },
  order_code: { product: 'order_code' },
} as const satisfies { readonly [product in PayRequest['start']['product']]: PayRequest['start'] };

type Product = keyof typeof starts;

const payment = { account: 'sandbox', requestId: 'P1', amount: money('USD', 599n) };
const refundOfIt: RefundRequest = {
  ...payment,
  walletTransactionId: 'W1',
  refundRequestId: 'R1',
  refundAmount: money('USD', 100n),
  reason: null,
};

function requestOf(product: Product): PayRequest {
  return {
    ...payment,
    start: starts[product],
    subject: 'Coffee',
    merchantOrderNo: 'O1',
    merchant: { name: 'M', mcc: '5411' },
    store: { id: 'S1', name: 'S', mcc: null },
    terminalId: 'T1',
    subMerchantId: 'SM1',
    requestedAt: new Date('2023-06-01T06:12:13Z'),
    expiresAt: new Date('2023-06-01T06:15:13Z'),
  };
}

function verified<F extends AnswerFields>(fields: F, body: Body): VerifiedAnswer<F> {
  const raw = Buffer.from(JSON.stringify(body));
  const message = readMessage(fields, raw);
  if (message.kind === 'unreadable') throw new Error(message.reason);
  const result = readResult(message.values.result as Parameters<typeof readResult>[0]);
  if (result === null) throw new Error('an answer without a result');
  return { kind: 'verified', values: message.values, result, raw };
}

const calls = {
  pay: (body: Body, product: Product = 'payment_code') =>
    payAnswer(requestOf(product), verified(payFields, body)),
  inquire_payment: (body: Body) => inquiryAnswer(payment, verified(inquiryFields, body)),
  cancel: (body: Body) => cancelAnswer(payment, verified(cancelFields, body)),
  refund: (body: Body) => refundAnswer(refundOfIt, verified(refundFields, body)),
  inquire_refund: (body: Body) => refundInquiryAnswer(refundOfIt, verified(refundInquiryFields, body)),
};

type Asked = keyof typeof calls;

/** Short form of an answer: its kind and what tells it apart. */
function short(answer: object): string {
  const { kind, reason, remedy, action } = answer as { [name: string]: unknown };
  const detail = reason ?? remedy ?? action;
  return typeof detail === 'string' ? `${kind} ${detail}` : String(kind);
}

const result = (status: string, code: string) => ({
  result: { resultStatus: status, resultCode: code, resultMessage: 'why' },
});
const done = result('S', 'SUCCESS');
const named = { paymentRequestId: 'P1', paymentId: 'W1', paymentAmount: { currency: 'USD', value: '599' } };
const refunded = { refundRequestId: 'R1', refundId: 'WR1', refundAmount: { currency: 'USD', value: '100' } };

/** What each code of AMS means, per call, where it comes with the status that is its own and with every id. */
const meanings: Record<Asked, Record<string, string>> = {
  pay: {
    SUCCESS: 'paid',
    PAYMENT_IN_PROCESS: 'unclear',
    UNKNOWN_EXCEPTION: 'unclear',
    REQUEST_TRAFFIC_EXCEED_LIMIT: 'unclear',
    MERCHANT_NOT_REGISTERED: 'refused operator',
    NO_PAY_OPTIONS: 'refused merchant',
    PAYMENT_NOT_QUALIFIED: 'refused merchant',
    PAYMENT_AMOUNT_EXCEED_LIMIT: 'refused merchant',
    PAYMENT_COUNT_EXCEED_LIMIT: 'refused merchant',
    ORDER_IS_CLOSED: 'unclear',
    ORDER_IS_CANCELED: 'unclear',
    REPEAT_REQ_INCONSISTENT: 'unclear',
    RISK_REJECT: 'refused operator',
    USER_NOT_EXIST: 'refused payer',
    PROCESS_FAIL: 'refused operator',
    SYSTEM_ERROR: 'unclear',
    EXPIRED_CODE: 'refused payer',
    INVALID_PAYMENT_CODE: 'refused payer',
    USER_BALANCE_NOT_ENOUGH: 'refused payer',
    USER_AMOUNT_EXCEED_LIMIT: 'refused payer',
    USER_KYC_NOT_QUALIFIED: 'refused payer',
    USER_PAYMENT_VERIFICATION_FAILED: 'refused payer',
    USER_STATUS_ABNORMAL: 'refused payer',
    FRAUD_REJECT: 'refused merchant',
    SUSPECTED_RISK: 'refused merchant',
    INVALID_ACCESS_TOKEN: 'refused merchant',
    BUSINESS_NOT_SUPPORT: 'refused merchant',
    UNAVAILABLE_PAYMENT_METHOD: 'refused merchant',
    SETTLE_CONTRACT_NOT_MATCH: 'refused merchant',
    VERIFY_TIMES_EXCEED_LIMIT: 'refused merchant',
    ORDER_STATUS_INVALID: 'unclear',
    configuration: 'refused operator',
  },
  inquire_payment: {
    SUCCESS: 'unclear',
    ORDER_NOT_EXIST: 'not_found',
    PROCESS_FAIL: 'unclear',
    SYSTEM_ERROR: 'unclear',
    UNKNOWN_EXCEPTION: 'unclear',
    REQUEST_TRAFFIC_EXCEED_LIMIT: 'unclear',
    PAYMENT_IN_PROCESS: 'unclear',
    configuration: 'refused operator',
  },
  cancel: {
    SUCCESS: 'effected cancelled',
    CANCEL_WINDOW_EXCEED: 'refund_instead',
    ORDER_NOT_EXIST: 'nothing_named',
    ORDER_STATUS_INVALID: 'refund_instead',
    MERCHANT_BALANCE_NOT_ENOUGH: 'later',
    PAYMENT_METHOD_NOT_SUPPORTED: 'refund_instead',
    USER_NOT_EXIST: 'refund_instead',
    USER_STATUS_ABNORMAL: 'refund_instead',
    PROCESS_FAIL: 'later',
    SYSTEM_ERROR: 'later',
    UNKNOWN_EXCEPTION: 'unclear',
    REQUEST_TRAFFIC_EXCEED_LIMIT: 'unclear',
    configuration: 'later',
  },
  refund: {
    SUCCESS: 'refunded',
    REFUND_IN_PROCESS: 'repeated',
    UNKNOWN_EXCEPTION: 'unclear',
    REQUEST_TRAFFIC_EXCEED_LIMIT: 'unclear',
    REFUND_AMOUNT_EXCEED: 'refused merchant',
    REFUND_WINDOW_EXCEED: 'refused merchant',
    MULTIPLE_REFUNDS_NOT_SUPPORTED: 'refused merchant',
    PARTIAL_REFUND_NOT_SUPPORTED: 'refused merchant',
    REFUND_NOT_SUPPORTED: 'refused merchant',
    MERCHANT_BALANCE_NOT_ENOUGH: 'spent',
    ORDER_IS_CANCELED: 'refused merchant',
    ORDER_STATUS_INVALID: 'refused merchant',
    ORDER_NOT_EXIST: 'refused merchant',
    REPEAT_REQ_INCONSISTENT: 'repeated',
    RISK_REJECT: 'spent',
    PROCESS_FAIL: 'spent',
    SYSTEM_ERROR: 'spent',
    configuration: 'later',
  },
  inquire_refund: {
    SUCCESS: 'unclear',
    ORDER_NOT_EXIST: 'not_found',
    UNKNOWN_EXCEPTION: 'unclear',
    REQUEST_TRAFFIC_EXCEED_LIMIT: 'unclear',
    configuration: 'refused operator',
  },
};

const asked = Object.keys(calls) as Asked[];

// proves RES-01, RES-06, RES-07, RES-18, RES-20
describe.each(asked)('every code of %s', (call) => {
  it('has the one meaning that the table gives it', () => {
    const expected = { ...meanings[call] };
    for (const code of Object.keys(resultCodes['configuration'] ?? {})) {
      expected[code] = expected['configuration'] ?? '';
    }
    delete expected['configuration'];
    const documented = { ...resultCodes['configuration'], ...resultCodes[call] };
    const found = Object.entries(documented).map(([code, { status }]) => {
      const ids = call === 'refund' || call === 'inquire_refund' ? refunded : named;
      return [code, short(calls[call]({ ...result(status, code), ...ids }))];
    });
    expect(Object.fromEntries(found)).toEqual(expected);
  });

  it('leaves the outcome open under a status that is not its own', () => {
    for (const [code, { status }] of Object.entries({
      ...resultCodes['configuration'],
      ...resultCodes[call],
    })) {
      for (const other of ['S', 'F', 'U'].filter((one) => one !== status)) {
        expect([code, other, short(calls[call](result(other, code)))]).toEqual([code, other, 'unclear']);
      }
    }
  });

  it('that nobody has listed goes by its status alone', () => {
    const listed = Object.keys({ ...resultCodes['configuration'], ...resultCodes[call] });
    const unlisted = { pay: 'refused merchant', refund: 'refused merchant' }[call as string] ?? 'unclear';
    fc.assert(
      fc.property(fc.stringMatching(/^[A-Z]{2,10}_[A-Z_]{2,10}$/), (code) => {
        fc.pre(!listed.includes(code));
        expect(short(calls[call](result('F', code)))).toBe(unlisted);
        for (const status of ['U', 'A', 'x'])
          expect(short(calls[call](result(status, code)))).toBe('unclear');
      }),
    );
  });

  // proves RES-14
  it('is untrusted when it names another payment or refund', () => {
    const another = call === 'inquire_refund' ? { refundRequestId: 'R2' } : { paymentRequestId: 'P2' };
    const others = call === 'refund' ? [{ paymentId: 'W2' }, { refundRequestId: 'R2' }] : [another];
    for (const [code, { status }] of Object.entries({
      ...resultCodes['configuration'],
      ...resultCodes[call],
    })) {
      for (const other of others) {
        const ids = call === 'refund' || call === 'inquire_refund' ? refunded : named;
        expect([code, short(calls[call]({ ...result(status, code), ...ids, ...other }))]).toEqual([
          code,
          'no_answer untrusted',
        ]);
      }
    }
  });
});

// proves RES-01
describe('a success of pay', () => {
  it('of a payment code is money', () => {
    expect(calls.pay({ ...done, ...named, paymentTime: '2023-06-01T14:12:29+08:00' })).toEqual({
      kind: 'paid',
      walletTransactionId: 'W1',
      amount: money('USD', 599n),
      paidAt: new Date('2023-06-01T06:12:29Z'),
    });
    expect(calls.pay({ ...result('S', 'SOMETHING_NEW'), ...named })).toMatchObject({
      kind: 'paid',
      paidAt: null,
    });
  });

  it('of an entry code is a URL', () => {
    const form = { method: 'GET', redirectUrl: 'https://wallet.example/cashier?token=abc' };
    expect(calls.pay({ ...done, ...named, redirectActionForm: form }, 'entry_code')).toEqual({
      kind: 'issued',
      action: { kind: 'redirect', url: form.redirectUrl },
      walletTransactionId: 'W1',
      known: true,
    });
  });

  it('of an order code is a code, until it dies or the payment closes, whichever is sooner', () => {
    const code = { codeValueType: 'QRCODE', displayType: 'TEXT', codeValue: 'https://qr.example/281' };
    const others = [
      { codeValueType: 'BARCODE', displayType: 'TEXT', codeValue: '281' },
      { codeValueType: 'QRCODE', displayType: 'BIGIMAGE', codeValue: 'https://img.example/1' },
    ];
    const form = { expireTime: '2023-06-01T14:15:12+08:00', codeDetails: [...others, code] };
    const issued = {
      kind: 'issued',
      action: {
        kind: 'show_code',
        value: 'https://qr.example/281',
        expiresAt: new Date('2023-06-01T06:15:12Z'),
      },
      walletTransactionId: 'W1',
      known: true,
    };
    expect(calls.pay({ ...done, ...named, orderCodeForm: form }, 'order_code')).toEqual(issued);
    const ours = { ...issued, action: { ...issued.action, expiresAt: new Date('2023-06-01T06:15:13Z') } };
    for (const expireTime of [undefined, 'soon', '2023-06-01T14:45:00+08:00']) {
      const change = { orderCodeForm: { ...form, expireTime } };
      expect(calls.pay({ ...done, ...named, ...change }, 'order_code')).toEqual(ours);
    }
    expect(
      short(calls.pay({ ...done, ...named, orderCodeForm: { codeDetails: others } }, 'order_code')),
    ).toBe('unclear');
  });

  const goodForm = { redirectUrl: 'https://wallet.example/' };
  it.each([
    ['payment_code', { ...done, ...named, redirectActionForm: goodForm }, 'paid'],
    ['entry_code', { ...done, ...named, redirectActionForm: { redirectUrl: 'alipayhk://x?y=1' } }, 'issued'],
    ['entry_code', { ...done, ...named, redirectActionForm: { ...goodForm, method: 'SCAN' } }, 'issued'],
    ['entry_code', { ...done, paymentId: 'W1', redirectActionForm: goodForm }, 'no_answer untrusted'],
    [
      'entry_code',
      { ...done, paymentId: 'W1', paymentAmount: named.paymentAmount, redirectActionForm: goodForm },
      'issued',
    ],
    [
      'entry_code',
      {
        ...done,
        paymentId: 'W1',
        paymentAmount: { currency: 'USD', value: '1' },
        redirectActionForm: goodForm,
      },
      'no_answer untrusted',
    ],
    ['entry_code', { ...done, ...named }, 'unclear'],
    ['entry_code', { ...done, ...named, paymentTime: '2023-06-01T14:12:29+08:00' }, 'unclear'],
    ['entry_code', { ...done, ...named, redirectActionForm: { redirectUrl: '' } }, 'unclear'],
    ['entry_code', { ...done, ...named, redirectActionForm: { redirectUrl: '/cashier' } }, 'unclear'],
    ['entry_code', { ...done, ...named, redirectActionForm: { redirectUrl: 'javascript:x' } }, 'unclear'],
    ['entry_code', { ...done, ...named, redirectActionForm: { redirectUrl: ' JavaScript:x' } }, 'unclear'],
    ['entry_code', { ...done, ...named, redirectActionForm: { ...goodForm, method: 'POST' } }, 'unclear'],
    ['order_code', { ...done, ...named }, 'unclear'],
    ['order_code', { ...done, ...named, redirectActionForm: goodForm }, 'unclear'],
  ] as const)('of %s: %j is %s', (product, body, expected) => {
    expect(short(calls.pay(body, product))).toBe(expected);
  });
});

// proves RES-14
describe('an answer that cannot be about the payment is no answer', () => {
  const changed = (change: Body): Body => ({ ...done, ...named, ...change });
  const form = { redirectActionForm: { redirectUrl: 'https://wallet.example/' } };

  it.each([
    ['another payment', changed({ paymentRequestId: 'P2' })],
    ['no payment', changed({ paymentRequestId: undefined })],
    ['no payment of the wallet', changed({ paymentId: '' })],
    ['another amount', changed({ paymentAmount: { currency: 'USD', value: '598' } })],
    ['another currency', changed({ paymentAmount: { currency: 'EUR', value: '599' } })],
    ['no amount', changed({ paymentAmount: undefined })],
    ['an amount that is no string', changed({ paymentAmount: { currency: 'USD', value: 599 } })],
    ['an amount in major units', changed({ paymentAmount: { currency: 'USD', value: '5.99' } })],
  ])('when it is paid and names %s', (_, body) => {
    expect(short(calls.pay(body))).toBe('no_answer untrusted');
    expect(short(calls.inquire_payment({ ...body, paymentStatus: 'SUCCESS' }))).toBe('no_answer untrusted');
    const answer = calls.pay(body);
    expect(answer.kind === 'no_answer' && answer.raw?.length).toBeGreaterThan(0);
  });

  it.each([
    ['pay, issued without any id', () => calls.pay({ ...done, ...form }, 'entry_code')],
    [
      'pay, issued for another amount',
      () => calls.pay(changed({ ...form, paymentAmount: { currency: 'USD', value: '1' } }), 'entry_code'),
    ],
    ['inquiry, failed', () => calls.inquire_payment({ ...done, paymentStatus: 'FAIL' })],
    ['inquiry, cancelled', () => calls.inquire_payment({ ...done, paymentStatus: 'CANCELLED' })],
    [
      'inquiry, failed for another amount',
      () =>
        calls.inquire_payment(
          changed({ paymentStatus: 'FAIL', paymentAmount: { currency: 'JPY', value: '599' } }),
        ),
    ],
    [
      'inquiry, processing another amount',
      () =>
        calls.inquire_payment(
          changed({ paymentStatus: 'PROCESSING', paymentAmount: { currency: 'USD', value: '1' } }),
        ),
    ],
    [
      'refund, of another amount',
      () => calls.refund({ ...done, ...refunded, refundAmount: { currency: 'USD', value: '99' } }),
    ],
    [
      'refund inquiry, of no refund',
      () =>
        calls.inquire_refund({
          ...done,
          ...refunded,
          refundRequestId: undefined,
          refundStatus: 'SUCCESS',
        }),
    ],
    ['refund inquiry, failed for no refund', () => calls.inquire_refund({ ...done, refundStatus: 'FAIL' })],
    [
      'refund inquiry, without an amount',
      () => calls.inquire_refund({ ...done, refundRequestId: 'R1', refundStatus: 'SUCCESS' }),
    ],
    [
      'refund inquiry, of another amount',
      () =>
        calls.inquire_refund({
          ...done,
          ...refunded,
          refundStatus: 'SUCCESS',
          refundAmount: { currency: 'USD', value: '101' },
        }),
    ],
  ])('%s', (_, judge) => {
    expect(short(judge())).toBe('no_answer untrusted');
  });
});

// proves RES-04
describe('an answer to an inquiry', () => {
  const found = (paymentStatus: string | undefined, change: Body = {}) =>
    calls.inquire_payment({ ...done, ...named, paymentStatus, ...change });

  it('that is paid says when, and stays paid after refunds', () => {
    const transactions = [{ transactionType: 'REFUND', transactionStatus: 'SUCCESS' }];
    expect(found('SUCCESS', { paymentTime: '2020-01-01 12:01:01 +08:30', transactions })).toEqual({
      kind: 'paid',
      walletTransactionId: 'W1',
      amount: money('USD', 599n),
      paidAt: new Date('2020-01-01T03:31:01Z'),
    });
  });

  it('that has failed says why', () => {
    const why = { paymentResultCode: 'USER_BALANCE_NOT_ENOUGH', paymentResultMessage: 'no funds' };
    expect(found('FAIL', why)).toEqual({
      kind: 'failed',
      code: 'USER_BALANCE_NOT_ENOUGH',
      message: 'no funds',
    });
    expect(found('FAIL')).toEqual({ kind: 'failed', code: 'FAIL', message: '' });
  });

  it.each([
    ['PROCESSING', 'awaiting_payer'],
    ['PENDING', 'awaiting_payer'],
    ['CANCELLED', 'cancelled'],
    ['CANCELED', 'unclear'],
    ['success', 'unclear'],
    ['', 'unclear'],
    [undefined, 'unclear'],
  ])('with status %s is %s', (status, expected) => {
    expect(short(found(status))).toBe(expected);
  });

  it('that is open needs no names', () => {
    expect(calls.inquire_payment({ ...done, paymentStatus: 'PROCESSING' })).toEqual({
      kind: 'awaiting_payer',
      walletTransactionId: null,
    });
  });

  it('means its status only when the inquiry itself succeeded', () => {
    for (const status of ['F', 'U', 'A']) {
      const body = { ...result(status, 'SOMETHING_NEW'), ...named, paymentStatus: 'SUCCESS' };
      expect(short(calls.inquire_payment(body))).toBe('unclear');
    }
  });
});

// proves RES-20
it('a cancel or refund that names none of ours, as AMS may answer, is no evidence: an inquiry tells', () => {
  expect(short(calls.cancel(done))).toBe('nothing_named');
  expect(short(calls.cancel({ ...done, paymentId: 'W1' }))).toBe('nothing_named');
  expect(short(calls.refund(done))).toBe('repeated');
});

it('an answer to a refund inquiry tells what became of the refund', () => {
  const found = (refundStatus: string) => calls.inquire_refund({ ...done, ...refunded, refundStatus });
  expect(found('SUCCESS')).toEqual({ kind: 'refunded', amount: money('USD', 100n) });
  expect(found('FAIL')).toMatchObject({ kind: 'failed', code: 'FAIL' });
  expect(['PROCESSING', 'CANCELLED', ''].map((status) => short(found(status)))).toEqual(
    Array(3).fill('unclear'),
  );
});

it('the wallet’s own code and words are kept', () => {
  expect(calls.pay(result('F', 'RISK_REJECT'))).toMatchObject({ code: 'RISK_REJECT', message: 'why' });
  expect(calls.pay(result('U', 'UNKNOWN_EXCEPTION'))).toEqual({
    kind: 'unclear',
    code: 'UNKNOWN_EXCEPTION',
    message: 'why',
  });
});
