import { describe, expect, it } from 'vitest';
import { money } from '../../domain/money.ts';
import {
  createContent,
  payContent,
  precreateContent,
  refundContent,
  refundQueryContent,
  safeSubject,
  timeoutExpress,
  tradeContent,
} from './trade-requests.ts';

const order = {
  outTradeNo: 'P0001',
  totalAmount: money('CNY', 8888n),
  subject: '拿铁 2 杯',
  storeId: 'SHKFC001',
  terminalId: 'POS00001',
  subMerchantId: '2088000000000002',
  merchantOrderNo: 'ORDER-1',
  requestedAt: new Date('2026-01-15T02:20:30Z'),
  expiresAt: new Date('2026-01-15T02:24:31Z'),
} as const;
const orderMembers = {
  out_trade_no: 'P0001',
  subject: '拿铁 2 杯',
  total_amount: '88.88',
  store_id: 'SHKFC001',
  terminal_id: 'POS00001',
  sub_merchant: { merchant_id: '2088000000000002' },
  merchant_order_no: 'ORDER-1',
  timeout_express: '5m',
  time_expire: '2026-01-15 10:24:31',
};

// proves PAY-09, PAY-20
describe('the business content', () => {
  it('of pay names store, terminal, indirect merchant and both expiries', () => {
    expect(JSON.parse(payContent({ ...order, authCode: '28763443825664394' }))).toEqual({
      ...orderMembers,
      scene: 'bar_code',
      auth_code: '28763443825664394',
      product_code: 'FACE_TO_FACE_PAYMENT',
    });
  });

  it('of precreate limits the code and the order', () => {
    expect(JSON.parse(precreateContent(order))).toEqual({
      ...orderMembers,
      product_code: 'FACE_TO_FACE_PAYMENT',
      qr_code_timeout_express: '5m',
    });
  });

  it('of create names the buyer', () => {
    expect(JSON.parse(createContent({ ...order, buyerId: '2088000000000009' }))).toEqual({
      ...orderMembers,
      buyer_id: '2088000000000009',
    });
  });

  it('of query, cancel and close names the trade', () => {
    expect(tradeContent('P0001')).toBe('{"out_trade_no":"P0001"}');
  });

  it('of refund and refund query always names the refund', () => {
    const refund = { outTradeNo: 'P0001', refundAmount: money('CNY', 5n), outRequestNo: 'R0001' };
    expect(JSON.parse(refundContent({ ...refund, refundReason: null }))).toEqual({
      out_trade_no: 'P0001',
      refund_amount: '0.05',
      out_request_no: 'R0001',
    });
    expect(JSON.parse(refundContent({ ...refund, refundReason: ' a/b=c&d\u0007e ' }))).toMatchObject({
      refund_reason: 'a b c d e',
    });
    expect(JSON.parse(refundContent({ ...refund, refundReason: '退'.repeat(300) }))).toMatchObject({
      refund_reason: '退'.repeat(256),
    });
    expect(refundQueryContent('P0001', 'R0001')).toBe('{"out_trade_no":"P0001","out_request_no":"R0001"}');
  });

  it('takes a payment code of any length', () => {
    const authCode = `fp${'0'.repeat(700)}`;
    expect(JSON.parse(payContent({ ...order, authCode }))).toMatchObject({ auth_code: authCode });
  });

  it.each([
    [{ outTradeNo: '' }, /out_trade_no/],
    [{ outTradeNo: 'P-1' }, /out_trade_no takes letters/],
    [{ outTradeNo: 'P'.repeat(65) }, /out_trade_no takes 64 characters, not 65/],
    [{ storeId: '' }, /store_id is missing/],
    [{ storeId: 'S'.repeat(33) }, /store_id takes 32/],
    [{ terminalId: '' }, /terminal_id is missing/],
    [{ subMerchantId: '' }, /sub_merchant.merchant_id is missing/],
    [{ merchantOrderNo: 'M'.repeat(33) }, /merchant_order_no takes 32/],
    [{ totalAmount: money('CNY', 0n) }, /total_amount is from 0.01/],
    [{ totalAmount: money('CNY', 10_000_000_001n) }, /total_amount is from 0.01/],
    [{ totalAmount: money('USD', 1n) }, /CNY, not USD/],
  ] as const)('refuses what the platform would, as our own mistake (%#)', (change, message) => {
    expect(() => payContent({ ...order, authCode: '28', ...change })).toThrow(message);
  });
});

describe('the subject', () => {
  it('loses what the platform does not take', () => {
    expect(safeSubject('A/B=C&D\nE', 'x')).toBe('A B C D E');
    expect(safeSubject(' /=& ', 'P0001')).toBe('P0001');
    expect(safeSubject('', 'P0001')).toBe('P0001');
  });

  it('is cut at 256 characters, none of them in two', () => {
    expect(safeSubject('a'.repeat(300), 'x')).toBe('a'.repeat(256));
    expect(safeSubject(`${'a'.repeat(255)}😀`, 'x')).toBe('a'.repeat(255));
    expect(safeSubject(`${'a'.repeat(254)}😀`, 'x')).toBe(`${'a'.repeat(254)}😀`);
  });
});

it('the relative expiry is whole minutes, rounded up, from one minute to fifteen days', () => {
  const after = (seconds: number) =>
    timeoutExpress(new Date(order.requestedAt.getTime() + seconds * 1000), order.requestedAt);
  expect([-5, 0, 1, 60, 61, 300, 16 * 86_400].map(after)).toEqual([
    '1m',
    '1m',
    '1m',
    '1m',
    '2m',
    '5m',
    '21600m',
  ]);
});
