import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { AlipaySdk } from 'alipay-sdk';
import { afterEach, describe, expect, it } from 'vitest';
import {
  privateKey,
  privateKeyPem,
  publicKey,
  publicKeyPem,
} from '../../../test/vectors/alipay-open/vectors.ts';
import { decryptContent, encryptContent, readAesKey } from './encryption.ts';
import { printNotification } from './notification.ts';
import { type ReceivedRequest, readRequest, verifyRequest } from './request.ts';
import { type AnswerNode, printAnswer } from './response.ts';

/* The platform's own library as a witness: what it sends we verify, what we sign it verifies. */

const aesKey = Buffer.alloc(16, 3).toString('base64');
const servers: Server[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) server.close();
});

async function gateway(listener: RequestListener): Promise<string> {
  const server = createServer(listener);
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/gateway.do`;
}

function official(gatewayUrl = 'http://127.0.0.1:9/gateway.do'): AlipaySdk {
  return new AlipaySdk({
    appId: '2021000000000001',
    privateKey: privateKeyPem,
    keyType: 'PKCS8',
    alipayPublicKey: publicKeyPem,
    gateway: gatewayUrl,
    encryptKey: aesKey,
    camelcase: false,
    timeout: 5000,
  });
}

/** A gateway that reads and verifies with our code, and answers what we signed. */
async function speaking(
  node: AnswerNode,
  seen: (request: ReceivedRequest, isVerified: boolean) => void,
  certSn?: string,
): Promise<string> {
  return gateway((incoming, outgoing) => {
    const chunks: Buffer[] = [];
    incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
    incoming.on('end', () => {
      const query = new URL(incoming.url ?? '', 'http://x').search.slice(1);
      const request = readRequest(Buffer.from(query), Buffer.concat(chunks));
      if (request.kind === 'request') seen(request, verifyRequest(request, publicKey));
      outgoing.setHeader('content-type', 'text/html;charset=utf-8');
      outgoing.end(
        printAnswer('alipay.trade.pay', node, {
          key: privateKey,
          signType: 'RSA2',
          charset: 'utf-8',
          certSn,
        }),
      );
    });
  });
}

const node = {
  code: '10000',
  msg: 'Success',
  out_trade_no: 'P1',
  total_amount: '88.88',
  note: '含中文与}花括号"引号","sign":"x" https://a/b',
};

describe('the official library', () => {
  it.each([undefined, '9f0d5a'])('verifies the answers that we sign (certificate %s)', async (certSn) => {
    const url = await speaking(node, () => {}, certSn);
    const result = await official(url).exec(
      'alipay.trade.pay',
      { bizContent: { out_trade_no: 'P1' } },
      { validateSign: true },
    );
    expect(result).toMatchObject(node);
  });

  it('sends requests that we verify and read', async () => {
    const seen: [ReceivedRequest, boolean][] = [];
    const url = await speaking(node, (request, isVerified) => seen.push([request, isVerified]));
    await official(url).exec('alipay.trade.pay', {
      notifyUrl: 'http://127.0.0.1:8080/notify?x=1',
      appAuthToken: '202601BBthrowaway0001',
      bizContent: { out_trade_no: 'P1', subject: '测试 100%+A&B=C', sub_merchant: { merchant_id: '2088' } },
    });
    const [request, isVerified] = seen[0] ?? [];
    expect(isVerified).toBe(true);
    expect(request?.method).toBe('alipay.trade.pay');
    expect(JSON.parse(request?.parameters.get('biz_content') ?? '')).toEqual({
      out_trade_no: 'P1',
      subject: '测试 100%+A&B=C',
      sub_merchant: { merchant_id: '2088' },
    });
  });

  it('encrypts content that we decrypt, and decrypts ours', async () => {
    const seen: ReceivedRequest[] = [];
    const url = await speaking(node, (request) => seen.push(request));
    await official(url).exec('alipay.trade.pay', { needEncrypt: true, bizContent: { out_trade_no: 'P1' } });
    const decrypted = decryptContent(seen[0]?.parameters.get('biz_content') ?? '', readAesKey(aesKey));
    expect(decrypted).toMatchObject({ plaintext: '{"out_trade_no":"P1"}' });
    expect(official().aesDecrypt(encryptContent('{"含":"中"}', readAesKey(aesKey)))).toBe('{"含":"中"}');
  });

  it('verifies the notifications that we sign', () => {
    const printed = printNotification(
      { app_id: '2021000000000001', subject: '测试 100%纯棉+T恤&袜子', total_amount: '1.00', empty: '' },
      { key: privateKey, signType: 'RSA2', charset: 'utf-8' },
    );
    const fields = Object.fromEntries(new URLSearchParams(printed ?? ''));
    expect(official().checkNotifySignV2(fields)).toBe(true);
    expect(official().checkNotifySignV2({ ...fields, total_amount: '9.00' })).toBe(false);
  });
});
