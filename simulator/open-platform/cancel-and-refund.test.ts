import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type Answer, newOrderNo, payOrder, startTestWallet, type TestWallet } from '../test-wallet.ts';

let wallet: TestWallet;
beforeAll(async () => {
  wallet = await startTestWallet();
});
afterAll(() => wallet.close());
beforeEach(async () => {
  await wallet.control('POST', 'settings', {
    position: 'off',
    cancel_window_ms: 86_400_000,
    refund_period_days: 90,
  });
});

async function paid(changes: Answer = {}): Promise<{ readonly out_trade_no: string }> {
  const order = payOrder(wallet.code, changes);
  const answer = await wallet.call('alipay.trade.pay', order);
  if (changes['total_amount'] !== '1000.00') expect(answer).toMatchObject({ code: '10000' });
  return { out_trade_no: order.out_trade_no };
}
const waiting = (): Promise<{ readonly out_trade_no: string }> => paid({ total_amount: '1000.00' });
const cancel = (name: Answer): Promise<Answer> => wallet.call('alipay.trade.cancel', name);
const refund = (name: Answer, amount: string, outRequestNo?: string): Promise<Answer> =>
  wallet.call('alipay.trade.refund', {
    ...name,
    refund_amount: amount,
    ...(outRequestNo === undefined ? {} : { out_request_no: outRequestNo }),
  });
const apart = (): void => {
  wallet.clock.nowMs += 3000;
};

describe('a cancel', () => {
  it('of an unknown trade says so by naming no action, and keeps a later pay from nothing', async () => {
    const order = payOrder(wallet.code);
    const answer = await cancel({ out_trade_no: order.out_trade_no });
    expect(answer).toEqual({
      code: '10000',
      msg: 'Success',
      out_trade_no: order.out_trade_no,
      retry_flag: 'N',
    });
    expect(await wallet.ledger(order.out_trade_no)).toBeUndefined();
    expect(await wallet.call('alipay.trade.pay', order)).toMatchObject({ code: '10000' });
  });

  it('of a waiting trade closes it, as often as it is asked', async () => {
    const name = await waiting();
    const first = await cancel(name);
    expect(first).toMatchObject({ action: 'close', retry_flag: 'N', trade_no: expect.any(String) });
    expect(await cancel(name)).toEqual(first);
    expect(await wallet.ledger(name.out_trade_no)).toMatchObject({
      charged: 0,
      refunded: 0,
      cancelled: true,
    });
  });

  it('of a paid trade gives the money back once, as often as it is asked', async () => {
    const name = await paid();
    const first = await cancel(name);
    expect(first).toMatchObject({ action: 'refund', retry_flag: 'N', gmt_refund_pay: expect.any(String) });
    expect(await cancel({ trade_no: first['trade_no'] })).toEqual(first);
    expect(await wallet.ledger(name.out_trade_no)).toMatchObject({
      charged: 1000,
      refunded: 1000,
      cancelled: true,
    });
  });

  it('of a trade that closed by itself names the close and takes no effect', async () => {
    const name = await waiting();
    wallet.clock.nowMs += 3 * 3_600_000;
    expect(await cancel(name)).toMatchObject({ code: '10000', action: 'close' });
    expect(await wallet.ledger(name.out_trade_no)).toMatchObject({ cancelled: false });
  });

  it.each(['4.00', '10.00'])('of a trade with %s of 10.00 refunded is refused', async (amount) => {
    const name = await paid();
    await refund(name, amount, 'R1');
    expect(await cancel(name)).toMatchObject({
      code: '40004',
      sub_code: 'ACQ.REASON_TRADE_REFUND_FEE_ERR',
      retry_flag: 'N',
    });
  });

  it('after its window is refused, but a repeat of a done one is not', async () => {
    const [late, done] = [await paid(), await paid()];
    await cancel(done);
    await wallet.control('POST', 'settings', { cancel_window_ms: 60_000 });
    wallet.clock.nowMs += 60_001;
    expect(await cancel(late)).toMatchObject({ code: '40004', sub_code: 'ACQ.TRADE_CANCEL_TIME_OUT' });
    expect(await cancel(done)).toMatchObject({ code: '10000', action: 'refund' });
    expect(await wallet.ledger(late.out_trade_no)).toMatchObject({
      charged: 1000,
      refunded: 0,
      cancelled: false,
    });
    expect(await refund(late, '10.00')).toMatchObject({ fund_change: 'Y' });
  });

  it('without a name is refused', async () => {
    expect(await cancel({})).toMatchObject({ sub_code: 'ACQ.INVALID_PARAMETER' });
  });
});

describe('a refund', () => {
  it('adds up, and the one that completes the order closes the trade', async () => {
    const name = await paid();
    expect(await refund(name, '4.00', 'R1')).toMatchObject({ fund_change: 'Y', refund_fee: '4.00' });
    apart();
    expect(await wallet.call('alipay.trade.query', name)).toMatchObject({ trade_status: 'TRADE_SUCCESS' });
    expect(await refund(name, '6.00', 'R2')).toMatchObject({ fund_change: 'Y', refund_fee: '10.00' });
    expect(await wallet.call('alipay.trade.query', name)).toMatchObject({ trade_status: 'TRADE_CLOSED' });
    expect(await wallet.ledger(name.out_trade_no)).toMatchObject({
      charged: 1000,
      refunded: 1000,
      cancelled: false,
    });
    apart();
    expect(await refund(name, '0.01', 'R3')).toMatchObject({ sub_code: 'ACQ.TRADE_HAS_CLOSE' });
  });

  it('repeated under its number moves nothing, at once and after the trade has closed', async () => {
    const name = await paid();
    await refund(name, '10.00', 'R1');
    expect(await refund(name, '10.00', 'R1')).toMatchObject({
      code: '10000',
      fund_change: 'N',
      refund_fee: '10.00',
    });
    expect(await refund(name, '9.00', 'R1')).toMatchObject({ sub_code: 'ACQ.DISCORDANT_REPEAT_REQUEST' });
    expect(await wallet.ledger(name.out_trade_no)).toMatchObject({ refunded: 1000 });
  });

  it('of everything needs no number: the order number serves', async () => {
    const name = await paid();
    expect(await refund(name, '10.00')).toMatchObject({ fund_change: 'Y' });
    expect(await refund(name, '10.00')).toMatchObject({ fund_change: 'N' });
    const asked = await wallet.call('alipay.trade.fastpay.refund.query', {
      ...name,
      out_request_no: name.out_trade_no,
    });
    expect(asked).toMatchObject({ refund_status: 'REFUND_SUCCESS', refund_amount: '10.00' });
  });

  it('by many at once under one number gives back once', async () => {
    const name = await paid();
    const answers = await Promise.all(Array.from({ length: 8 }, () => refund(name, '4.00', 'R1')));
    expect(answers.map((answer) => answer['fund_change']).sort()).toEqual([...Array(7).fill('N'), 'Y']);
    expect(await wallet.ledger(name.out_trade_no)).toMatchObject({ refunded: 400 });
  });

  it.each<[string, () => Promise<Answer>, string, string | undefined, string]>([
    [
      'of an unknown trade',
      async () => ({ out_trade_no: newOrderNo() }),
      '1.00',
      'R1',
      'ACQ.TRADE_NOT_EXIST',
    ],
    ['of a waiting trade', waiting, '1.00', 'R1', 'ACQ.TRADE_STATUS_ERROR'],
    ['of more than the order', paid, '10.01', 'R1', 'ACQ.REFUND_AMT_NOT_EQUAL_TOTAL'],
    ['of a part without a number', paid, '9.99', undefined, 'ACQ.REFUND_AMT_NOT_EQUAL_TOTAL'],
    ['of nothing', paid, '0.00', 'R1', 'ACQ.INVALID_PARAMETER'],
    ['of no amount', paid, '', 'R1', 'ACQ.INVALID_PARAMETER'],
    ['of a negative amount', paid, '-1.00', 'R1', 'ACQ.TOTAL_FEE_EXCEED'],
  ])('%s is refused', async (_, trade, amount, outRequestNo, subCode) => {
    expect(await refund(await trade(), amount, outRequestNo)).toMatchObject({
      code: '40004',
      sub_code: subCode,
    });
  });

  it('of more than is left is refused', async () => {
    const name = await paid();
    await refund(name, '4.00', 'R1');
    apart();
    expect(await refund(name, '6.01', 'R2')).toMatchObject({ sub_code: 'ACQ.REFUND_AMT_NOT_EQUAL_TOTAL' });
    expect(await refund(name, '10.00')).toMatchObject({ sub_code: 'ACQ.REFUND_AMT_NOT_EQUAL_TOTAL' });
  });

  it('too soon after another is limited and does nothing, until the spacing has passed', async () => {
    const name = await paid();
    await refund(name, '4.00', 'R1');
    wallet.clock.nowMs += 2999;
    expect(await refund(name, '1.00', 'R2')).toMatchObject({
      code: '40005',
      sub_code: 'isv.method-call-limited',
    });
    expect(await wallet.ledger(name.out_trade_no)).toMatchObject({ refunded: 400 });
    expect(await refund(name, '4.00', 'R1')).toMatchObject({ fund_change: 'N' });
    wallet.clock.nowMs += 1;
    expect(await refund(name, '1.00', 'R2')).toMatchObject({ fund_change: 'Y', refund_fee: '5.00' });
  });

  it('after the refund period finds the trade finished', async () => {
    const name = await paid();
    await wallet.control('POST', 'settings', { refund_period_days: 1, cancel_window_ms: 31_000_000_000 });
    wallet.clock.nowMs += 86_400_000;
    expect(await wallet.call('alipay.trade.query', name)).toMatchObject({ trade_status: 'TRADE_FINISHED' });
    expect(await refund(name, '1.00', 'R1')).toMatchObject({ sub_code: 'ACQ.TRADE_HAS_FINISHED' });
    expect(await cancel(name)).toMatchObject({ sub_code: 'ACQ.TRADE_HAS_FINISHED' });
  });

  it('brings the fee back, the last one all the rest', async () => {
    const name = await paid({ total_amount: '3.00' });
    await wallet.control('POST', 'settings', { fee_rate_ppm: 6000 });
    const other = await paid({ total_amount: '3.00' });
    const returned = [];
    for (const outRequestNo of ['R1', 'R2', 'R3']) {
      returned.push((await refund(other, '1.00', outRequestNo))['refund_charge_amount']);
      apart();
    }
    expect(returned).toEqual(['0.01', '0.01', '0.00']);
    await wallet.control('POST', 'settings', { fee_rate_ppm: 3800 });
    expect(await wallet.call('alipay.trade.query', name)).toMatchObject({ charge_amount: '0.01' });
  });
});

describe('the refund position', () => {
  it("is the merchant's takings of the day, and neither refund nor cancel may exceed it", async () => {
    wallet.clock.nowMs += 2 * 86_400_000;
    const [old, other] = [await paid({ total_amount: '30.00' }), await paid({ total_amount: '20.00' })];
    wallet.clock.nowMs += 86_400_000;
    await wallet.control('POST', 'settings', { position: 'on', cancel_window_ms: 31_000_000_000 });
    await paid({ total_amount: '25.00' });
    expect(await refund(old, '25.01', 'R1')).toMatchObject({
      code: '40004',
      sub_code: 'ACQ.SELLER_BALANCE_NOT_ENOUGH',
    });
    expect(await refund(old, '20.00', 'R2')).toMatchObject({ fund_change: 'Y' });
    expect(await cancel(other)).toMatchObject({ sub_code: 'ACQ.SELLER_BALANCE_NOT_ENOUGH', retry_flag: 'Y' });
    await paid({ total_amount: '15.00' });
    expect(await cancel(other)).toMatchObject({ action: 'refund' });
    expect(await refund(old, '0.01', 'R3')).toMatchObject({ code: '40005' });
    apart();
    expect(await refund(old, '0.01', 'R3')).toMatchObject({ sub_code: 'ACQ.SELLER_BALANCE_NOT_ENOUGH' });
  });
});
