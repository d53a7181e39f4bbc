import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { privateKey, publicKey, signatures } from '../../test/vectors/alipay-open/vectors.ts';
import {
  type Answer,
  payOrder,
  registerApp,
  signedForm,
  startTestWallet,
  type TestWallet,
} from '../test-wallet.ts';
import { isSignedBy, signBytes, signingBytes } from './signing.ts';

let wallet: TestWallet;
beforeAll(async () => {
  wallet = await startTestWallet();
});
afterAll(() => wallet.close());

interface Answered {
  readonly status: number;
  readonly contentType: string | null;
  readonly text: string;
  readonly member: string;
  readonly node: Answer;
  /** Whether the answer carries a signature, and one that holds over the raw node. */
  readonly signed: 'holds' | 'broken' | 'absent';
}

async function post(form: string, query = ''): Promise<Answered> {
  const response = await fetch(`${wallet.base}/gateway.do${query}`, {
    method: 'POST',
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    body: form,
  });
  return read(response);
}

async function read(response: Response): Promise<Answered> {
  const text = await response.text();
  const match = /^\{"(\w+)":(\{.*\})(?:,"sign":"([^"]*)")?\}$/.exec(text);
  const [, member = '', raw = '{}', sign] = match ?? [];
  const holds = sign !== undefined && isSignedBy(Buffer.from(raw), sign, publicKey, 'RSA2');
  return {
    status: response.status,
    contentType: response.headers.get('content-type'),
    text,
    member,
    node: JSON.parse(raw),
    signed: sign === undefined ? 'absent' : holds ? 'holds' : 'broken',
  };
}

const query = { out_trade_no: 'nothing' };

describe('an answer', () => {
  it('is one line: the node named after the method, then its signature over exactly those bytes', async () => {
    const { scene: _scene, auth_code: _code, ...order } = payOrder(wallet.code);
    const answer = await post(await signedForm('alipay.trade.precreate', order));
    expect(answer).toMatchObject({
      status: 200,
      contentType: 'text/html;charset=utf-8',
      member: 'alipay_trade_precreate_response',
      signed: 'holds',
    });
    expect(answer.text).toContain('"qr_code":"https:\\/\\/qr.alipay.com\\/bax');
  });

  it('comes to a GET, and to parameters spread over query and body', async () => {
    const form = await signedForm('alipay.trade.query', query);
    expect(await read(await fetch(`${wallet.base}/gateway.do?${form}`))).toMatchObject({ signed: 'holds' });
    const parts = form.split('&');
    const spread = await post(parts.slice(4).join('&'), `?${parts.slice(0, 4).join('&')}`);
    expect(spread).toMatchObject({ signed: 'holds', node: { sub_code: 'ACQ.TRADE_NOT_EXIST' } });
  });
});

describe('a call that is not in order', () => {
  const method = 'alipay.trade.query';
  it.each<[string, () => Promise<string>, string, string, 'holds' | 'absent']>([
    ['no app_id', async () => 'method=alipay.trade.query', '40001', 'isv.missing-app-id', 'absent'],
    [
      'an unknown app',
      () => signedForm(method, query, { app_id: '1' }),
      '40002',
      'isv.invalid-app-id',
      'absent',
    ],
    ['no method', () => signedForm('', query), '40001', 'isv.missing-method', 'holds'],
    ['an unknown method', () => signedForm('alipay.x', query), '40002', 'isv.invalid-method', 'holds'],
    [
      'no signature',
      async () => (await signedForm(method, query)).replace(/&sign=[^&]*/, ''),
      '40001',
      'isv.missing-signature',
      'holds',
    ],
    [
      'no signature type',
      () => signedForm(method, query, { sign_type: '' }),
      '40001',
      'isv.missing-signature-type',
      'holds',
    ],
    [
      'an unknown signature type',
      () => signedForm(method, query, { sign_type: 'SM2' }),
      '40002',
      'isv.invalid-signature-type',
      'holds',
    ],
    [
      'a parameter changed after signing',
      async () => (await signedForm(method, query)).replace('nothing', 'changed'),
      '40002',
      'isv.invalid-signature',
      'holds',
    ],
    [
      'no timestamp',
      () => signedForm(method, query, { timestamp: '' }),
      '40001',
      'isv.missing-timestamp',
      'holds',
    ],
    [
      'a timestamp of another form',
      () => signedForm(method, query, { timestamp: '2026-01-15T10:20:30' }),
      '40002',
      'isv.invalid-timestamp',
      'holds',
    ],
    [
      'another charset',
      () => signedForm(method, query, { charset: 'utf-16' }),
      '40002',
      'isv.invalid-charset',
      'holds',
    ],
    ['no version', () => signedForm(method, query, { version: '' }), '40001', 'isv.missing-version', 'holds'],
    [
      'another version',
      () => signedForm(method, query, { version: '2.0' }),
      '40002',
      'isv.invalid-parameter',
      'holds',
    ],
    [
      'another format',
      () => signedForm(method, query, { format: 'XML' }),
      '40002',
      'isv.invalid-format',
      'holds',
    ],
    [
      'encryption',
      () => signedForm(method, query, { encrypt_type: 'AES' }),
      '40002',
      'isv.invalid-encrypt-type',
      'holds',
    ],
    [
      'broken JSON',
      () => signedForm(method, query, { biz_content: '{"out_trade_no":' }),
      '40002',
      'isv.illegal-json',
      'holds',
    ],
    [
      'no biz_content',
      () => signedForm(method, query, { biz_content: '' }),
      '40002',
      'isv.invalid-parameter',
      'holds',
    ],
  ])('%s', async (_, form, code, subCode, signed) => {
    expect(await post(await form())).toMatchObject({
      status: 200,
      signed,
      node: { code, sub_code: subCode, sub_msg: expect.any(String) },
    });
  });

  it('is checked from the outside in: app, method, signature, the rest', async () => {
    const nothingRight = { app_id: '1', timestamp: 'x', charset: 'x', biz_content: 'x' };
    const subCodes = [];
    for (const form of [
      await signedForm('alipay.x', {}, nothingRight),
      await signedForm('alipay.x', {}, { ...nothingRight, app_id: '2021000000000001', charset: 'utf-8' }),
      `${await signedForm(method, {}, { timestamp: 'x' })}A`,
      await signedForm(method, {}, { timestamp: 'x', biz_content: 'x' }),
    ]) {
      subCodes.push((await post(form)).node['sub_code']);
    }
    expect(subCodes).toEqual([
      'isv.invalid-app-id',
      'isv.invalid-method',
      'isv.invalid-signature',
      'isv.invalid-timestamp',
    ]);
  });

  it('with a wrong signature is shown the string that was signed here, escaped for HTML', async () => {
    const { node } = await post((await signedForm(method, query)).replace('nothing', 'changed'));
    expect(node['sub_msg']).toContain(
      'app_id=2021000000000001&amp;biz_content={&quot;out_trade_no&quot;:&quot;changed',
    );
  });

  it('and is no form at all is answered like one without an app', async () => {
    expect(await post('{"a":1}')).toMatchObject({ member: 'error_response', signed: 'absent' });
    const tooLong = await fetch(`${wallet.base}/gateway.do`, { method: 'POST', body: 'x'.repeat(1_100_000) });
    expect(tooLong.status).toBe(413);
  });
});

describe('the recorded request', () => {
  it('is accepted as it stands, once its authorisation token is known', async () => {
    const form = request();
    expect((await post(form)).node).toMatchObject({ sub_code: 'aop.invalid-app-auth-token' });
    await registerApp(Number(new URL(wallet.base).port), { app_auth_tokens: ['202601BBthrowaway0001'] });
    expect((await post(form)).node).toMatchObject({ sub_code: 'ACQ.PAYMENT_AUTH_CODE_INVALID' });
  });

  function request(): string {
    const { content, sign } = signatures.request;
    const form = new URLSearchParams({ sign });
    for (const pair of content.split(/&(?=\w+=)(?!B")/)) {
      const equals = pair.indexOf('=');
      form.set(pair.slice(0, equals), pair.slice(equals + 1));
    }
    return form.toString();
  }
});

describe('other ways to write and sign', () => {
  it('a gbk request is verified over its gbk bytes and answered with escapes that any charset can read', async () => {
    const order = payOrder(wallet.code, { subject: 'SUBJECT' });
    // 测试 in GBK is B2 E2 CA D4.
    const biz = JSON.stringify(order).replace('SUBJECT', '\u00b2\u00e2\u00ca\u00d4');
    const form = await gbkForm(biz);
    const answer = await post(form);
    expect(answer.node).toMatchObject({ code: '10000' });
    const { body } = await wallet.control('GET', `trades/${order.out_trade_no}`);
    expect(body).toMatchObject({ subject: '测试' });
    const again = await post(await gbkForm(biz.replace('10.00', '11.00')));
    expect(again).toMatchObject({ contentType: 'text/html;charset=gbk', signed: 'holds' });
    expect(again.text).toMatch(/"sub_msg":"\\u4ea4/);
  });

  it('a SHA1 request (RSA) gets a SHA1 answer', async () => {
    const answer = await post(await signedForm('alipay.trade.query', query, { sign_type: 'RSA' }));
    expect(answer).toMatchObject({ signed: 'broken', node: { sub_code: 'ACQ.TRADE_NOT_EXIST' } });
    const [, raw = '', sign = ''] = /":(\{.*\}),"sign":"([^"]*)"/.exec(answer.text) ?? [];
    expect(isSignedBy(Buffer.from(raw), sign, publicKey, 'RSA')).toBe(true);
  });
});

/** Signs byte strings: each character of `biz` is one byte on the wire. */
async function gbkForm(biz: string): Promise<string> {
  const form = new Map([
    ['app_id', '2021000000000001'],
    ['method', 'alipay.trade.pay'],
    ['charset', 'gbk'],
    ['sign_type', 'RSA2'],
    ['timestamp', '2026-01-15 10:20:30'],
    ['version', '1.0'],
    ['biz_content', biz],
  ]);
  form.set('sign', await signBytes(signingBytes(form), privateKey, 'RSA2'));
  const escaped = (text: string): string =>
    [...Buffer.from(text, 'latin1')].map((byte) => `%${byte.toString(16).padStart(2, '0')}`).join('');
  return [...form].map(([name, value]) => `${name}=${escaped(value)}`).join('&');
}
