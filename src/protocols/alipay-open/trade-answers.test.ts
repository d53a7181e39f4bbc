import { expect, it } from 'vitest';
import { money } from '../../domain/money.ts';
import {
  readCancel,
  readIdentity,
  readPrecreate,
  readRefund,
  readRefundQuery,
  readResult,
  readTrade,
} from './trade-answers.ts';

it('an answer begins with a code, or is none', () => {
  expect(readResult({ code: '40004', msg: 'Business Failed', sub_code: 'ACQ.X', sub_msg: 'x' })).toEqual({
    code: '40004',
    message: 'Business Failed',
    subCode: 'ACQ.X',
    subMessage: 'x',
  });
  expect(readResult({ code: '10000' })).toMatchObject({ message: '', subCode: null });
  expect([{}, { code: '' }, { code: 10000 }, { code: null }].map(readResult)).toEqual([
    null,
    null,
    null,
    null,
  ]);
});

it('a paid trade is read in the fields of pay and of query', () => {
  const node = {
    out_trade_no: 'P1',
    trade_no: '2026',
    total_amount: '88.88',
    receipt_amount: '88.88',
    buyer_pay_amount: '80.00',
    buyer_user_id: '2088',
    fund_bill_list: [{ fund_channel: 'BANKCARD', amount: '88.88', fund_type: 'CREDIT_CARD' }],
  };
  const paidAt = new Date('2026-01-15T02:20:30Z');
  expect(readTrade({ ...node, gmt_payment: '2026-01-15 10:20:30' })).toEqual({
    outTradeNo: 'P1',
    tradeNo: '2026',
    tradeStatus: null,
    totalAmount: money('CNY', 8888n),
    receiptAmount: money('CNY', 8888n),
    buyerPayAmount: money('CNY', 8000n),
    paidAt,
    buyerUserId: '2088',
    fundBills: [{ channel: 'BANKCARD', amount: money('CNY', 8888n), fundType: 'CREDIT_CARD' }],
  });
  expect(readTrade({ trade_status: 'TRADE_SUCCESS', send_pay_date: '2026-01-15 10:20:30' })).toMatchObject({
    tradeStatus: 'TRADE_SUCCESS',
    paidAt,
  });
});

it('what is absent, empty or of another form is null', () => {
  expect(
    readTrade({
      out_trade_no: '',
      trade_no: 7,
      total_amount: 88.88,
      receipt_amount: '1.005',
      fund_bill_list: 'x',
    }),
  ).toMatchObject({ outTradeNo: null, tradeNo: null, totalAmount: null, receiptAmount: null, fundBills: [] });
  expect(readTrade({ fund_bill_list: [null, {}, { fundChannel: 'POINT', amount: '1' }] }).fundBills).toEqual([
    { channel: 'POINT', amount: money('CNY', 100n), fundType: null },
  ]);
});

it('a cancel tells what it did and whether to repeat it', () => {
  expect(readCancel({ out_trade_no: 'P1', trade_no: '2', retry_flag: 'N', action: 'close' })).toEqual({
    outTradeNo: 'P1',
    tradeNo: '2',
    retry: false,
    action: 'close',
  });
  expect(readCancel({ retry_flag: 'Y', action: '' })).toMatchObject({ retry: true, action: null });
});

it('a refund tells whether this call moved money', () => {
  expect(
    readRefund({ fund_change: 'Y', refund_fee: '1.00', gmt_refund_pay: '2026-01-15 10:20:30' }),
  ).toMatchObject({
    fundChange: true,
    refundedTotal: money('CNY', 100n),
    refundedAt: new Date('2026-01-15T02:20:30Z'),
  });
  expect(readRefund({ fund_change: 'N' }).fundChange).toBe(false);
  expect(readRefund({}).fundChange).toBe(false);
});

it('a refund inquiry tells amounts apart from none', () => {
  expect(
    readRefundQuery({
      out_request_no: 'R1',
      refund_amount: '1.00',
      total_amount: '2.00',
      refund_status: 'REFUND_SUCCESS',
    }),
  ).toMatchObject({
    outRequestNo: 'R1',
    refundAmount: money('CNY', 100n),
    totalAmount: money('CNY', 200n),
    refundStatus: 'REFUND_SUCCESS',
    namesAmount: true,
  });
  expect(readRefundQuery({ refund_amount: 'x' })).toMatchObject({ refundAmount: null, namesAmount: true });
  expect(readRefundQuery({ refund_amount: '' })).toMatchObject({ refundAmount: null, namesAmount: false });
  expect(readRefundQuery({})).toMatchObject({ refundAmount: null, namesAmount: false });
});

it('precreate gives a code, create a trade', () => {
  expect(readPrecreate({ out_trade_no: 'P1', qr_code: 'https://qr' })).toEqual({
    outTradeNo: 'P1',
    qrCode: 'https://qr',
  });
  expect(readIdentity({ out_trade_no: 'P1', trade_no: '2' })).toEqual({ outTradeNo: 'P1', tradeNo: '2' });
});
