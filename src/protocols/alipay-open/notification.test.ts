import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { privateKey, publicKey, signatures } from '../../../test/vectors/alipay-open/vectors.ts';
import { money } from '../../domain/money.ts';
import {
  printNotification,
  readNotification,
  readTradeNotification,
  verifyNotification,
} from './notification.ts';
import { signContent } from './signature.ts';

const { body, content, sign } = signatures.notification;

function read(text: string) {
  const notification = readNotification(Buffer.from(text));
  if (notification.kind === 'unreadable') throw new Error(notification.reason);
  return notification;
}

function verified(text: string, rule: 'v1' | 'v2' = 'v1'): boolean {
  const notification = readNotification(Buffer.from(text));
  return notification.kind === 'notification' && verifyNotification(notification, publicKey, 'RSA2', rule);
}

// proves NOT-01
describe('the recorded notification', () => {
  it('verifies over its decoded fields', () => {
    expect(verified(body)).toBe(true);
    expect(read(body).texts.get('subject')).toBe('测试 100%纯棉+T恤&袜子');
    expect(read(body).sign).toBe(sign);
  });

  it('verifies in any order of its fields', () => {
    expect(verified(body.split('&').toReversed().join('&'))).toBe(true);
  });

  it.each([
    ['a changed amount', body.replace('total_amount=1.00', 'total_amount=9.00')],
    ['another order', body.replace('T202601150002', 'T202601150003')],
    ['an added field', `${body}&extra=1`],
    ['a field taken away', body.replace('version=1.0&', '')],
    ['values decoded twice', body.replaceAll('%25', '%')],
    ['the wrong rule of signing', body.replace('sign_type=RSA2', 'sign_type=RSA')],
  ])('does not verify with %s', (name, text) => {
    expect([name, verified(text)]).toEqual([name, name === 'values decoded twice']);
  });

  it('says what became of the trade', () => {
    expect(readTradeNotification(read(body))).toMatchObject({
      notifyType: 'trade_status_sync',
      appId: '2021000000000001',
      sellerId: '2088000000000001',
      outTradeNo: 'T202601150002',
      tradeNo: '2026011522001409001400000001',
      outBizNo: null,
      tradeStatus: 'TRADE_SUCCESS',
      totalAmount: money('CNY', 100n),
      receiptAmount: money('CNY', 80n),
      refundedTotal: null,
      paidAt: new Date('2026-01-15T02:20:39Z'),
      closedAt: null,
      fundBills: [
        { channel: 'BANKCARD', amount: money('CNY', 80n), fundType: 'DEBIT_CARD' },
        { channel: 'MCOUPON', amount: money('CNY', 20n), fundType: null },
      ],
    });
  });
});

describe('a notification', () => {
  it('signed by the other rule keeps sign_type in what it signs', () => {
    const fields = 'charset=utf-8&sign_type=RSA2&x=1';
    const text = `${fields}&sign=${encodeURIComponent(signContent(Buffer.from(fields), privateKey, 'RSA2'))}`;
    expect([verified(text, 'v2'), verified(text, 'v1')]).toEqual([true, false]);
    expect([verified(body, 'v2'), verified(body, 'v1')]).toEqual([false, true]);
  });

  it('that could be taken apart otherwise does not verify, though what is signed is the same', () => {
    for (const text of [
      body
        .replace('&trade_status=TRADE_SUCCESS', '')
        .replace(/(trade_no=\d+)/, '$1%26trade_status%3DTRADE_SUCCESS'),
      body.replace('&trade_status=', '%26trade_status%3D'),
      body.replace(/trade_no=(\d+)&trade_status=/, 'trade_no%3D$1%26trade_status='),
    ]) {
      expect(text).not.toBe(body);
      expect(verified(text)).toBe(false);
    }
    const subject = '1&total_amount=0.01';
    const printed = printNotification({ subject }, { key: privateKey, signType: 'RSA2', charset: 'utf-8' });
    expect(verified(printed ?? '')).toBe(false);
  });

  it('verifies whether or not an empty field was signed', () => {
    const withEmpty = signContent(Buffer.from('a=1&b=&charset=utf-8'), privateKey, 'RSA2');
    const without = signContent(Buffer.from('a=1&charset=utf-8'), privateKey, 'RSA2');
    for (const made of [withEmpty, without]) {
      expect(verified(`a=1&b=&charset=utf-8&sign_type=RSA2&sign=${encodeURIComponent(made)}`)).toBe(true);
    }
  });

  it('cannot choose a weaker sign type than the account has', () => {
    const weak = printNotification({ a: '1' }, { key: privateKey, signType: 'RSA', charset: 'utf-8' }) ?? '';
    expect(verifyNotification(read(weak), publicKey, 'RSA2')).toBe(false);
    expect(verifyNotification(read(weak), publicKey, 'RSA')).toBe(true);
  });

  it('in GBK verifies over its GBK bytes', () => {
    const printed = printNotification(
      { subject: '测试' },
      { key: privateKey, signType: 'RSA2', charset: 'gbk' },
    );
    expect(printed).toContain('subject=%B2%E2%CA%D4');
    expect(verified(printed ?? '')).toBe(true);
    expect(read(printed ?? '').texts.get('subject')).toBe('测试');
  });

  it.each([
    ['without a signature', 'a=1', 'no signature'],
    ['with an unknown charset', 'a=1&sign=x&charset=koi8-r', 'an unknown charset'],
    ['with an unknown sign type', 'a=1&sign=x&sign_type=MD5', 'an unknown sign_type'],
    ['with a field twice', 'a=1&a=2&sign=x', 'the field "a" occurs twice'],
    ['with bytes of another charset', 'a=%B2%E2&sign=x', '"a" is not utf-8'],
  ])('%s is a value, not an exception', (_, text, reason) => {
    expect(readNotification(Buffer.from(text))).toEqual({ kind: 'unreadable', reason });
  });

  it('of a status that nobody documented has none', () => {
    const notification = read(
      'trade_status=TRADE_PENDING&total_amount=1.005&gmt_refund=2026-01-15 10:20:40.123&sign=x',
    );
    expect(readTradeNotification(notification)).toMatchObject({
      tradeStatus: null,
      totalAmount: null,
      refundedAt: new Date('2026-01-15T02:20:40.123Z'),
      fundBills: [],
    });
  });
});

it('the recorded notification is printed as it was signed', () => {
  const values = Object.fromEntries(
    content.split(/&(?=[a-z_]+=)/).map((pair) => pair.split(/=(.*)/s).slice(0, 2)),
  );
  expect(printNotification(values, { key: privateKey, signType: 'RSA2', charset: 'utf-8' })).toBe(body);
});

it('every notification that is printed is read back, and verifies', () => {
  const signer = { key: privateKey, signType: 'RSA2', charset: 'utf-8' } as const;
  fc.assert(
    fc.property(
      fc.dictionary(fc.stringMatching(/^[a-z]_[a-z]{1,8}$/), fc.string({ unit: 'grapheme', minLength: 1 })),
      (values) => {
        const printed = printNotification(values, signer) ?? '';
        expect(verified(printed)).toBe(true);
        expect(Object.fromEntries(read(printed).texts)).toMatchObject(values);
      },
    ),
    { numRuns: 100 },
  );
});

it('no mutation of a signed notification verifies with other values, and none throws', () => {
  const unsigned = ['sign', 'sign_type'];
  const values = (texts: ReadonlyMap<string, string>) =>
    JSON.stringify([...texts].filter(([name, text]) => text !== '' && !unsigned.includes(name)).sort());
  const original = values(read(body).texts);
  fc.assert(
    fc.property(fc.nat(), fc.nat({ max: 255 }), (position, byte) => {
      const bytes = Buffer.from(body);
      bytes[position % bytes.length] = byte;
      const notification = readNotification(bytes);
      if (notification.kind === 'unreadable') return;
      readTradeNotification(notification);
      if (verifyNotification(notification, publicKey, 'RSA2')) {
        expect(values(notification.texts)).toBe(original);
      }
    }),
    { numRuns: 1500 },
  );
});
