import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, it } from 'vitest';
import { failure, payId, payment, problem, shoudan, useScriptedGateway } from './scripted-gateway.fixture.ts';

const gateway = useScriptedGateway();

it('pay sends the whole payment, exactly, and tells what became of it', async () => {
  gateway.answers.set('POST /v1/payments', { status: 201, body: payment() });
  const ended = await shoudan(
    'pay --amount 12.34 --order A1 --code 28123 --store S1 --terminal T1 --subject Coffee --wait 5 ' +
      '--wallet alipay_open --notify-url https://example.com/n --merchant M1',
    gateway.named(),
  );
  expect(ended).toEqual({
    exitCode: 0,
    err: '',
    out: [
      `payment  ${payId}`,
      'status   succeeded',
      'amount   12.34 CNY',
      'order    A1',
      'wallet   alipay_open 2026112222001',
      '',
    ].join('\n'),
  });
  expect(gateway.seen).toEqual([
    {
      line: 'POST /v1/payments',
      authorization: 'Bearer sk_test',
      prefer: 'wait=5',
      body: {
        merchant_order_no: 'A1',
        amount: { currency: 'CNY', value: 1234 },
        product: 'payment_code',
        payment_code: '28123',
        store_id: 'S1',
        terminal_id: 'T1',
        subject: 'Coffee',
        wallet: 'alipay_open',
        notify_url: 'https://example.com/n',
        merchant_id: 'M1',
      },
    },
  ]);
});

it('pay in the sandbox needs an amount and an order', async () => {
  gateway.answers.set('POST /v1/payments', { status: 201, body: payment() });
  const ended = await shoudan('pay --amount 0.01 --order A1 --json', gateway.sandbox());
  expect(ended.exitCode).toBe(0);
  expect(JSON.parse(ended.out)).toEqual(payment());
  expect(gateway.seen[0]).toEqual({
    line: 'POST /v1/payments',
    authorization: 'Bearer sk_sandbox',
    prefer: undefined,
    body: {
      merchant_order_no: 'A1',
      amount: { currency: 'CNY', value: 1 },
      product: 'payment_code',
      payment_code: '2800000000000000',
      store_id: 'S00000001',
      terminal_id: 'T0000001',
      subject: 'Trial',
    },
  });
});

it("pay in the sandbox takes the payer's code of the first wallet that takes the currency", async () => {
  gateway.answers.set('POST /v1/payments', { status: 201, body: payment() });
  const line = 'pay --amount 1 --order A1';
  await shoudan(`${line} --currency USD`, gateway.sandbox());
  await shoudan(`${line} --currency CNY --wallet alipay_plus`, gateway.sandbox());
  const codes = gateway.seen.map(({ body }) => (body as { readonly payment_code: string }).payment_code);
  expect(codes).toEqual(['2810000000000000000', '2810000000000000000']);
});

describe('an order code', () => {
  const orderCode = { value: 'https://wallet.example/c/1', expires_at: '2026-11-22T03:57:00.000Z' };
  const open = payment({ product: 'order_code', status: 'processing', paid_at: null, order_code: orderCode });
  const paid = payment({ product: 'order_code', order_code: orderCode });
  const look = `GET /v1/payments/${payId}`;

  // proves PAY-03
  it('is shown as a QR as soon as it is there, and waited for until it is paid', async () => {
    gateway.answers.set('POST /v1/payments', { status: 202, body: { ...open, order_code: null } });
    gateway.answers.set(look, [
      { status: 200, body: open },
      { status: 200, body: paid },
    ]);
    const ended = await shoudan('pay --order-code --amount 12.34 --order A1', gateway.sandbox());
    expect(ended).toMatchObject({ exitCode: 0, err: '' });
    expect(ended.out).toMatch(
      /^[█▀▄ \n]{400,}\n\nhttps:\/\/wallet\.example\/c\/1\nuntil 2026-11-22T03:57:00\.000Z\n\npayment /,
    );
    expect(ended.out).toContain('status   succeeded\n');
    expect(gateway.seen).toMatchObject([
      { line: 'POST /v1/payments', prefer: undefined, body: { product: 'order_code' } },
      { line: look, prefer: 'wait=0' },
      { line: look, prefer: 'wait=120' },
    ]);
    expect(gateway.seen[0]?.body).not.toHaveProperty('payment_code');
  });

  it('with --json is shown beside the one document', async () => {
    gateway.answers.set('POST /v1/payments', { status: 202, body: open });
    gateway.answers.set(look, { status: 200, body: paid });
    const ended = await shoudan('pay --order-code --amount 1 --order A1 --json', gateway.sandbox());
    expect(JSON.parse(ended.out)).toEqual(paid);
    expect(ended.err).toContain('https://wallet.example/c/1\n');
  });

  it('that nobody has paid when the wait ends goes on by itself', async () => {
    gateway.answers.set('POST /v1/payments', { status: 202, body: open });
    const ended = await shoudan('pay --order-code --amount 1 --order A1 --wait 0', gateway.sandbox());
    expect(ended.exitCode).toBe(6);
    expect(ended.out).toContain('https://wallet.example/c/1\n');
    expect(gateway.seen).toMatchObject([{ line: 'POST /v1/payments', prefer: 'wait=0' }]);
  });

  it('that the wallet refuses is told at once', async () => {
    const refused = payment({ product: 'order_code', status: 'failed', paid_at: null, failure });
    gateway.answers.set('POST /v1/payments', { status: 201, body: refused });
    const ended = await shoudan('pay --order-code --amount 1 --order A1', gateway.sandbox());
    expect(ended).toMatchObject({ exitCode: 5, err: '' });
    expect(ended.out).toContain('failure  No funds (declined, ACQ.X)\n');
  });
});

it.each([
  ['succeeded', 201, 0],
  ['failed', 201, 5],
  ['cancelled', 201, 5],
  ['processing', 202, 6],
] as const)('pay of a payment that is %s ends with its own exit code', async (status, http, exitCode) => {
  gateway.answers.set('POST /v1/payments', { status: http, body: payment({ status }) });
  expect((await shoudan('pay --amount 1 --order A1', gateway.sandbox())).exitCode).toBe(exitCode);
});

it('what a payment lacks and what happens next are told', async () => {
  gateway.answers.set('POST /v1/payments', {
    status: 202,
    body: payment({
      status: 'processing',
      awaiting_payer: true,
      wallet_transaction_id: null,
      failure,
      needs_attention: { reason: 'inquiry_unresolved', since: '2026-11-22T03:56:00.000Z' },
      next_step: { action: 'inquire', due_at: '2026-11-22T03:57:00.000Z' },
    }),
  });
  const { out } = await shoudan('pay --amount 1 --order A1', gateway.sandbox());
  expect(out).toContain('status     processing: the payer is asked to confirm\n');
  expect(out).toContain('wallet     alipay_open\n');
  expect(out).toContain('failure    No funds (declined, ACQ.X)\n');
  expect(out).toContain('advice     Another wallet\n');
  expect(out).toContain('attention  inquiry_unresolved since 2026-11-22T03:56:00.000Z\n');
  expect(out).toContain('next step  inquire, due 2026-11-22T03:57:00.000Z\n');
});

it("a refusal ends with the gateway's reason, and as its document with --json", async () => {
  const document = problem('order_already_paid', 'merchant_order_no A1 is paid.', 409);
  gateway.answers.set('POST /v1/payments', { status: 409, body: document });
  const plain = await shoudan('pay --amount 1 --order A1', gateway.sandbox());
  expect(plain).toEqual({
    exitCode: 3,
    out: '',
    err: 'shoudan: merchant_order_no A1 is paid. (order_already_paid)\n',
  });
  const json = await shoudan('pay --amount 1 --order A1 --json', gateway.sandbox());
  expect(json.exitCode).toBe(3);
  expect(JSON.parse(json.out)).toEqual(document);
});

it('a wrong key is a refusal', async () => {
  gateway.answers.set(`GET /v1/payments/${payId}`, {
    status: 401,
    body: problem('unauthorized', 'The key is unknown.', 401),
  });
  expect(await shoudan(`inspect ${payId}`, gateway.named())).toMatchObject({
    exitCode: 3,
    err: 'shoudan: The key is unknown. (unauthorized)\n',
  });
});

it.each([
  [503, 'unavailable', 4],
  [500, 'internal', 1],
])('a gateway that answers %i is told', async (status, code, exitCode) => {
  gateway.answers.set('POST /v1/payments', { status, body: problem(code, 'Not now.', status) });
  expect(await shoudan('pay --amount 1 --order A1', gateway.sandbox())).toMatchObject({
    exitCode,
    err: `shoudan: the gateway answered ${status}: Not now. (${code})\n`,
  });
});

it.each([
  [502, 4],
  [200, 1],
  [302, 1],
])("a proxy's page with status %i is no answer of a gateway", async (status, exitCode) => {
  gateway.answers.set('POST /v1/payments', { status, body: '<html>', type: 'text/html' });
  const ended = await shoudan('pay --amount 1 --order A1', gateway.sandbox());
  expect(ended.exitCode).toBe(exitCode);
  expect(ended.err).toBe(
    `shoudan: ${gateway.url} answered ${status} (text/html), which is no answer of a gateway: is SHOUDAN_URL right?\n`,
  );
});

it('a gateway that cannot be reached is told in one line', async () => {
  for (const line of [
    'pay --amount 1 --order A1 --code 28 --store S --terminal T --subject x',
    'inspect x',
  ]) {
    expect(await shoudan(line, { ...gateway.named(), SHOUDAN_URL: await nobodysUrl() })).toEqual({
      exitCode: 4,
      out: '',
      err: expect.stringMatching(
        /^shoudan: the gateway at http:\S+ cannot be reached \(ECONNREFUSED\): is it running, and is SHOUDAN_URL right\?\n$/,
      ),
    });
  }
});

/** An address on which somebody listened a moment ago. */
async function nobodysUrl(): Promise<string> {
  const other = createServer();
  await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
  const { port } = other.address() as AddressInfo;
  await new Promise((resolve) => other.close(resolve));
  return `http://127.0.0.1:${port}`;
}

it('a gateway that is gone before it has answered leaves the outcome unknown, and pay says so', async () => {
  gateway.answers.set('POST /v1/payments', 'hang_up');
  const ended = await shoudan('pay --amount 1 --order A1', gateway.sandbox());
  expect(ended).toMatchObject({ exitCode: 4, out: '' });
  expect(ended.err).toMatch(/gave no whole answer \(\w+\): whether it has done what was asked is unknown/);
  expect(ended.err).toContain('`shoudan inspect --order A1` tells, `shoudan cancel --order A1` undoes it\n');
});

it('without a gateway and without a sandbox, the next step is told', async () => {
  const ended = await shoudan('inspect x', { SHOUDAN_DATA_DIR: gateway.dataDir });
  expect(ended).toMatchObject({ exitCode: 1, out: '' });
  expect(ended.err).toContain(
    'no gateway is known: set SHOUDAN_URL and SHOUDAN_API_KEY, or run `shoudan start`',
  );
});
