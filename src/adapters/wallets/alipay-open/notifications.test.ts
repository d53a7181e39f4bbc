import { describe, expect, it } from 'vitest';
import {
  privateKey,
  privateKeyPem,
  publicKeyPem,
  signatures,
} from '../../../../test/vectors/alipay-open/vectors.ts';
import { money } from '../../../domain/money.ts';
import { printNotification } from '../../../protocols/alipay-open/notification.ts';
import type { AlipayOpenAccount } from './account.ts';
import { createAlipayOpenNotificationReader } from './notifications.ts';

const account: AlipayOpenAccount = {
  name: 'sandbox',
  appId: '2021000000000001',
  gatewayUrl: 'http://127.0.0.1/gateway.do',
  privateKey: privateKeyPem,
  walletPublicKey: publicKeyPem,
};

const accounts = new Map(
  [
    account,
    { ...account, name: 'seller', sellerId: '2088000000000001' },
    { ...account, name: 'token', appAuthToken: '202601BBthrowaway0001' },
  ].map((one) => [one.name, one]),
);

const reader = createAlipayOpenNotificationReader({
  account: (name) => {
    const found = accounts.get(name);
    if (found === undefined) throw new Error(`no account ${name}`);
    return { ...found };
  },
});

function received(body: string) {
  return { target: '/notify/alipay_open/sandbox', headers: {}, body: Buffer.from(body) };
}

const paidFields = {
  notify_type: 'trade_status_sync',
  app_id: '2021000000000001',
  out_trade_no: 'P1',
  trade_no: 'W1',
  trade_status: 'TRADE_SUCCESS',
  total_amount: '88.88',
  gmt_payment: '2026-01-15 10:20:39',
};

function read(changes: Record<string, string>, name = 'sandbox') {
  const values = { ...paidFields, ...changes };
  const signer = { key: privateKey, signType: 'RSA2', charset: 'utf-8' } as const;
  return reader.read(name, received(printNotification(values, signer) ?? ''));
}

// proves NOT-01, NOT-05
describe('a notification of a trade', () => {
  const paid = {
    kind: 'paid',
    walletTransactionId: 'W1',
    amount: money('CNY', 8888n),
    paidAt: new Date('2026-01-15T02:20:39Z'),
  };
  const closed = { kind: 'not_paid', code: 'TRADE_CLOSED', message: 'the trade is closed' };

  it.each([
    ['paid', {}, paid],
    ['paid and finished', { trade_status: 'TRADE_FINISHED' }, paid],
    ['of a refund is evidence of what was paid', { refund_fee: '1.00', out_biz_no: 'R1' }, paid],
    ['paid at a time that cannot be read', { gmt_payment: 'soon' }, { ...paid, paidAt: null }],
    ['waiting', { trade_status: 'WAIT_BUYER_PAY' }, { kind: 'awaiting_payer', walletTransactionId: 'W1' }],
    ['closed', { trade_status: 'TRADE_CLOSED' }, closed],
    ['of an unknown status', { trade_status: 'TRADE_PENDING' }, { kind: 'not_paid', code: 'TRADE_PENDING' }],
    ['without a status', { trade_status: '' }, { kind: 'not_paid', code: '' }],
    ['paid without an amount', { total_amount: '' }, { kind: 'contradictory' }],
    ['paid with an amount that is none', { total_amount: '88.888' }, { kind: 'contradictory' }],
    ['paid without a trade', { trade_no: '' }, { kind: 'contradictory' }],
  ])('%s', (_, changes, outcome) => {
    expect(read(changes)).toMatchObject({
      kind: 'verified',
      notification: { requestId: 'P1', outcome },
    });
  });

  it('as recorded is read', () => {
    expect(reader.read('sandbox', received(signatures.notification.body))).toEqual({
      kind: 'verified',
      notification: {
        requestId: 'T202601150002',
        outcome: {
          kind: 'paid',
          walletTransactionId: '2026011522001409001400000001',
          amount: money('CNY', 100n),
          paidAt: new Date('2026-01-15T02:20:39Z'),
        },
      },
    });
  });

  // Whoever has authorised the same application makes trades under any order number, ours too.
  it('of a trade that another has authorised this application to make is not trusted', () => {
    expect(read({ auth_app_id: '2021000000000002' })).toEqual({
      kind: 'untrusted',
      detail: 'it is of a trade under another authorisation',
    });
    expect(read({ auth_app_id: '2021000000000001' })).toMatchObject({ kind: 'verified' });
    expect(read({ auth_app_id: '' })).toMatchObject({ kind: 'verified' });
    // With a token the account's trades are the authoriser's.
    expect(read({ auth_app_id: '2021000000000002' }, 'token')).toMatchObject({ kind: 'verified' });
  });

  it('of another application, changed, or signed more weakly is not trusted', () => {
    expect(read({ app_id: '2021000000000002' })).toEqual({
      kind: 'untrusted',
      detail: 'it is for another application',
    });
    expect(read({ app_id: '' })).toMatchObject({ kind: 'untrusted' });
    const forged = signatures.notification.body.replace('total_amount=1.00', 'total_amount=9.00');
    expect(reader.read('sandbox', received(forged))).toEqual({
      kind: 'untrusted',
      detail: 'its signature does not fit',
    });
    const weak = printNotification(paidFields, { key: privateKey, signType: 'RSA', charset: 'utf-8' });
    expect(reader.read('sandbox', received(weak ?? ''))).toMatchObject({ kind: 'untrusted' });
  });

  it('of another seller than the account names, or of none, is not trusted', () => {
    expect(read({ seller_id: '2088000000000001' }, 'seller')).toMatchObject({ kind: 'verified' });
    const untrusted = { kind: 'untrusted', detail: 'it is for another seller' };
    expect(read({ seller_id: '2088000000000077' }, 'seller')).toEqual(untrusted);
    expect(read({}, 'seller')).toEqual(untrusted);
    expect(read({ seller_id: '2088000000000077' })).toMatchObject({ kind: 'verified' });
  });

  it('that is none, or names no payment, is unreadable', () => {
    expect(reader.read('sandbox', received(''))).toEqual({ kind: 'unreadable', detail: 'no signature' });
    expect(reader.read('sandbox', received('{"result":{}}'))).toMatchObject({ kind: 'unreadable' });
    expect(read({ out_trade_no: '' })).toMatchObject({ kind: 'unreadable' });
  });

  it('for an account that nobody configured is for nobody', () => {
    expect(read({}, 'other')).toEqual({ kind: 'unknown_account' });
  });
});

// proves NOT-02
it('the platform is told by one word whether it must send again', async () => {
  const reply = { status: 200, headers: { 'content-type': 'text/plain; charset=utf-8' } };
  expect(await reader.reply('sandbox', received(''), true)).toEqual({ ...reply, body: 'success' });
  expect(await reader.reply('sandbox', received(''), false)).toEqual({ ...reply, body: 'fail' });
});
