import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { newOrderNo, payOrder, smid, startTestWallet, type TestWallet } from '../test-wallet.ts';

/* The platform's own library walks through every method; it throws unless the answer's signature holds. */

let wallet: TestWallet;
beforeAll(async () => {
  wallet = await startTestWallet();
});
afterAll(() => wallet.close());

describe('with the official SDK', () => {
  it('a payment is made, inquired, cancelled, and the money is back', async () => {
    const order = payOrder(wallet.code, { total_amount: '88.88', body: '{含中文与}花括号"引号"/' });
    const paid = await wallet.call('alipay.trade.pay', order);
    expect(paid).toMatchObject({
      code: '10000',
      msg: 'Success',
      out_trade_no: order.out_trade_no,
      trade_no: expect.stringMatching(/^2026011522001\d{15}$/),
      total_amount: '88.88',
      receipt_amount: '88.88',
      buyer_pay_amount: '88.88',
      point_amount: '0.00',
      invoice_amount: '88.88',
      charge_amount: '0.34',
      settlement_id: expect.any(String),
      buyer_user_id: expect.stringMatching(/^2088\d{12}$/),
      buyer_logon_id: expect.stringContaining('****'),
      gmt_payment: '2026-01-15 10:20:30',
      fund_bill_list: [{ fund_channel: 'ALIPAYACCOUNT', amount: '88.88' }],
    });
    const found = await wallet.call('alipay.trade.query', { trade_no: paid['trade_no'] });
    expect(found).toMatchObject({
      code: '10000',
      trade_status: 'TRADE_SUCCESS',
      send_pay_date: '2026-01-15 10:20:30',
      total_amount: '88.88',
      receipt_amount: '88.88',
      charge_amount: '0.34',
      alipay_sub_merchant_id: smid,
      subject: order['subject'],
      body: order['body'],
      store_id: 'SHKFC001',
      terminal_id: 'POS00001',
    });
    const cancelled = await wallet.call('alipay.trade.cancel', { out_trade_no: order.out_trade_no });
    expect(cancelled).toMatchObject({
      code: '10000',
      action: 'refund',
      retry_flag: 'N',
      trade_no: paid['trade_no'],
    });
    const after = await wallet.call('alipay.trade.query', { out_trade_no: order.out_trade_no });
    expect(after).toMatchObject({ trade_status: 'TRADE_CLOSED' });
    expect(await wallet.ledger(order.out_trade_no)).toEqual({
      wallet: 'alipay_open',
      payment_request_id: order.out_trade_no,
      currency: 'CNY',
      amount: 8888,
      charged: 8888,
      refunded: 8888,
      cancelled: true,
    });
  });

  it('a payment is refunded and the refund inquired', async () => {
    const order = payOrder(wallet.code);
    const name = { out_trade_no: order.out_trade_no };
    await wallet.call('alipay.trade.pay', order);
    const refund = { ...name, refund_amount: '4.00', out_request_no: 'R1', refund_reason: '退货' };
    expect(await wallet.call('alipay.trade.refund', refund)).toMatchObject({
      code: '10000',
      fund_change: 'Y',
      refund_fee: '4.00',
      refund_charge_amount: '0.02',
      refund_settlement_id: expect.any(String),
      gmt_refund_pay: '2026-01-15 10:20:30',
      refund_detail_item_list: [{ fund_channel: 'ALIPAYACCOUNT', amount: '4.00' }],
    });
    const asked = await wallet.call('alipay.trade.fastpay.refund.query', { ...name, out_request_no: 'R1' });
    expect(asked).toMatchObject({
      code: '10000',
      refund_status: 'REFUND_SUCCESS',
      refund_amount: '4.00',
      total_amount: '10.00',
      refund_reason: '退货',
    });
    const unknown = await wallet.call('alipay.trade.fastpay.refund.query', { ...name, out_request_no: 'R2' });
    expect(unknown).toMatchObject({ code: '10000' });
    expect(unknown).not.toHaveProperty('refund_status');
  });

  it('an order code is made, and a trade created and closed', async () => {
    const { scene: _scene, auth_code: _code, ...order } = payOrder(wallet.code);
    const coded = await wallet.call('alipay.trade.precreate', order);
    expect(coded).toMatchObject({
      code: '10000',
      qr_code: expect.stringMatching(/^https:\/\/qr\.alipay\.com\/bax/),
    });
    const payers = (await wallet.control('GET', 'payers')).body as { buyer_id: string }[];
    const created = await wallet.call('alipay.trade.create', {
      ...order,
      out_trade_no: newOrderNo(),
      buyer_id: payers[0]?.buyer_id,
    });
    expect(created).toMatchObject({ code: '10000', trade_no: expect.any(String) });
    const closed = await wallet.call('alipay.trade.close', { trade_no: created['trade_no'] });
    expect(closed).toMatchObject({ code: '10000', trade_no: created['trade_no'] });
  });

  it('a refused call, an unknown method and a wrong key are answered under a signature too', async () => {
    expect(await wallet.call('alipay.trade.query', { out_trade_no: newOrderNo() })).toMatchObject({
      code: '40004',
      sub_code: 'ACQ.TRADE_NOT_EXIST',
    });
    expect(await wallet.call('alipay.trade.unheard.of', {})).toMatchObject({
      code: '40002',
      sub_code: 'isv.invalid-method',
    });
    const token = { bizContent: { out_trade_no: 'T1' }, appAuthToken: 'nobody' };
    expect(await wallet.sdk.exec('alipay.trade.query', token, { validateSign: true })).toMatchObject({
      code: '20001',
      sub_code: 'aop.invalid-app-auth-token',
    });
  });
});
