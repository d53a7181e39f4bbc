import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Answer, payOrder, startTestWallet, type TestWallet } from '../test-wallet.ts';

let wallet: TestWallet;
let buyerId: string;
beforeAll(async () => {
  wallet = await startTestWallet();
  const payers = (await wallet.control('GET', 'payers')).body as { payer_id: string; buyer_id: string }[];
  buyerId = payers.find((payer) => payer.payer_id === 'sandbox-payer')?.buyer_id ?? '';
});
afterAll(() => wallet.close());

function order(changes: Answer = {}): Answer & { readonly out_trade_no: string } {
  return payOrder('', { scene: undefined, auth_code: undefined, ...changes });
}
const query = (outTradeNo: string): Promise<Answer> =>
  wallet.call('alipay.trade.query', { out_trade_no: outTradeNo });
const scan = (outTradeNo: string, payerId?: string) =>
  wallet.control('POST', `trades/${outTradeNo}/scan`, payerId === undefined ? {} : { payer_id: payerId });

describe('an order code', () => {
  it('is no trade until it is scanned, and paid when the payer confirms', async () => {
    const coded = order();
    await wallet.call('alipay.trade.precreate', coded);
    const name = { out_trade_no: coded.out_trade_no };
    expect(await query(coded.out_trade_no)).toMatchObject({ sub_code: 'ACQ.TRADE_NOT_EXIST' });
    expect(await wallet.call('alipay.trade.close', name)).toMatchObject({ sub_code: 'ACQ.TRADE_NOT_EXIST' });
    expect(await wallet.call('alipay.trade.cancel', name)).not.toHaveProperty('action');
    expect(await wallet.ledger(coded.out_trade_no)).toBeUndefined();
    expect(await wallet.control('POST', `trades/${coded.out_trade_no}/confirm`)).toMatchObject({
      status: 404,
    });

    expect((await scan(coded.out_trade_no)).body).toMatchObject({ trade_status: 'WAIT_BUYER_PAY' });
    expect(await query(coded.out_trade_no)).toMatchObject({ trade_status: 'WAIT_BUYER_PAY' });
    await wallet.control('POST', `trades/${coded.out_trade_no}/confirm`);
    expect(await query(coded.out_trade_no)).toMatchObject({
      trade_status: 'TRADE_SUCCESS',
      receipt_amount: '10.00',
    });
    expect(await scan(coded.out_trade_no)).toMatchObject({ status: 409 });
  });

  it('is given once per number', async () => {
    const coded = order();
    await wallet.call('alipay.trade.precreate', coded);
    const again = await wallet.call('alipay.trade.precreate', coded);
    expect(again).toMatchObject({ code: '40004', sub_code: 'ACQ.APPLY_PC_MERCHANT_CODE_ERROR' });
  });

  it('is not given for the number of another trade', async () => {
    const paid = payOrder(wallet.code);
    await wallet.call('alipay.trade.pay', paid);
    const answer = await wallet.call('alipay.trade.precreate', order({ out_trade_no: paid.out_trade_no }));
    expect(answer).toMatchObject({ sub_code: 'ACQ.CONTEXT_INCONSISTENT' });
  });

  it('belongs to the payer who scanned it first', async () => {
    const coded = order();
    await wallet.call('alipay.trade.precreate', coded);
    expect(await scan(coded.out_trade_no, 'nobody')).toMatchObject({
      status: 400,
      body: { field: 'payer_id' },
    });
    expect(await scan(coded.out_trade_no)).toMatchObject({ status: 200 });
    expect(await scan(coded.out_trade_no)).toMatchObject({ status: 200 });
    expect(await scan(coded.out_trade_no, 'sandbox-payer-50-yuan')).toMatchObject({ status: 409 });
  });

  it('does not outlive two hours, its own timeout, or the order', async () => {
    const lives = [
      [{ timeout_express: '1d' }, 2 * 3_600_000],
      [{ qr_code_timeout_express: '5m' }, 5 * 60_000],
      [{ time_expire: '2027-05-01 10:10:00' }, 10 * 60_000],
    ] as const;
    for (const [changes, lifeMs] of lives) {
      wallet.clock.nowMs = Date.parse('2027-05-01T02:00:00Z');
      const [early, late] = [order(changes), order(changes)];
      for (const coded of [early, late]) await wallet.call('alipay.trade.precreate', coded);
      wallet.clock.nowMs += lifeMs - 1;
      expect(await scan(early.out_trade_no)).toMatchObject({ status: 200 });
      wallet.clock.nowMs += 1;
      expect(await scan(late.out_trade_no)).toMatchObject({ status: 409 });
    }
  });

  it('starts the clock of timeout_express when it is scanned', async () => {
    const coded = order({ timeout_express: '5m' });
    await wallet.call('alipay.trade.precreate', coded);
    wallet.clock.nowMs += 3_600_000;
    await scan(coded.out_trade_no);
    wallet.clock.nowMs += 5 * 60_000 - 1;
    expect(await query(coded.out_trade_no)).toMatchObject({ trade_status: 'WAIT_BUYER_PAY' });
    wallet.clock.nowMs += 1;
    expect(await query(coded.out_trade_no)).toMatchObject({ trade_status: 'TRADE_CLOSED' });
  });

  it('that is confirmed by a payer without money stays unpaid', async () => {
    const coded = order({ total_amount: '50.01' });
    await wallet.call('alipay.trade.precreate', coded);
    await scan(coded.out_trade_no, 'sandbox-payer-50-yuan');
    const refused = await wallet.control('POST', `trades/${coded.out_trade_no}/confirm`);
    expect(refused).toMatchObject({
      status: 409,
      body: { message: expect.stringContaining('BALANCE_NOT_ENOUGH') },
    });
    expect(await query(coded.out_trade_no)).toMatchObject({ trade_status: 'WAIT_BUYER_PAY' });
  });
});

describe('a created trade', () => {
  const create = (wanted: Answer): Promise<Answer> => wallet.call('alipay.trade.create', wanted);

  it('waits for its payer, and a same repeat answers the same trade', async () => {
    const wanted = order({ buyer_id: buyerId });
    const created = await create(wanted);
    expect(await create(wanted)).toEqual(created);
    expect(await query(wanted.out_trade_no)).toMatchObject({
      trade_status: 'WAIT_BUYER_PAY',
      buyer_user_id: buyerId,
    });
    await wallet.control('POST', `trades/${wanted.out_trade_no}/confirm`);
    expect(await query(wanted.out_trade_no)).toMatchObject({ trade_status: 'TRADE_SUCCESS' });
    expect(await create(wanted)).toMatchObject({ sub_code: 'ACQ.TRADE_HAS_SUCCESS' });
  });

  it.each<[string, () => Answer, string]>([
    ['without a buyer', () => ({}), 'ACQ.INVALID_PARAMETER'],
    ['for an unknown buyer', () => ({ buyer_id: '2088999999999999' }), 'ACQ.BUYER_NOT_EXIST'],
    [
      'after its time_expire',
      () => ({ buyer_id: buyerId, time_expire: '2020-01-01 00:00:00' }),
      'ACQ.NOW_TIME_AFTER_EXPIRE_TIME_ERROR',
    ],
  ])('%s is refused', async (_, changes, subCode) => {
    expect(await create(order(changes()))).toMatchObject({ code: '40004', sub_code: subCode });
  });

  it('of a number that is used otherwise is refused', async () => {
    const wanted = order({ buyer_id: buyerId });
    await create(wanted);
    expect(await create({ ...wanted, total_amount: '11.00' })).toMatchObject({
      sub_code: 'ACQ.CONTEXT_INCONSISTENT',
    });
    const asPay = payOrder(wallet.code, { out_trade_no: wanted.out_trade_no });
    expect(await wallet.call('alipay.trade.pay', asPay)).toMatchObject({
      sub_code: 'ACQ.CONTEXT_INCONSISTENT',
    });
  });

  it('is closed while it waits, and only then', async () => {
    const wanted = order({ buyer_id: buyerId });
    const name = { out_trade_no: wanted.out_trade_no };
    await create(wanted);
    expect(await wallet.call('alipay.trade.close', name)).toMatchObject({ code: '10000' });
    expect(await wallet.ledger(wanted.out_trade_no)).toMatchObject({ charged: 0, cancelled: true });
    expect(await wallet.call('alipay.trade.close', name)).toMatchObject({
      sub_code: 'ACQ.TRADE_STATUS_ERROR',
    });
    const paid = payOrder(wallet.code);
    await wallet.call('alipay.trade.pay', paid);
    const answer = await wallet.call('alipay.trade.close', { out_trade_no: paid.out_trade_no });
    expect(answer).toMatchObject({ code: '40004', sub_code: 'ACQ.TRADE_STATUS_ERROR' });
  });
});
