import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Answer } from '../test-wallet.ts';
import {
  type AmsCaller,
  changed,
  clientId,
  merchantId,
  newRequestId,
  payBody,
  result,
  startAmsCaller,
} from './ams-caller.fixture.ts';
import { publicKeyPem } from './vectors.fixture.ts';

let ams: AmsCaller;
beforeAll(async () => {
  ams = await startAmsCaller();
});
afterAll(() => ams.close());
beforeEach(async () => {
  await ams.control('POST', 'settings', { plus_registration_review_ms: 0 });
});

function registration(changes: Answer = {}): Answer {
  const address = { region: 'JP', city: 'Tokyo', address1: '1-1' };
  const body = {
    registrationRequestId: newRequestId('G'),
    productCodes: ['IN_STORE_PAYMENT'],
    passThroughInfo: '{"a":1}',
    merchantInfo: {
      referenceMerchantId: newRequestId('M'),
      merchantDisplayName: 'Tea',
      merchantMCC: '5812',
      merchantAddress: address,
      registrationDetail: {
        legalName: 'Tea Ltd',
        registrationType: 'ENTERPRISE_REGISTRATION_NO',
        registrationNo: '1',
        contactInfo: [{ contactType: 'EMAIL', contactNo: 'tea@example.com' }],
      },
    },
    storeInfo: { referenceStoreId: 'S1', storeName: 'Tea House', storeMCC: '5812', storeAddress: address },
  };
  return changed(body, changes);
}
const register = (body: Answer): Promise<Answer> => ams.call('merchants/registration', body);
const merchantOf = (body: Answer): string =>
  (body['merchantInfo'] as Answer)['referenceMerchantId'] as string;
const status = (body: Answer): Promise<Answer> => ams.call('merchants/inquiryRegistrationStatus', body);
const payFor = (merchant: string): Promise<Answer> =>
  ams.call(
    'payments/pay',
    payBody('PaymentCode', ams.shop.url, ams.code, { 'order.merchant.referenceMerchantId': merchant }),
  );

describe('a registration', () => {
  it('lets payments be taken for the merchant, and is shown as it was', async () => {
    const body = registration();
    const merchant = merchantOf(body);
    expect(await payFor(merchant)).toEqual(result('MERCHANT_NOT_REGISTERED'));
    const accepted = { ...result('SUCCESS', 'S'), passThroughInfo: '{"a":1}' };
    expect(await register(body)).toEqual(accepted);
    expect(await register(body)).toEqual(accepted);
    expect(await payFor(merchant)).toMatchObject(result('SUCCESS', 'S'));
    const approved = { ...accepted, registrationResult: { registrationStatus: 'APPROVED' } };
    expect(await status({ registrationRequestId: body['registrationRequestId'] })).toEqual(approved);
    expect(await status({ referenceMerchantId: merchant, referenceStoreId: 'S1' })).toEqual(approved);
    expect(await ams.call('merchants/inquiryRegistrationInfo', { referenceMerchantId: merchant })).toEqual({
      ...result('SUCCESS', 'S'),
      merchantInfo: body['merchantInfo'],
      storeInfo: body['storeInfo'],
      productCodes: body['productCodes'],
    });
  });

  it('is under review for as long as the settings say', async () => {
    await ams.control('POST', 'settings', { plus_registration_review_ms: 60_000 });
    const body = registration();
    await register(body);
    const again = { ...body, registrationRequestId: newRequestId('G') };
    expect(await register(again)).toEqual(result('REGISTRATION_UNDER_REVIEW'));
    expect(await status({ referenceMerchantId: merchantOf(body) })).toMatchObject({
      registrationResult: { registrationStatus: 'PENDING' },
    });
    expect(await payFor(merchantOf(body))).toEqual(result('MERCHANT_NOT_REGISTERED'));
    ams.clock.nowMs += 60_000;
    expect(await payFor(merchantOf(body))).toMatchObject(result('SUCCESS', 'S'));
    expect(await register(again)).toEqual(result('REPEAT_REGISTRATION'));
  });

  it('under a known id with other words is refused', async () => {
    const body = registration();
    await register(body);
    expect(await register(changed(body, { 'storeInfo.storeName': 'Coffee House' }))).toEqual(
      result('REPEAT_REQ_INCONSISTENT'),
    );
  });

  it.each<[string, unknown]>([
    ['registrationRequestId', undefined],
    ['productCodes', ['CASHIER_PAYMENT']],
    ['merchantInfo.referenceMerchantId', undefined],
    ['merchantInfo.merchantMCC', 'tea'],
    ['merchantInfo.merchantAddress.region', 'Japan'],
    ['merchantInfo.registrationDetail', undefined],
    ['merchantInfo.registrationDetail.legalName', undefined],
    ['storeInfo', undefined],
    ['storeInfo.referenceStoreId', 'x'.repeat(33)],
  ])('with its %s %o is refused', async (way, value) => {
    expect(await register(registration({ [way]: value }))).toEqual(result('PARAM_ILLEGAL'));
  });

  it('that nobody made is not found', async () => {
    expect(await status({ registrationRequestId: 'nothing' })).toEqual(result('RECORD_NOT_FOUND'));
    expect(await ams.call('merchants/inquiryRegistrationInfo', { referenceMerchantId: 'nothing' })).toEqual(
      result('RECORD_NOT_FOUND'),
    );
    expect(await status({})).toEqual(result('PARAM_ILLEGAL'));
  });
});

describe('clients', () => {
  it('get a key pair of the wallet once and keep it, over a restart as well', async () => {
    const client = { public_key: publicKeyPem, currencies: ['USD'] };
    const [first, second] = await Promise.all([
      ams.control('PUT', 'clients/C2', client),
      ams.control('PUT', 'clients/C2', client),
    ]);
    expect(first).toMatchObject({
      status: 200,
      body: {
        client_id: 'C2',
        wallet_public_key: expect.stringMatching(/^-----BEGIN PUBLIC KEY-----/),
        merchants: [],
        currencies: ['USD'],
      },
    });
    expect(second).toEqual(first);
    await ams.restart();
    expect(await ams.control('GET', 'clients/C2')).toEqual(first);
    expect(JSON.stringify((await ams.control('GET', 'clients')).body)).not.toContain('PRIVATE');
  });

  it.each<[string, string, Answer, string]>([
    ['no key', 'C3', {}, 'public_key'],
    ['a text as key', 'C3', { public_key: 'x' }, 'public_key'],
    [
      'a broken wallet key',
      'C3',
      { public_key: publicKeyPem, wallet_private_key: 'x' },
      'wallet_private_key',
    ],
    ['merchants as text', 'C3', { public_key: publicKeyPem, merchants: 'M' }, 'merchants'],
    ['an unknown currency', 'C3', { public_key: publicKeyPem, currencies: ['XAU'] }, 'currencies'],
    ['an unknown setting', 'C3', { public_key: publicKeyPem, settings: { x: 1 } }, 'name of a setting'],
    ['a misspelt field', 'C3', { public_key: publicKeyPem, merchant: 'M' }, 'name of a field'],
    ['an odd id', 'a%20b', { public_key: publicKeyPem }, 'client_id'],
  ])('with %s are refused by name', async (_, id, json, field) => {
    expect(await ams.control('PUT', `clients/${id}`, json)).toMatchObject({ status: 400, body: { field } });
    expect(await ams.control('GET', 'clients/C3')).toMatchObject({ status: 404 });
  });

  it('have payments of their own, though they give the same id', async () => {
    const body = payBody('PaymentCode', ams.shop.url, ams.code);
    await ams.call('payments/pay', body);
    const path = `payments/${body.paymentRequestId}`;
    expect(await ams.control('GET', `${path}?client_id=${clientId}`)).toMatchObject({
      status: 200,
      body: { client_id: clientId, merchant_id: merchantId },
    });
    expect(await ams.control('GET', `${path}?client_id=C2`)).toMatchObject({ status: 404 });
    expect(await ams.control('GET', 'payments/nothing')).toMatchObject({ status: 404 });
  });
});
