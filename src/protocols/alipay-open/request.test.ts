import { createVerify } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  privateKey,
  publicKey,
  publicKeyPem,
  signatures,
} from '../../../test/vectors/alipay-open/vectors.ts';
import { composeRequest, type PrintedRequest, readRequest, signRequest, verifyRequest } from './request.ts';

const bizContent =
  '{"out_trade_no":"T202601150001","scene":"bar_code","auth_code":"28763443825664394","subject":"测试商品A&B","total_amount":"88.88","store_id":"SHKFC001","terminal_id":"POS00001","sub_merchant":{"merchant_id":"2088000000000002"}}';

const parameters = {
  appId: '2021000000000001',
  method: 'alipay.trade.pay',
  charset: 'utf-8',
  signType: 'RSA2',
  timestamp: new Date('2026-01-15T02:20:30Z'),
  notifyUrl: 'http://127.0.0.1:8080/notify?x=1',
  appAuthToken: '202601BBthrowaway0001',
} as const;

function received({ query, body }: PrintedRequest) {
  return readRequest(Buffer.from(query), Buffer.from(body));
}

function verified(printed: PrintedRequest): boolean {
  const request = received(printed);
  return request.kind === 'request' && verifyRequest(request, publicKey);
}

describe('the recorded request', () => {
  it('is composed and signed byte for byte', () => {
    const request = composeRequest(parameters, bizContent);
    expect(Buffer.from(request.content).toString()).toBe(signatures.request.content);
    const printed = signRequest(parameters, bizContent, privateKey);
    expect(new URLSearchParams(printed.query).get('sign')).toBe(signatures.request.sign);
    expect(new URLSearchParams(printed.body).get('biz_content')).toBe(bizContent);
    expect(verified(printed)).toBe(true);
  });

  it('verifies for a verifier that shares nothing with this code', () => {
    const printed = signRequest(parameters, bizContent, privateKey);
    const sent = [...new URLSearchParams(`${printed.query}&${printed.body}`)];
    const content = sent
      .filter(([name]) => name !== 'sign')
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([name, value]) => `${name}=${value}`)
      .join('&');
    const sign = sent.find(([name]) => name === 'sign')?.[1] ?? '';
    expect(createVerify('RSA-SHA256').update(content).verify(publicKeyPem, sign, 'base64')).toBe(true);
  });

  it('verifies wherever its parameters were put, and in whatever order', () => {
    const { query, body } = signRequest(parameters, bizContent, privateKey);
    expect(verified({ query: '', body: `${body}&${query}` })).toBe(true);
    expect(verified({ query: `${query}&${body}`, body: '' })).toBe(true);
    expect(verified({ query: query.split('&').toReversed().join('&'), body })).toBe(true);
  });

  it('is read as it was sent', () => {
    const request = received(signRequest(parameters, bizContent, privateKey));
    expect(request).toMatchObject({ appId: parameters.appId, method: parameters.method, charset: 'utf-8' });
    expect(request.kind === 'request' && request.parameters.get('biz_content')).toBe(bizContent);
    expect(request.kind === 'request' && request.parameters.get('timestamp')).toBe('2026-01-15 10:20:30');
  });
});

describe('a request that is not whole', () => {
  const { query, body } = signRequest(parameters, bizContent, privateKey);
  const without = (name: string) =>
    query
      .split('&')
      .filter((pair) => !pair.startsWith(`${name}=`))
      .join('&');

  it.each([
    ['app_id', 'isv.missing-app-id'],
    ['method', 'isv.missing-method'],
    ['sign', 'isv.missing-signature'],
    ['sign_type', 'isv.missing-signature-type'],
  ])('without %s is named as the platform names it', (name, reason) => {
    expect(received({ query: without(name), body })).toEqual({ kind: 'unreadable', reason });
  });

  it('with an unknown charset or sign type is refused', () => {
    expect(received({ query: `${without('charset')}&charset=utf-16`, body })).toMatchObject({
      reason: 'isv.invalid-charset',
    });
    expect(received({ query: `${without('sign_type')}&sign_type=SM2`, body })).toMatchObject({
      reason: 'isv.invalid-signature-type',
    });
    expect(received({ query, body: 'biz_content=%FF' })).toMatchObject({
      reason: 'biz_content is not utf-8',
    });
  });

  it('with a changed, added or repeated parameter does not verify', () => {
    expect(verified({ query: query.replace('2021000000000001', '2021000000000002'), body })).toBe(false);
    expect(verified({ query: `${query}&extra=1`, body })).toBe(false);
    expect(verified({ query, body: body.replace('88.88', '88.89') })).toBe(false);
    expect(verified({ query, body: `${body}&app_id=2021000000000001` })).toBe(false);
    expect(verified({ query: without('app_auth_token'), body })).toBe(false);
  });
});

it('an empty parameter verifies whether or not the sender signed it', () => {
  const { query, body } = signRequest(parameters, bizContent, privateKey);
  expect(verified({ query: `${query}&return_url=`, body })).toBe(true);
});

it('a request in GBK is signed over GBK bytes', () => {
  const printed = signRequest({ ...parameters, charset: 'gbk' }, bizContent, privateKey);
  expect(printed.body).toContain('%B2%E2%CA%D4');
  expect(verified(printed)).toBe(true);
  const request = received(printed);
  expect(request.kind === 'request' && request.parameters.get('biz_content')).toBe(bizContent);
  expect(() => composeRequest({ ...parameters, charset: 'gbk' }, '{"subject":"😀"}')).toThrow(
    /gbk cannot write/,
  );
});

it('every request that is printed is read back, and verifies', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme', minLength: 1 }), (text) => {
      const printed = signRequest(parameters, text, privateKey);
      const request = received(printed);
      expect(request.kind === 'request' && request.parameters.get('biz_content')).toBe(text.toWellFormed());
      expect(request.kind === 'request' && verifyRequest(request, publicKey)).toBe(true);
    }),
    { numRuns: 60 },
  );
});

it('no mutation of a signed request verifies with other parameters, and none throws', () => {
  const { query, body } = signRequest(parameters, bizContent, privateKey);
  const meaning = (printed: PrintedRequest) => {
    const request = received(printed);
    return request.kind === 'request'
      ? JSON.stringify([...request.parameters].filter(([, text]) => text !== '').sort())
      : null;
  };
  const original = meaning({ query, body });
  fc.assert(
    fc.property(fc.boolean(), fc.nat(), fc.nat({ max: 255 }), (inBody, position, byte) => {
      const bytes = Buffer.from(inBody ? body : query);
      bytes[position % bytes.length] = byte;
      const mutated = inBody
        ? { query, body: bytes.toString('latin1') }
        : { query: bytes.toString('latin1'), body };
      if (verified(mutated)) expect(meaning(mutated)).toBe(original);
    }),
    { numRuns: 1000 },
  );
});
