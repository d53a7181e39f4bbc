import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Answer, newOrderNo, payOrder, startTestWallet, type TestWallet } from '../test-wallet.ts';

let wallet: TestWallet;
beforeAll(async () => {
  wallet = await startTestWallet();
});
afterAll(() => wallet.close());

const pay = (order: Answer): Promise<Answer> => wallet.call('alipay.trade.pay', order);
const statusOf = async (outTradeNo: string): Promise<unknown> =>
  (await wallet.call('alipay.trade.query', { out_trade_no: outTradeNo }))['trade_status'];

describe('a pay that is not in order charges nothing', () => {
  it.each<[string, Answer, string]>([
    ['no out_trade_no', { out_trade_no: '' }, 'ACQ.INVALID_PARAMETER'],
    ['an out_trade_no with a dash', { out_trade_no: 'A-1' }, 'ACQ.INVALID_PARAMETER'],
    ['an out_trade_no of 65 characters', { out_trade_no: 'A'.repeat(65) }, 'ACQ.INVALID_PARAMETER'],
    ['no subject', { subject: undefined }, 'ACQ.INVALID_PARAMETER'],
    ['a subject of 257 characters', { subject: 'x'.repeat(257) }, 'ACQ.INVALID_PARAMETER'],
    ['an unknown scene', { scene: 'telepathy' }, 'ACQ.INVALID_PARAMETER'],
    ['no scene', { scene: undefined }, 'ACQ.INVALID_PARAMETER'],
    ['no auth_code', { auth_code: undefined }, 'ACQ.INVALID_PARAMETER'],
    ['no total_amount', { total_amount: undefined }, 'ACQ.INVALID_PARAMETER'],
    ['three decimals', { total_amount: '1.001' }, 'ACQ.INVALID_PARAMETER'],
    ['letters as amount', { total_amount: 'ten' }, 'ACQ.INVALID_PARAMETER'],
    ['amount 0', { total_amount: '0.00' }, 'ACQ.TOTAL_FEE_EXCEED'],
    ['a negative amount', { total_amount: '-1.00' }, 'ACQ.TOTAL_FEE_EXCEED'],
    ['more than 100000000', { total_amount: '100000000.01' }, 'ACQ.TOTAL_FEE_EXCEED'],
    [
      'parts that do not make the total',
      { total_amount: '10.00', discountable_amount: '4.00', undiscountable_amount: '5.00' },
      'ACQ.INVALID_PARAMETER',
    ],
    ['a part above the total', { undiscountable_amount: '10.01' }, 'ACQ.INVALID_PARAMETER'],
    ['no sub_merchant', { sub_merchant: undefined }, 'ACQ.INVALID_PARAMETER'],
    ['a sub_merchant that is no object', { sub_merchant: 'x' }, 'ACQ.INVALID_PARAMETER'],
    ['an unknown smid', { sub_merchant: { merchant_id: '2088000000000099' } }, 'ACQ.INVALID_PARAMETER'],
    ['no store_id', { store_id: undefined }, 'ACQ.INVALID_PARAMETER'],
    ['a Chinese store_id', { store_id: '一号店' }, 'ACQ.INVALID_PARAMETER'],
    ['no terminal_id', { terminal_id: undefined }, 'ACQ.INVALID_PARAMETER'],
    ['a terminal_id of 33 characters', { terminal_id: 'T'.repeat(33) }, 'ACQ.INVALID_PARAMETER'],
    ['another seller', { seller_id: '2088000000000077' }, 'ACQ.INVALID_PARAMETER'],
    ['a decimal timeout', { timeout_express: '1.5h' }, 'ACQ.INVALID_PARAMETER'],
    ['a timeout of 16 days', { timeout_express: '16d' }, 'ACQ.INVALID_PARAMETER'],
    ['a timeout of 0 minutes', { timeout_express: '0m' }, 'ACQ.INVALID_PARAMETER'],
    ['a time_expire of another form', { time_expire: 'tomorrow' }, 'ACQ.INVALID_PARAMETER'],
    ['151 goods', { goods_detail: Array(151).fill({}) }, 'ACQ.SUB_GOODS_SIZE_MAX_COUNT'],
    [
      'a list of wanted and one of unwanted channels',
      { enable_pay_channels: 'balance', disable_pay_channels: 'pcredit' },
      'ACQ.INVALID_PARAMETER',
    ],
    [
      'instalments below 100.00',
      { extend_params: { hb_fq_num: '3', hb_fq_seller_percent: '0' } },
      'ACQ.INVALID_PARAMETER',
    ],
    ['a text where an object belongs', { extend_params: 'x' }, 'ACQ.INVALID_PARAMETER'],
  ])('%s', async (_, changes, subCode) => {
    const order = payOrder(wallet.code, changes);
    expect(await pay(order)).toMatchObject({ code: '40004', sub_code: subCode, receipt_amount: '0.00' });
    expect(await wallet.ledger(order.out_trade_no)).toBeUndefined();
  });
});

describe('a pay that is in order', () => {
  it.each<[string, Answer, number]>([
    ['the smallest amount', { total_amount: '0.01' }, 1],
    ['an amount without decimals', { total_amount: '7' }, 700],
    ['an amount written as a number', { total_amount: 88.88 }, 8888],
    [
      'a total left to its parts',
      { total_amount: undefined, discountable_amount: '4.00', undiscountable_amount: '5.50' },
      950,
    ],
    ['the seller named', { seller_id: '2088000000000001' }, 1000],
    [
      'instalments from 100.00 on',
      { total_amount: '100.00', extend_params: { hb_fq_num: '3', hb_fq_seller_percent: '100' } },
      10_000,
    ],
  ])('%s', async (_, changes, charged) => {
    const order = payOrder(wallet.code, changes);
    expect(await pay(order)).toMatchObject({ code: '10000' });
    expect(await wallet.ledger(order.out_trade_no)).toMatchObject({ charged, amount: charged, refunded: 0 });
  });
});

describe('a repeated pay', () => {
  it.each<[string, Answer, string]>([
    ['unchanged', {}, 'ACQ.TRADE_HAS_SUCCESS'],
    ['with another amount', { total_amount: '11.00' }, 'ACQ.CONTEXT_INCONSISTENT'],
    ['with another subject', { subject: 'else' }, 'ACQ.CONTEXT_INCONSISTENT'],
    ['with another code', { auth_code: '288888888888888888' }, 'ACQ.CONTEXT_INCONSISTENT'],
  ])('%s, of a paid trade takes nothing', async (_, changes, subCode) => {
    const order = payOrder(wallet.code);
    await pay(order);
    expect(await pay({ ...order, ...changes })).toMatchObject({ code: '40004', sub_code: subCode });
    expect(await wallet.ledger(order.out_trade_no)).toMatchObject({ charged: 1000 });
  });

  it('of a closed trade finds it closed, whatever else it says', async () => {
    const order = payOrder(wallet.code);
    await pay(order);
    await wallet.call('alipay.trade.cancel', { out_trade_no: order.out_trade_no });
    for (const changes of [{}, { total_amount: '11.00' }]) {
      expect(await pay({ ...order, ...changes })).toMatchObject({ sub_code: 'ACQ.TRADE_HAS_CLOSE' });
    }
  });

  it('of the same number by many at once charges once', async () => {
    const order = payOrder(wallet.code);
    const answers = await Promise.all(Array.from({ length: 12 }, () => pay(order)));
    expect(answers.filter((answer) => answer['code'] === '10000')).toHaveLength(1);
    expect(await wallet.ledger(order.out_trade_no)).toMatchObject({ charged: 1000 });
  });
});

describe('a payment code', () => {
  const newCode = async (json: Answer): Promise<string> =>
    ((await wallet.control('POST', 'payment-codes', json)).body as { code: string }).code;

  it('that nobody has is refused', async () => {
    const answer = await pay(payOrder('280000000000000000'));
    expect(answer).toMatchObject({ code: '40004', sub_code: 'ACQ.PAYMENT_AUTH_CODE_INVALID' });
  });

  it('pays once and never again', async () => {
    const code = await newCode({ payer_id: 'sandbox-payer' });
    expect(code).toMatch(/^28\d{16}$/);
    expect(await pay(payOrder(code))).toMatchObject({ code: '10000' });
    expect(await pay(payOrder(code))).toMatchObject({ sub_code: 'ACQ.PAYMENT_AUTH_CODE_INVALID' });
  });

  it('lives for a minute', async () => {
    const code = await newCode({ payer_id: 'sandbox-payer' });
    wallet.clock.nowMs += 60_000;
    expect(await pay(payOrder(code))).toMatchObject({ sub_code: 'ACQ.PAYMENT_AUTH_CODE_INVALID' });
  });

  it('of a payer without enough money is refused and used up', async () => {
    const code = await newCode({ payer_id: 'sandbox-payer-50-yuan' });
    const answer = await pay(payOrder(code, { total_amount: '50.01' }));
    expect(answer).toMatchObject({ code: '40004', sub_code: 'ACQ.BUYER_BALANCE_NOT_ENOUGH' });
    expect(await pay(payOrder(code, { total_amount: '1.00' }))).toMatchObject({
      sub_code: 'ACQ.PAYMENT_AUTH_CODE_INVALID',
    });
  });

  it('takes from the balance, which a cancel fills again', async () => {
    const order = payOrder(wallet.poorCode, { total_amount: '50.00' });
    const balance = async (): Promise<unknown> => {
      const payers = (await wallet.control('GET', 'payers')).body as {
        payer_id: string;
        balance: number | null;
      }[];
      return payers.find((payer) => payer.payer_id === 'sandbox-payer-50-yuan')?.balance;
    };
    expect(await pay(order)).toMatchObject({ code: '10000' });
    expect(await balance()).toBe(0);
    await wallet.call('alipay.trade.cancel', { out_trade_no: order.out_trade_no });
    expect(await balance()).toBe(5000);
  });
});

describe('from 1000 yuan on', () => {
  const large = { total_amount: '1000.00' };

  it('the payer confirms first, and repeats of the pay wait too', async () => {
    const order = payOrder(wallet.code, large);
    const answer = await pay(order);
    expect(answer).toMatchObject({
      code: '10003',
      msg: 'order success pay inprocess',
      trade_no: expect.any(String),
    });
    expect(await pay(order)).toMatchObject({ code: '10003', trade_no: answer['trade_no'] });
    expect(await statusOf(order.out_trade_no)).toBe('WAIT_BUYER_PAY');
    expect(await wallet.ledger(order.out_trade_no)).toMatchObject({ charged: 0, amount: 100_000 });
    const { body } = await wallet.control('POST', `trades/${order.out_trade_no}/confirm`);
    expect(body).toMatchObject({ trade_status: 'TRADE_SUCCESS', charged: 100_000 });
    expect(await wallet.control('POST', `trades/${order.out_trade_no}/confirm`)).toMatchObject({
      status: 200,
    });
    expect(await statusOf(order.out_trade_no)).toBe('TRADE_SUCCESS');
    expect(await pay(order)).toMatchObject({ sub_code: 'ACQ.TRADE_HAS_SUCCESS' });
    expect(await wallet.ledger(order.out_trade_no)).toMatchObject({ charged: 100_000 });
  });

  it('the payer may refuse, which closes the trade unpaid', async () => {
    const order = payOrder(wallet.code, large);
    await pay(order);
    expect(await wallet.control('POST', `trades/${order.out_trade_no}/refuse`)).toMatchObject({
      status: 200,
    });
    expect(await statusOf(order.out_trade_no)).toBe('TRADE_CLOSED');
    expect(await wallet.control('POST', `trades/${order.out_trade_no}/confirm`)).toMatchObject({
      status: 409,
    });
    expect(await wallet.ledger(order.out_trade_no)).toMatchObject({ charged: 0, cancelled: false });
  });

  it('999.99 needs no password, and the limit is a setting', async () => {
    expect(await pay(payOrder(wallet.code, { total_amount: '999.99' }))).toMatchObject({ code: '10000' });
    await wallet.control('POST', 'settings', { password_limit_minor: 500 });
    expect(await pay(payOrder(wallet.code))).toMatchObject({ code: '10003' });
    await wallet.control('POST', 'settings', { password_limit_minor: 100_000 });
  });
});

describe('an unpaid trade', () => {
  it.each<[string, Answer, number]>([
    ['2m', { timeout_express: '2m' }, 2 * 60_000],
    ['1h', { timeout_express: '1h' }, 3_600_000],
    ['1d', { timeout_express: '1d' }, 86_400_000],
    ['nothing (three hours)', {}, 3 * 3_600_000],
  ])('that says %s closes then, and not before', async (_, timeout, lifeMs) => {
    const order = payOrder(wallet.code, { total_amount: '1000.00', ...timeout });
    await pay(order);
    wallet.clock.nowMs += lifeMs - 1;
    expect(await statusOf(order.out_trade_no)).toBe('WAIT_BUYER_PAY');
    wallet.clock.nowMs += 1;
    expect(await statusOf(order.out_trade_no)).toBe('TRADE_CLOSED');
    expect(await wallet.control('POST', `trades/${order.out_trade_no}/confirm`)).toMatchObject({
      status: 409,
    });
    expect(await pay(order)).toMatchObject({ sub_code: 'ACQ.TRADE_HAS_CLOSE' });
    expect(await wallet.ledger(order.out_trade_no)).toMatchObject({ charged: 0, cancelled: false });
  });

  it('that says 1c closes at midnight', async () => {
    wallet.clock.nowMs = Date.parse('2026-02-01T15:59:00Z');
    const order = payOrder(wallet.code, { total_amount: '1000.00', timeout_express: '1c' });
    await pay(order);
    wallet.clock.nowMs = Date.parse('2026-02-01T15:59:59Z');
    expect(await statusOf(order.out_trade_no)).toBe('WAIT_BUYER_PAY');
    wallet.clock.nowMs = Date.parse('2026-02-01T16:00:00Z');
    expect(await statusOf(order.out_trade_no)).toBe('TRADE_CLOSED');
  });

  it('closes at its time_expire, which wins over timeout_express', async () => {
    wallet.clock.nowMs = Date.parse('2026-02-02T02:00:00Z');
    const expiry = { time_expire: '2026-02-02 10:05:00', timeout_express: '1d' };
    const order = payOrder(wallet.code, { total_amount: '1000.00', ...expiry });
    await pay(order);
    wallet.clock.nowMs = Date.parse('2026-02-02T02:05:00Z');
    expect(await statusOf(order.out_trade_no)).toBe('TRADE_CLOSED');
  });

  it('is never made by a pay that arrives after its time_expire', async () => {
    wallet.clock.nowMs = Date.parse('2026-02-03T02:05:00Z');
    const order = payOrder(wallet.code, { out_trade_no: newOrderNo(), time_expire: '2026-02-03 10:05:00' });
    expect(await pay(order)).toMatchObject({
      code: '40004',
      sub_code: 'ACQ.NOW_TIME_AFTER_EXPIRE_TIME_ERROR',
    });
    expect(await wallet.ledger(order.out_trade_no)).toBeUndefined();
  });
});
