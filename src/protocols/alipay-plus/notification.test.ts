import { describe, expect, it } from 'vitest';
import { privateKey, publicKey, signatures } from '../../../test/vectors/alipay-plus/vectors.ts';
import { printMessage, readMessage } from './message-fields.ts';
import {
  acknowledged,
  isPaymentResult,
  notAcknowledged,
  paymentNotification,
  printAcknowledgement,
  readPaymentNotification,
  readRegistrationNotification,
} from './notification.ts';
import { inquiryAnswer } from './payment-messages.ts';
import { signMessage, verifyMessage } from './signature.ts';

const { notification, response } = signatures;
const notifyUrl = 'https://shop.example/merchant/notify';
const headers = {
  'client-id': notification.clientId,
  'request-time': notification.time,
  signature: notification.header,
};

function read(change: { target?: string; headers?: object; body?: string } = {}, url = notifyUrl) {
  const received = {
    target: change.target ?? '/merchant/notify',
    headers: { ...headers, ...change.headers },
    body: Buffer.from(change.body ?? notification.body),
  };
  return readPaymentNotification(received, url, [publicKey]);
}

/** A notification signed for a path and a body of one's own. */
function signed(path: string, body = notification.body) {
  const { clientId, time } = notification;
  return { signature: signMessage({ path, clientId, time, body: Buffer.from(body) }, privateKey) };
}

// proves NOT-01
describe('a notification', () => {
  it('as recorded verifies and is read', () => {
    expect(read()).toMatchObject({
      kind: 'verified',
      clientId: 'SANDBOX_5YTEST0000000001',
      values: {
        notifyType: 'PAYMENT_RESULT',
        result: { resultCode: 'USER_BALANCE_NOT_ENOUGH', resultStatus: 'F', resultMessage: '余额不足' },
        paymentRequestId: 'PR20230601061213T01A0001',
        paymentId: '20230601194010800100188000200000001',
        paymentAmount: null,
      },
    });
  });

  it('verifies under the path that the wallet called, whatever a proxy has made of it', () => {
    expect(read({ target: '/inner/notify' }).kind).toBe('verified');
    expect(read({ target: '/inner/notify?x=1' }).kind).toBe('verified');
    const other = 'https://shop.example/other';
    expect(read({ target: '/merchant/notify' }, other).kind).toBe('verified');
    expect(read({ target: '/merchant/notify?x=1' }, other).kind).toBe('verified');
    expect(read({ target: 'https://shop.example/merchant/notify' }, other).kind).toBe('verified');
    expect(read({ target: '/q?x=1', headers: signed('/q?x=1') }, other).kind).toBe('verified');
    expect(read({ target: '/q', headers: signed('/merchant/notify?x=1') }, `${notifyUrl}?x=1`).kind).toBe(
      'verified',
    );
    expect(read({ target: '/q', headers: signed('/merchant/notify') }, `${notifyUrl}?x=1`).kind).toBe(
      'verified',
    );
    expect(read({ target: '/inner/notify' }, other)).toEqual({
      kind: 'forged',
      detail: 'its signature does not fit',
    });
  });

  it.each([
    ['changed', { body: notification.body.replace('"F"', '"S"') }, 'its signature does not fit'],
    [
      'at another time',
      { headers: { 'request-time': '2023-06-01T14:12:31+08:00' } },
      'its signature does not fit',
    ],
    ['of another client', { headers: { 'client-id': 'X' } }, 'its signature does not fit'],
    ['with another’s signature', { headers: { signature: response.header } }, 'its signature does not fit'],
    ['without a signature', { headers: { signature: undefined } }, 'it is not signed'],
    [
      'with a signature that is none',
      { headers: { signature: 'testing_signature' } },
      'the signature header is not of its form',
    ],
  ])('%s is forged', (_, change, detail) => {
    expect(read(change)).toEqual({ kind: 'forged', detail });
  });

  it.each([
    ['without a client', { headers: { 'client-id': undefined } }, 'no client-id'],
    ['without a time', { headers: { 'request-time': undefined } }, 'no request-time'],
    ['without JSON', { body: '<html>' }, 'the body is not a JSON object in UTF-8'],
  ])('%s is unreadable', (_, change, reason) => {
    expect(read(change)).toEqual({ kind: 'unreadable', reason });
  });

  it('is not what the same key has signed as an answer', () => {
    const change = {
      target: response.path,
      headers: { 'request-time': response.time, signature: response.header },
      body: response.body,
    };
    expect(read(change)).toEqual({ kind: 'unreadable', reason: 'no notifyType' });
  });

  it('cannot have its body’s beginning moved into its time', () => {
    const body = '{"notifyType":"x.{}","paymentRequestId":"P1"}';
    const head = signed('/merchant/notify', body);
    const [start = '', ...rest] = body.split('.');
    const time = `${notification.time}.${start}`;
    expect(read({ headers: { ...head, 'request-time': time }, body: rest.join('.') }).kind).toBe(
      'unreadable',
    );
  });

  it('of a registration is read likewise', () => {
    const body =
      '{"registrationRequestId":"G1","registrationResult":{"registrationStatus":"APPROVED"},"passThroughInfo":"{}"}';
    const sent = {
      target: '/merchant/notify',
      headers: { ...headers, ...signed('/merchant/notify', body) },
      body: Buffer.from(body),
    };
    expect(readRegistrationNotification(sent, notifyUrl, [publicKey])).toMatchObject({
      kind: 'verified',
      values: { registrationRequestId: 'G1', registrationResult: { registrationStatus: 'APPROVED' } },
    });
    expect(readRegistrationNotification({ ...sent, target: '/x' }, 'http://x/x', [publicKey]).kind).toBe(
      'forged',
    );
  });

  it('tells a result only under its present and its older name', () => {
    expect(['PAYMENT_RESULT', 'OFFLINE_PAYMENT_CODE', 'PAYMENT_PENDING', ''].map(isPaymentResult)).toEqual([
      true,
      true,
      false,
      false,
    ]);
  });
});

it('the recorded bodies are printed as they were signed', () => {
  for (const [fields, { body }] of [
    [paymentNotification, notification],
    [inquiryAnswer, response],
  ] as const) {
    const message = readMessage(fields, Buffer.from(body));
    if (message.kind === 'unreadable') throw new Error(message.reason);
    expect(printMessage(fields, message.values as Parameters<typeof printMessage<typeof fields>>[1])).toBe(
      body,
    );
  }
});

// proves NOT-02
it('the acknowledgement is the fixed body, signed for the notify URL’s path', () => {
  const head = { path: '/merchant/notify', clientId: 'C1', time: '2023-06-01T14:12:31+08:00' };
  const { headers: printed, body } = printAcknowledgement(head, privateKey);
  expect(JSON.parse(body)).toEqual({
    result: { resultCode: 'SUCCESS', resultStatus: 'S', resultMessage: 'success' },
  });
  expect(printed).toMatchObject({ 'client-id': 'C1', 'response-time': head.time });
  const message = { ...head, body: Buffer.from(acknowledged) };
  expect(verifyMessage(message, printed['signature'] ?? '', publicKey)).toBe(true);
  expect(JSON.parse(notAcknowledged)).toMatchObject({
    result: { resultCode: 'UNKNOWN_EXCEPTION', resultStatus: 'U' },
  });
});
