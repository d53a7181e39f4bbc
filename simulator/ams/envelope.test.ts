import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { originForm } from '../http-server.ts';
import {
  type AmsCaller,
  clientId,
  payBody,
  result,
  type Sent,
  startAmsCaller,
} from './ams-caller.fixture.ts';

let ams: AmsCaller;
beforeAll(async () => {
  ams = await startAmsCaller();
});
afterAll(() => ams.close());

const inquiry = JSON.stringify({ paymentRequestId: 'nothing' });
const ask = (sent: Sent = {}) => ams.send('payments/inquiryPayment', { body: inquiry, ...sent });

describe('an answer', () => {
  it('is 200, signed over the path of the request, its own headers in lower case', async () => {
    const answer = await ask();
    expect(answer).toMatchObject({
      status: 200,
      signature: 'holds',
      headers: {
        'client-id': clientId,
        'response-time': '2026-01-15T10:20:30+08:00',
        'content-type': 'application/json; charset=UTF-8',
        signature: expect.stringMatching(/^algorithm=RSA256,keyVersion=1,signature=[0-9A-Za-z%]+$/),
      },
    });
    expect(answer.headerNames).toEqual(
      expect.arrayContaining(['client-id', 'response-time', 'signature', 'content-type']),
    );
    expect(answer.json).toEqual(result('ORDER_NOT_EXIST'));
  });

  it.each([
    ['under the path of the sandbox', '/ams/sandbox/api/v1/payments/inquiryPayment'],
    ['to a request line in absolute form', 'http://wallet.example/ams/api/v1/payments/inquiryPayment'],
    ['to a signature over path and query', '/ams/api/v1/payments/inquiryPayment?trace=1'],
  ])('comes %s', async (_, path) => {
    expect(await ask({ path })).toMatchObject({ signature: 'holds', json: result('ORDER_NOT_EXIST') });
  });

  it.each([
    ['2023-06-01T06:12:14.1234567Z'],
    ['2026-01-02T03:04:05+0000'],
    ['2020-01-01 12:01:01 +08:30'],
    ['whatever'],
  ])('comes to the time %s, which only its signature takes note of', async (time) => {
    const { signContent, signingContent, printSignatureHeader } = await import('./signing.ts');
    const { privateKey } = await import('./vectors.fixture.ts');
    const content = signingContent('/ams/api/v1/payments/inquiryPayment', clientId, time, inquiry);
    const signature = printSignatureHeader(await signContent(content, privateKey)).replaceAll('%2B', '%2b');
    const answer = await ask({ headers: { 'request-time': time, signature } });
    expect(answer.json).toEqual(result('ORDER_NOT_EXIST'));
  });

  it('comes to an empty agent token and to no content type', async () => {
    const answer = await ask({ headers: { 'agent-token': '', 'content-type': '' } });
    expect(answer.json).toEqual(result('ORDER_NOT_EXIST'));
  });
});

describe('a call that is not in order', () => {
  it.each<[string, Sent, string]>([
    ['with another body than the signed one', { sentBody: `${inquiry} ` }, 'INVALID_SIGNATURE'],
    ['with another time than the signed one', { headers: { 'request-time': '1' } }, 'INVALID_SIGNATURE'],
    ['without a signature', { headers: { signature: '' } }, 'INVALID_SIGNATURE'],
    ['without a time', { headers: { 'request-time': '' } }, 'PARAM_ILLEGAL'],
    ['by PUT', { method: 'PUT' }, 'METHOD_NOT_SUPPORTED'],
    ['to an unknown path', { path: '/ams/api/v1/payments/consult' }, 'NO_INTERFACE_DEF'],
    ['to another version', { path: '/ams/api/v2/payments/pay' }, 'NO_INTERFACE_DEF'],
    ['as a form', { headers: { 'content-type': 'text/plain' } }, 'MEDIA_TYPE_NOT_ACCEPTABLE'],
    ['that is no JSON', { body: 'paymentId=1' }, 'PARAM_ILLEGAL'],
    ['that is a JSON list', { body: '[]' }, 'PARAM_ILLEGAL'],
    ['that names nothing', { body: '{}' }, 'PARAM_ILLEGAL'],
    ['that names a number', { body: '{"paymentId":1}' }, 'PARAM_ILLEGAL'],
  ])('%s is refused under a signature', async (_, sent, code) => {
    expect(await ask(sent)).toMatchObject({ status: 200, signature: 'holds', json: result(code) });
  });

  it('by an unknown client is refused without a signature, since there is no key', async () => {
    const answer = await ask({ headers: { 'client-id': 'SANDBOX_nobody' } });
    expect(answer).toMatchObject({
      status: 200,
      signature: 'absent',
      headers: { 'client-id': 'SANDBOX_nobody', 'response-time': expect.any(String) },
      json: result('INVALID_CLIENT'),
    });
  });

  it('uses up no fault', async () => {
    await ams.control('POST', 'faults', { api: '*', fault: 'system_error', count: 1, wallet: 'alipay_plus' });
    await ask({ sentBody: '{}' });
    expect((await ams.control('GET', 'faults')).body).toMatchObject([{ remaining: 1 }]);
    await ams.control('DELETE', 'faults');
  });
});

describe('a pay that is not in order', () => {
  it.each<[string, string | undefined | object, string]>([
    ['productCode', 'CASHIER_PAYMENT', 'PARAM_ILLEGAL'],
    ['paymentRequestId', undefined, 'PARAM_ILLEGAL'],
    ['paymentRequestId', 'x'.repeat(65), 'PARAM_ILLEGAL'],
    ['paymentMethod.paymentMethodType', 'CARD', 'PARAM_ILLEGAL'],
    ['paymentMethod.paymentMethodId', undefined, 'PARAM_ILLEGAL'],
    ['paymentFactor.inStorePaymentScenario', 'paymentCode', 'PARAM_ILLEGAL'],
    ['paymentNotifyUrl', undefined, 'PARAM_ILLEGAL'],
    ['paymentNotifyUrl', 'ftp://shop.example/', 'PARAM_ILLEGAL'],
    ['paymentExpiryTime', '2026-01-15 10:30:00', 'PARAM_ILLEGAL'],
    ['paymentAmount', { currency: 'USD', value: 1000 }, 'PARAM_ILLEGAL'],
    ['paymentAmount', { currency: 'USD', value: '0' }, 'PARAM_ILLEGAL'],
    ['paymentAmount', { currency: 'USD', value: '-5' }, 'PARAM_ILLEGAL'],
    ['paymentAmount', { currency: 'USD', value: '10.00' }, 'PARAM_ILLEGAL'],
    ['paymentAmount', { currency: 'USD', value: '010' }, 'PARAM_ILLEGAL'],
    ['paymentAmount', { currency: 'usd', value: '10' }, 'PARAM_ILLEGAL'],
    ['paymentAmount', { currency: 'IDR', value: '150' }, 'PARAM_ILLEGAL'],
    ['paymentAmount', { currency: 'XAU', value: '10' }, 'CURRENCY_NOT_SUPPORT'],
    ['paymentAmount', { currency: 'USD', value: '9999999999999999' }, 'PAYMENT_AMOUNT_EXCEED_LIMIT'],
    ['order.orderDescription', '', 'PARAM_ILLEGAL'],
    ['order.merchant.merchantName', undefined, 'PARAM_ILLEGAL'],
    ['order.merchant.merchantMCC', '54', 'PARAM_ILLEGAL'],
    ['order.merchant.store', undefined, 'PARAM_ILLEGAL'],
    ['order.merchant.store.storeMCC', undefined, 'PARAM_ILLEGAL'],
    ['order.merchant.referenceMerchantId', 'M9999', 'MERCHANT_NOT_REGISTERED'],
  ])('for its %s %o is refused and leaves nothing behind', async (way, value, code) => {
    const body = payBody('PaymentCode', ams.shop.url, ams.code, { [way]: value });
    expect(await ams.call('payments/pay', body)).toEqual(result(code));
    expect((await ams.control('GET', 'ledger')).body).toEqual([]);
  });

  it('for a currency that is not in its contract is refused', async () => {
    const { privateKeyPem, publicKeyPem } = await import('./vectors.fixture.ts');
    const client = { public_key: publicKeyPem, wallet_private_key: privateKeyPem, merchants: ['M0001'] };
    await ams.control('PUT', `clients/${clientId}`, { ...client, currencies: ['HKD'] });
    const body = payBody('PaymentCode', ams.shop.url, ams.code);
    expect(await ams.call('payments/pay', body)).toEqual(result('CURRENCY_NOT_SUPPORT'));
    await ams.control('PUT', `clients/${clientId}`, client);
  });

  it('takes the other spelling of the category of a store', async () => {
    const body = payBody('PaymentCode', ams.shop.url, ams.code, {
      'order.merchant.store.storeMCC': undefined,
      'order.merchant.store.storeMcc': '5411',
    });
    expect(await ams.call('payments/pay', body)).toMatchObject(result('SUCCESS', 'S'));
  });
});

describe('a target', () => {
  it.each([
    ['/ams/api', '/ams/api'],
    ['http://host:80/ams/api?x=1', '/ams/api?x=1'],
    ['https://host', '/'],
    ['https://host?x=1', '/?x=1'],
  ])('%s is %s', (target, form) => {
    expect(originForm(target)).toBe(form);
  });
});
