import { describe, expect, it } from 'vitest';
import {
  privateKey,
  privateKeyPem,
  publicKey,
  publicKeyPem,
  signatures,
} from '../../../../test/vectors/alipay-plus/vectors.ts';
import { money } from '../../../domain/money.ts';
import { signMessage, verifyMessage } from '../../../protocols/alipay-plus/signature.ts';
import type { AlipayPlusAccount } from './account.ts';
import { createAlipayPlusNotificationReader } from './notifications.ts';

const account: AlipayPlusAccount = {
  name: 'sandbox',
  clientId: 'SANDBOX_5YTEST0000000001',
  gatewayUrl: 'http://127.0.0.1',
  privateKey: privateKeyPem,
  walletPublicKey: publicKeyPem,
  notifyUrl: 'https://gateway.example/merchant/notify',
};

const reader = createAlipayPlusNotificationReader({
  account: (name) => {
    if (name !== 'sandbox') throw new Error(`no account ${name}`);
    return { ...account };
  },
  wallClock: () => new Date('2023-06-01T06:12:31Z'),
});

function received(body: string, clientId = account.clientId) {
  const message = { path: '/merchant/notify', clientId, time: '2023-06-01T14:12:30+08:00' };
  return {
    target: '/notify/alipay_plus/sandbox',
    headers: {
      'client-id': clientId,
      'request-time': message.time,
      signature: signMessage({ ...message, body: Buffer.from(body) }, privateKey),
    },
    body: Buffer.from(body),
  };
}

const paidBody = {
  notifyType: 'PAYMENT_RESULT',
  result: { resultCode: 'SUCCESS', resultStatus: 'S', resultMessage: 'success' },
  paymentRequestId: 'P1',
  paymentId: 'W1',
  paymentAmount: { currency: 'EUR', value: '8000' },
  actualPaymentAmount: { currency: 'EUR', value: '8000' },
  paymentCreateTime: '2020-01-01 12:01:00 +08:30',
  paymentTime: '2020-01-01 12:01:01 +08:30',
};

const read = (change: object, name = 'sandbox') =>
  reader.read(name, received(JSON.stringify({ ...paidBody, ...change })));

// proves NOT-01
describe('a notification of a payment', () => {
  const paid = {
    kind: 'paid',
    walletTransactionId: 'W1',
    amount: money('EUR', 8000n),
    paidAt: new Date('2020-01-01T03:31:01Z'),
  };
  const result = (resultStatus: string, resultCode: string) => ({ result: { resultStatus, resultCode } });

  it.each([
    ['paid', {}, paid],
    ['paid, under its older name', { notifyType: 'OFFLINE_PAYMENT_CODE' }, paid],
    ['paid at a time that cannot be read', { paymentTime: 'soon' }, { ...paid, paidAt: null }],
    ['paid without an amount', { paymentAmount: undefined }, { kind: 'contradictory' }],
    ['paid with a number', { paymentAmount: { currency: 'EUR', value: 8000 } }, { kind: 'contradictory' }],
    ['paid in nothing', { paymentAmount: { currency: 'XXQ', value: '8000' } }, { kind: 'contradictory' }],
    ['paid without an id of the wallet', { paymentId: '' }, { kind: 'contradictory' }],
    ['failed', result('F', 'RISK_REJECT'), { kind: 'not_paid', code: 'RISK_REJECT' }],
    ['unknown', result('U', 'UNKNOWN_EXCEPTION'), { kind: 'not_paid', code: 'UNKNOWN_EXCEPTION' }],
    ['of another status', result('A', 'ACCEPT'), { kind: 'not_paid', code: 'ACCEPT' }],
    ['pending, though with a success', { notifyType: 'PAYMENT_PENDING' }, { kind: 'not_paid' }],
    ['of a refund', { notifyType: 'REFUND_RESULT' }, { kind: 'not_paid', code: 'REFUND_RESULT' }],
  ])('%s', (_, change, outcome) => {
    expect(read(change)).toMatchObject({ kind: 'verified', notification: { requestId: 'P1', outcome } });
  });

  it('as recorded is read', () => {
    const { clientId, time, header, body } = signatures.notification;
    const headers = { 'client-id': clientId, 'request-time': time, signature: header };
    expect(reader.read('sandbox', { target: '/any', headers, body: Buffer.from(body) })).toEqual({
      kind: 'verified',
      notification: {
        requestId: 'PR20230601061213T01A0001',
        outcome: { kind: 'not_paid', code: 'USER_BALANCE_NOT_ENOUGH', message: '余额不足' },
      },
    });
  });

  it('for another client, or changed, is not trusted', () => {
    expect(reader.read('sandbox', received(JSON.stringify(paidBody), 'SANDBOX_X'))).toEqual({
      kind: 'untrusted',
      detail: 'it is for another client',
    });
    const sent = received(JSON.stringify(paidBody));
    const changed = { ...sent, body: Buffer.from(sent.body.toString().replace('8000', '9000')) };
    expect(reader.read('sandbox', changed)).toEqual({
      kind: 'untrusted',
      detail: 'its signature does not fit',
    });
  });

  it('that is none, or names no payment, is unreadable', () => {
    expect(reader.read('sandbox', { target: '/', headers: {}, body: new Uint8Array() })).toMatchObject({
      kind: 'unreadable',
    });
    expect(read({ paymentRequestId: null })).toMatchObject({ kind: 'unreadable' });
    expect(read({ result: null })).toMatchObject({ kind: 'unreadable' });
    expect(read({ notifyType: null })).toMatchObject({ kind: 'unreadable' });
  });

  it('for an account that nobody configured is for nobody', () => {
    expect(read({}, 'other')).toEqual({ kind: 'unknown_account' });
  });
});

// proves NOT-02
describe('the reply', () => {
  const sent = received('{}');

  it('to what is stored is the fixed body, signed for the path that the wallet called', async () => {
    const { status, headers, body } = await reader.reply('sandbox', sent, true);
    expect(status).toBe(200);
    expect(body).toBe('{"result":{"resultCode":"SUCCESS","resultStatus":"S","resultMessage":"success"}}');
    expect(headers).toMatchObject({
      'content-type': 'application/json; charset=UTF-8',
      'client-id': account.clientId,
      'response-time': '2023-06-01T14:12:31+08:00',
    });
    const message = {
      path: '/merchant/notify',
      clientId: account.clientId,
      time: '2023-06-01T14:12:31+08:00',
      body: Buffer.from(body),
    };
    expect(verifyMessage(message, headers['signature'] ?? '', publicKey)).toBe(true);
  });

  it('to anything else is one that makes the wallet send again', async () => {
    for (const [name, accepted] of [
      ['sandbox', false],
      ['other', true],
    ] as const) {
      const { status, body } = await reader.reply(name, sent, accepted);
      expect(status).toBe(500);
      expect(JSON.parse(body)).toMatchObject({
        result: { resultCode: 'UNKNOWN_EXCEPTION', resultStatus: 'U' },
      });
    }
  });
});
