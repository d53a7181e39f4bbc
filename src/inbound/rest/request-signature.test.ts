import { createHash, createPublicKey, generateKeyPairSync, type KeyPairKeyObjectResult } from 'node:crypto';
import { verifySignature } from 'http-message-sig';
import { createSigner, httpbis } from 'http-message-signatures';
import { afterEach, describe, expect, test } from 'vitest';
import vector from '../../../test/vectors/http-signatures/rfc9421-b26.json' with { type: 'json' };
import type { ApiKey, MerchantDirectory } from '../../ports/merchant-directory.ts';
import { createTestGateway, keys, paymentBody, recordedRows, type TestGateway } from './gateway.fixture.ts';
import { requireDigest, verifierOf } from './request-signature.ts';

/*
 * Requests that are signed by another library than the one that verifies them, on a hand clock.
 */

const address = 'https://pay.example.com';
const pairs = {
  ed25519: generateKeyPairSync('ed25519'),
  'ecdsa-p256-sha256': generateKeyPairSync('ec', { namedCurve: 'P-256' }),
  'rsa-pss-sha512': generateKeyPairSync('rsa', { modulusLength: 2048 }),
} as const satisfies { readonly [algorithm: string]: KeyPairKeyObjectResult };
type Algorithm = keyof typeof pairs;
const algorithms = Object.keys(pairs) as Algorithm[];

const ends: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0)) await end();
});

const signers = algorithms.map((keyid) => ({
  keyid,
  publicKey: pairs[keyid].publicKey.export({ type: 'spki', format: 'pem' }).toString(),
}));

interface Signing extends TestGateway {
  key: Pick<ApiKey, 'signers' | 'signatureRequired'>;
  send(request: Sent): Promise<Answer>;
}

interface Sent {
  readonly method: 'GET' | 'POST';
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
}

interface Answer {
  readonly status: number;
  readonly code: string | undefined;
  readonly field: string | undefined;
  readonly detail: string | undefined;
}

async function signingGateway(required = true): Promise<Signing> {
  const { engine: known, app: unused } = await createTestGateway();
  await unused.close();
  const merchants: MerchantDirectory = {
    ...known.merchants,
    findKey: async (apiKey) => {
      const found = await known.merchants.findKey(apiKey);
      return found === null ? null : { ...found, ...signing.key };
    },
  };
  const gateway = await createTestGateway({
    engine: { merchants } as TestGateway['engine'],
    publicUrl: address,
  });
  ends.push(() => gateway.app.close());
  const signing: Signing = {
    ...gateway,
    key: { signers, signatureRequired: required },
    send: async ({ method, url, body, headers }) => {
      const answer = await gateway.ask(method, url, body, headers);
      const { code, field, detail } = answer.json();
      return { status: answer.statusCode, code, field, detail };
    },
  };
  return signing;
}

interface Wish {
  readonly method?: 'GET' | 'POST';
  readonly path?: string;
  readonly body?: string | undefined;
  readonly algorithm?: Algorithm;
  readonly keyid?: string;
  readonly fields?: readonly string[];
  readonly nonce?: string | null;
  readonly created?: Date | null;
  readonly expires?: Date;
  readonly headers?: Readonly<Record<string, string>>;
}

let nonces = 0;
const payment = JSON.stringify(paymentBody());

/** A payment, signed as it should be unless the wish is another one. */
async function signed({ clock }: Pick<TestGateway, 'clock'>, wish: Wish = {}): Promise<Sent> {
  const { method = 'POST', path = '/v1/payments', algorithm = 'ed25519' } = wish;
  const body = 'body' in wish ? wish.body : payment;
  const headers = {
    ...(body === undefined
      ? {}
      : { 'content-digest': `sha-256=:${createHash('sha256').update(body).digest('base64')}:` }),
    ...wish.headers,
  };
  nonces += 1;
  const { nonce = `nonce-${nonces}`, created = clock.now(), expires } = wish;
  const message = await httpbis.signMessage(
    {
      key: {
        ...createSigner(pairs[algorithm].privateKey.export({ type: 'pkcs8', format: 'pem' }), algorithm),
        id: wish.keyid ?? algorithm,
      },
      fields: [
        ...(wish.fields ?? ['@method', '@target-uri', ...(body === undefined ? [] : ['content-digest'])]),
      ],
      params: [
        'keyid',
        'alg',
        ...(created === null ? [] : ['created']),
        ...(nonce === null ? [] : ['nonce']),
        ...(expires === undefined ? [] : ['expires']),
      ],
      paramValues: {
        ...(created === null ? {} : { created }),
        ...(nonce === null ? {} : { nonce }),
        ...(expires === undefined ? {} : { expires }),
      },
    },
    { method, url: address + path, headers },
  );
  return {
    method,
    url: path,
    headers: message.headers as Record<string, string>,
    ...(body === undefined ? {} : { body }),
  };
}

const look = { method: 'GET', path: '/v1/payments?merchant_order_no=NONE', body: undefined } as const;

describe('a request that is signed', () => {
  test.each(algorithms)('with %s is taken', async (algorithm) => {
    const gateway = await signingGateway();
    expect(await gateway.send(await signed(gateway, { algorithm }))).toMatchObject({ status: 201 });
  });

  test.each([
    ['a look without a body', look],
    ['path and query instead of the address', { ...look, fields: ['@method', '@path', '@query'] }],
    ['the path alone where there is no query', { fields: ['@method', '@path', 'content-digest'] }],
    [
      'more than it must',
      {
        fields: ['@method', '@target-uri', '@authority', 'content-digest', 'prefer'],
        headers: { prefer: 'wait=1' },
      },
    ],
  ] as const)('by %s is taken', async (_what, wish) => {
    const gateway = await signingGateway();
    expect((await gateway.send(await signed(gateway, wish))).code).toBeUndefined();
  });

  test('is refused when anything of it that counts was changed on the way, and leaves nothing', async () => {
    const gateway = await signingGateway();
    const before = recordedRows(gateway);
    const sent = await signed(gateway, {
      fields: ['@method', '@target-uri', 'content-digest', 'idempotency-key'],
      headers: { 'idempotency-key': 'K1' },
    });
    const changed: readonly Sent[] = [
      { ...sent, body: payment.replace('1234', '1235') },
      { ...sent, url: '/v1/payments?x=1' },
      { ...sent, url: '/v1/cancels' },
      { ...sent, headers: { ...sent.headers, 'idempotency-key': 'K2' } },
      {
        ...sent,
        headers: { ...sent.headers, signature: `${sent.headers['Signature']}`.replace(/[A-Za-y]/g, 'z') },
      },
    ];
    for (const request of changed) {
      const answer = await gateway.send(request);
      expect(answer).toMatchObject({
        status: 401,
        code: expect.stringMatching(/^signature_(invalid|replayed)$/),
      });
    }
    expect(recordedRows(gateway)).toEqual(before);
  });

  test('is refused where its body was taken away or another digest put in', async () => {
    const gateway = await signingGateway();
    const { body: _, ...bodiless } = await signed(gateway);
    expect(await gateway.send(bodiless)).toMatchObject({
      code: 'signature_invalid',
      field: 'Content-Digest',
    });
    const other = payment.replace('1234', '1235');
    const sent = await signed(gateway);
    const digest = `sha-256=:${createHash('sha256').update(other).digest('base64')}:`;
    const swapped = { ...sent, body: other, headers: { ...sent.headers, 'content-digest': digest } };
    expect(await gateway.send(swapped)).toMatchObject({ code: 'signature_invalid', field: 'Signature' });
    expect(gateway.wallet.calls).toEqual([]);
  });

  test.each([
    ['the method', { fields: ['@target-uri', 'content-digest'] }, '@method'],
    ['the address', { fields: ['@method', 'content-digest'] }, '@target-uri'],
    ['the query', { ...look, fields: ['@method', '@path'] }, '@target-uri'],
    ['the body', { fields: ['@method', '@target-uri'] }, 'content-digest'],
    [
      'more than a part of its digest',
      { fields: ['@method', '@target-uri', '"content-digest";key="sha-256"'] },
      'content-digest',
    ],
    ['the idempotency key', { headers: { 'idempotency-key': 'K1' } }, 'idempotency-key'],
  ] as const)('is refused when it does not cover %s', async (_what, wish, named) => {
    const gateway = await signingGateway();
    const answer = await gateway.send(await signed(gateway, wish));
    expect(answer).toMatchObject({ status: 401, code: 'signature_invalid', field: 'Signature-Input' });
    expect(answer.detail).toContain(named);
    expect(gateway.wallet.calls).toEqual([]);
  });

  test.each([
    ['no time', { created: null }],
    ['no nonce', { nonce: null }],
    ['an empty nonce', { nonce: '' }],
    ['a nonce without end', { nonce: 'n'.repeat(257) }],
    ['a keyid that nobody has registered', { keyid: 'somebody' }],
    ['the keyid of another key', { algorithm: 'ed25519', keyid: 'rsa-pss-sha512' }],
  ] as const)('is refused when it has %s', async (_what, wish) => {
    const gateway = await signingGateway();
    expect(await gateway.send(await signed(gateway, wish))).toMatchObject({
      status: 401,
      code: 'signature_invalid',
    });
  });

  test('is taken for five minutes on either side, and no longer', async () => {
    const gateway = await signingGateway();
    const at = (seconds: number) => new Date(gateway.clock.now().getTime() + seconds * 1_000);
    for (const seconds of [-300, 300]) {
      expect(await gateway.send(await signed(gateway, { ...look, created: at(seconds) }))).toMatchObject({
        status: 200,
      });
    }
    for (const seconds of [-301, 301, -86_400]) {
      expect(await gateway.send(await signed(gateway, { ...look, created: at(seconds) }))).toMatchObject({
        status: 401,
        code: 'signature_expired',
        field: 'Signature-Input',
      });
    }
    expect(await gateway.send(await signed(gateway, { ...look, expires: at(-1) }))).toMatchObject({
      code: 'signature_expired',
    });
    expect(await gateway.send(await signed(gateway, { ...look, expires: at(60) }))).toMatchObject({
      status: 200,
    });
  });

  test('is taken once; signed anew it is the same payment', async () => {
    const gateway = await signingGateway();
    const wish: Wish = {
      fields: ['@method', '@target-uri', 'content-digest', 'idempotency-key'],
      headers: { 'idempotency-key': 'K1' },
    };
    const sent = await signed(gateway, wish);
    expect(await gateway.send(sent)).toMatchObject({ status: 201 });
    expect(await gateway.send(sent)).toMatchObject({ status: 401, code: 'signature_replayed' });
    expect(await gateway.send(await signed(gateway, wish))).toMatchObject({ status: 201 });
    expect(gateway.wallet.calls).toEqual(['pay']);
  });
});

describe('a key', () => {
  const plain = { method: 'GET', url: look.path, headers: {} } as const;

  test('that demands signatures is refused without one', async () => {
    const gateway = await signingGateway();
    expect(await gateway.send(plain)).toMatchObject({
      status: 401,
      code: 'signature_missing',
      field: 'Signature-Input',
    });
    const { headers, ...rest } = await signed(gateway, look);
    const { Signature: _, ...half } = headers;
    expect(await gateway.send({ ...rest, headers: half })).toMatchObject({
      code: 'signature_missing',
      field: 'Signature',
    });
  });

  test('that demands none is taken without one, and refused with one that is wrong', async () => {
    const gateway = await signingGateway(false);
    expect(await gateway.send(plain)).toMatchObject({ status: 200 });
    expect(await gateway.send(await signed(gateway, look))).toMatchObject({ status: 200 });
    expect(await gateway.send(await signed(gateway, { ...look, keyid: 'somebody' }))).toMatchObject({
      code: 'signature_invalid',
    });
  });

  test('without signers passes over signatures', async () => {
    const gateway = await signingGateway(false);
    gateway.key = { signers: [], signatureRequired: false };
    expect(await gateway.send(await signed(gateway, { ...look, keyid: 'somebody' }))).toMatchObject({
      status: 200,
    });
  });

  test('that demands signatures and has no signers is refused', async () => {
    const gateway = await signingGateway();
    gateway.key = { signers: [], signatureRequired: true };
    expect(await gateway.send(await signed(gateway, look))).toMatchObject({
      status: 401,
      code: 'signature_invalid',
    });
  });

  test('has nonces of its own', async () => {
    const gateway = await signingGateway();
    const sent = await signed(gateway, look);
    expect(await gateway.send(sent)).toMatchObject({ status: 200 });
    const authorization = `Bearer ${keys.bookShop}`;
    expect(await gateway.send({ ...sent, headers: { ...sent.headers, authorization } })).toMatchObject({
      status: 200,
    });
  });
});

test('the example of RFC 9421 with Ed25519 verifies, its digest too, and no other body', async () => {
  const verified = await verifySignature(
    {
      kind: 'request',
      method: vector.method,
      targetUri: vector.target_uri,
      fields: Object.entries(vector.fields).map(([name, value]) => ({ name, value })),
    },
    {
      policy: {
        algorithms: ['ed25519'],
        requiredComponents: ['@method', '@path'],
        requiredParameters: ['created', 'keyid'],
        maxAge: 0,
        now: vector.created,
      },
      resolveVerifier: () => verifierOf(createPublicKey(vector.public_key)),
    },
  );
  expect(verified).toMatchObject({ label: 'sig-b26', algorithm: vector.algorithm });
  const digest = vector.fields['Content-Digest'];
  expect(() => requireDigest(digest, Buffer.from(vector.body))).not.toThrow();
  expect(() => requireDigest(digest, Buffer.from(`${vector.body} `))).toThrow('sha-512');
  expect(() => requireDigest(`sha-256=:AAAA:, ${digest}`, Buffer.from(vector.body))).toThrow('sha-256');
  for (const none of ['', 'md5=:AAAA:', 'sha-512=AAAA', 'undefined']) {
    expect(() => requireDigest(none, Buffer.from(vector.body))).toThrow('neither');
  }
});
