import { createHash, generateKeyPairSync } from 'node:crypto';
import type { AddressInfo } from 'node:net';
import { createSigner, httpbis } from 'http-message-signatures';
import { afterEach, expect, it } from 'vitest';
import { idOfKey } from '../../src/adapters/postgres/api-keys.ts';
import { inTransaction } from '../../src/adapters/postgres/database.ts';
import { createApiKey } from '../../src/adapters/postgres/merchant-records.ts';
import { addSigner, requireSignature } from '../../src/adapters/postgres/request-signers.ts';
import { createRestGateway } from '../../src/inbound/rest/rest-gateway.ts';
import type { PaymentSnapshot } from '../../src/operations/snapshots.ts';
import { merchantId, openRealGateway, type RealGateway } from './real-gateway.ts';

/*
 * Signed requests over HTTP on loopback and on real PostgreSQL, to two gateways behind one address. Another library signs.
 */

const address = 'https://pay.example.com/gateway';

const ends: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

async function gatewayOn(real: RealGateway): Promise<string> {
  const app = await createRestGateway({
    engine: real.gateway.engine,
    readiness: async () => ({ ready: true, checks: {} }),
    publicUrl: address,
  });
  ends.push(() => app.close());
  await app.listen({ host: '127.0.0.1', port: 0 });
  return `http://127.0.0.1:${(app.server.address() as AddressInfo).port}`;
}

it('a key that demands signatures pays with them alone, and each is taken once, whichever gateway gets it', async () => {
  const real = await openRealGateway();
  ends.push(() => real.close());
  const [here, there] = [await gatewayOn(real), await gatewayOn(real)];
  const apiKey = await createApiKey(real.database, { environment: 'sandbox', merchantId, label: 'signs' });
  const { privateKey, publicKey } = generateKeyPairSync('ed25519');
  await inTransaction(real.database, async (connection) => {
    const apiKeyId = idOfKey(apiKey);
    const pem = publicKey.export({ type: 'spki', format: 'pem' }).toString();
    expect(await addSigner(connection, { apiKeyId, keyid: 'pos', publicKey: pem })).toBe(true);
    await requireSignature(connection, apiKeyId, true);
  });
  const body = JSON.stringify({
    merchant_order_no: 'SIGNED-1',
    amount: { currency: 'CNY', value: 1234 },
    product: 'payment_code',
    payment_code: real.paymentCode,
    store_id: 'S1',
    terminal_id: 'T1',
    subject: 'Tea, 一壶茶',
  });
  const plain = {
    authorization: `Bearer ${apiKey}`,
    'content-type': 'application/json',
    'idempotency-key': 'K1',
    'content-digest': `sha-512=:${createHash('sha512').update(body).digest('base64')}:`,
  };
  const signedNow = async (nonce: string) => {
    const message = await httpbis.signMessage(
      {
        key: { ...createSigner(privateKey.export({ type: 'pkcs8', format: 'pem' }), 'ed25519'), id: 'pos' },
        fields: ['@method', '@target-uri', 'content-digest', 'idempotency-key', 'content-type'],
        params: ['created', 'keyid', 'nonce'],
        paramValues: { created: real.gateway.engine.clock.now(), nonce },
      },
      { method: 'POST', url: `${address}/v1/payments`, headers: plain },
    );
    return message.headers as Record<string, string>;
  };
  const send = async (url: string, headers: Record<string, string>, bytes = body) => {
    const answer = await fetch(`${url}/v1/payments`, { method: 'POST', headers, body: bytes });
    const { status, code, id } = (await answer.json()) as PaymentSnapshot & { readonly code?: string };
    return { http: answer.status, status, code, id };
  };
  const rows = async () => (await real.database.query('select from payments')).rowCount;

  expect(await send(here, plain)).toMatchObject({ http: 401, code: 'signature_missing' });
  expect(await send(here, await signedNow('n-1'), body.replace('1234', '1235'))).toMatchObject({
    http: 401,
    code: 'signature_invalid',
  });
  expect(await rows()).toBe(0);
  const headers = await signedNow('n-2');
  const paid = await send(here, headers);
  expect(paid).toMatchObject({ http: 201, code: undefined });
  for (const url of [here, there]) {
    expect(await send(url, headers)).toMatchObject({ http: 401, code: 'signature_replayed' });
  }
  expect(await send(there, await signedNow('n-3'))).toMatchObject({ http: 201, id: paid.id });
  expect(await rows()).toBe(1);
});
