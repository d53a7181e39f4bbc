import { expect, it } from 'vitest';
import { failure, payId, payment, refund, shoudan, useScriptedGateway } from './scripted-gateway.fixture.ts';

const gateway = useScriptedGateway();

it.each([
  ['pay --amount 12.345 --order A1', '--amount 12.345 is no amount of CNY'],
  ['pay --amount 1 --order A1 --currency RMB', '--currency RMB is not an ISO 4217 code'],
  ['pay --amount 1 --order A1 --wait soon', '--wait soon is no number of seconds from 0 to 120'],
  ['pay --amount 1 --order A1 --wait 121', '--wait 121 is no number of seconds from 0 to 120'],
  ['pay --amount 1 --order A1 --order-code --code 28', '--order-code shows a code of its own'],
  ['pay --amount 1 --order A1', 'pay needs --code outside of the sandbox'],
  [
    'pay --amount 1 --order A1 --code 28 --store S1 --subject x',
    'pay needs --terminal outside of the sandbox',
  ],
  ['cancel', 'cancel needs exactly one of <payment>, --order and --request'],
  ['cancel pay_1 --order A1', 'cancel needs exactly one of <payment>, --order and --request'],
  ['cancel --order A1 --request P1', 'cancel needs exactly one of <payment>, --order and --request'],
  ['cancel pay_1 --merchant M1', '--merchant goes with --order and --request'],
  ['inspect', 'inspect needs either <payment> or --order'],
  ['inspect pay_1 --order A1', 'inspect needs either <payment> or --order'],
  ['inspect pay_1 --merchant M1', '--merchant goes with --order'],
])('`shoudan %s` is refused before anybody is called', async (line, message) => {
  const ended = await shoudan(line, gateway.named());
  expect(ended).toMatchObject({ exitCode: 2, out: '' });
  expect(ended.err).toContain(`shoudan: ${message}`);
  expect(ended.err).toMatch(/^[^\n]+; see `shoudan \w+ --help`\n$/);
  expect(gateway.seen).toEqual([]);
});

it.each([
  ['cancelled', 0],
  ['failed', 0],
  ['succeeded', 5],
  ['processing', 6],
] as const)('cancel of a payment that is then %s', async (status, exitCode) => {
  gateway.answers.set(`POST /v1/payments/${payId}/cancel`, {
    status: 200,
    body: payment({ status, cancelled_by: 'cancel' }),
  });
  const ended = await shoudan(`cancel ${payId} --wait 0`, gateway.named());
  expect(ended.exitCode).toBe(exitCode);
  expect(ended.out).toContain(`status   ${status} (by cancel)\n`);
  expect(gateway.seen).toEqual([
    {
      line: `POST /v1/payments/${payId}/cancel`,
      authorization: 'Bearer sk_test',
      prefer: 'wait=0',
      body: null,
    },
  ]);
});

it('cancel by order or by request names the one and the merchant', async () => {
  const held = {
    object: 'cancel',
    status: 'held',
    merchant_order_no: 'A1',
    payment_request_id: null,
    payment: null,
    wallets: [],
    advice: 'Nothing has to be repeated.',
  };
  gateway.answers.set('POST /v1/cancels', { status: 200, body: held });
  expect(await shoudan('cancel --order A1 --merchant M1', gateway.named())).toEqual({
    exitCode: 0,
    out: 'cancel  held\nadvice  Nothing has to be repeated.\n',
    err: '',
  });
  const json = await shoudan('cancel --request P1 --json', gateway.named());
  expect(JSON.parse(json.out)).toEqual(held);
  expect(gateway.seen.map(({ body }) => body)).toEqual([
    { merchant_order_no: 'A1', merchant_id: 'M1' },
    { payment_request_id: 'P1' },
  ]);
});

it('a cancel of what is not known here shows how far it is at each wallet', async () => {
  const wallets = [
    { wallet: 'alipay_open', status: 'cancelled', known_to_wallet: true, next_step: null },
    {
      ...{ wallet: 'alipay_plus', status: 'processing', known_to_wallet: false },
      next_step: { action: 'cancel', due_at: '2026-03-02T04:00:00.000Z' },
    },
  ];
  const held = { object: 'cancel', status: 'held', payment: null, wallets, advice: 'It goes on.' };
  gateway.answers.set('POST /v1/cancels', { status: 200, body: held });
  const ended = await shoudan('cancel --request P1', gateway.named());
  expect(ended.out).toBe(
    'cancel       held\nalipay_open  cancelled\n' +
      'alipay_plus  processing; the wallet does not know the payment; next cancel at 2026-03-02T04:00:00.000Z\n' +
      'advice       It goes on.\n',
  );
});

it('a cancel that is applied shows its payment and how far it is', async () => {
  const applied = {
    object: 'cancel',
    status: 'applied',
    merchant_order_no: 'A1',
    payment_request_id: 'P1',
    payment: payment({ status: 'processing' }),
    wallets: [],
    advice: 'It goes on.',
  };
  gateway.answers.set('POST /v1/cancels', { status: 202, body: applied });
  const ended = await shoudan('cancel --order A1', gateway.named());
  expect(ended.exitCode).toBe(6);
  expect(ended.out).toMatch(/^cancel {2}applied\nadvice {2}It goes on\.\n\npayment {2}pay_/);
});

it('refund reads the payment first: its currency says what the amount is', async () => {
  gateway.answers.set(`GET /v1/payments/${payId}`, {
    status: 200,
    body: payment({ amount: { currency: 'JPY', value: 900 } }),
  });
  gateway.answers.set(`POST /v1/payments/${payId}/refunds`, {
    status: 201,
    body: refund({ amount: { currency: 'JPY', value: 599 }, merchant_refund_no: 'R7' }),
  });
  const ended = await shoudan(`refund ${payId} --amount 599 --no R7 --reason broken`, gateway.named());
  expect(ended).toMatchObject({ exitCode: 0, err: '' });
  expect(ended.out).toContain('amount   599 JPY\n');
  expect(gateway.seen[1]?.body).toEqual({
    amount: { currency: 'JPY', value: 599 },
    merchant_refund_no: 'R7',
    reason: 'broken',
  });
  const wrong = await shoudan(`refund ${payId} --amount 5.99`, gateway.named());
  expect(wrong.exitCode).toBe(2);
  expect(wrong.err).toContain('--amount 5.99 is no amount of JPY: give it as in 1, without decimals');
});

it.each([
  ['succeeded', 0],
  ['failed', 5],
  ['processing', 6],
] as const)('refund that is %s ends with its own exit code', async (status, exitCode) => {
  gateway.answers.set(`GET /v1/payments/${payId}`, { status: 200, body: payment() });
  gateway.answers.set(`POST /v1/payments/${payId}/refunds`, { status: 201, body: refund({ status }) });
  expect((await shoudan(`refund ${payId} --amount 1.00`, gateway.named())).exitCode).toBe(exitCode);
});

it('inspect shows a payment, its refunds and its timeline', async () => {
  const events = [
    {
      type: 'PaymentSubmitted',
      at: '2026-11-22T03:55:00.000Z',
      version: 1,
      data: { amount: '12.34', note: null },
    },
    { type: 'PaymentSucceeded', at: '2026-11-22T03:55:01.000Z', version: 2, data: {} },
  ];
  gateway.answers.set(`GET /v1/payments/${payId}`, {
    status: 200,
    body: payment({ subject: 'Tea\u001b[31m' }),
  });
  gateway.answers.set(`GET /v1/payments/${payId}/refunds`, {
    status: 200,
    body: { data: [refund()], next_cursor: null },
  });
  gateway.answers.set(`GET /v1/payments/${payId}/events`, {
    status: 200,
    body: { data: events, next_cursor: null },
  });
  const ended = await shoudan(`inspect ${payId}`, gateway.named());
  expect(ended).toEqual({
    exitCode: 0,
    err: '',
    out: [
      `payment   ${payId}`,
      'status    succeeded',
      'amount    12.34 CNY',
      'order     A1',
      'wallet    alipay_open 2026112222001',
      'request   P00000010000000000000000000000000',
      'merchant  M1',
      'store     S1, terminal T1',
      'subject   Tea\\u{1b}[31m',
      'created   2026-11-22T03:55:00.000Z',
      'paid      2026-11-22T03:55:01.000Z',
      'updated   2026-11-22T03:55:01.000Z, version 2',
      'expires   2026-11-22T04:00:00.000Z',
      '',
      'refunds',
      '  id    status     amount    no  created',
      '  re_1  succeeded  1.00 CNY      2026-11-22T03:56:00.000Z',
      '',
      'timeline',
      '  at                        version  event             data',
      '  2026-11-22T03:55:00.000Z  1        PaymentSubmitted  amount=12.34',
      '  2026-11-22T03:55:01.000Z  2        PaymentSucceeded',
      '',
    ].join('\n'),
  });
  const json = await shoudan(`inspect ${payId} --json`, gateway.named());
  expect(JSON.parse(json.out)).toEqual({
    payment: payment({ subject: 'Tea\u001b[31m' }),
    refunds: [refund()],
    events,
  });
});

it('inspect of an order shows every attempt; of an order without any, it says so', async () => {
  const attempts = [payment({ id: 'pay_2' }), payment({ id: 'pay_1', status: 'failed', failure })];
  const none = { data: [], next_cursor: null };
  gateway.answers.set('GET /v1/payments?merchant_order_no=A%261&merchant_id=M1', {
    status: 200,
    body: { data: attempts, next_cursor: null },
  });
  for (const id of ['pay_1', 'pay_2']) {
    gateway.answers.set(`GET /v1/payments/${id}/refunds`, { status: 200, body: none });
    gateway.answers.set(`GET /v1/payments/${id}/events`, { status: 200, body: none });
  }
  const json = await shoudan('inspect --order A&1 --merchant M1 --json', gateway.named());
  expect(JSON.parse(json.out)).toEqual({
    merchant_order_no: 'A&1',
    attempts: attempts.map((attempt) => ({ payment: attempt, refunds: [], events: [] })),
  });
  const plain = await shoudan('inspect --order A&1 --merchant M1', gateway.named());
  expect(plain.out).toMatch(/payment {3}pay_2\n[\s\S]*\n\npayment {3}pay_1\n/);

  gateway.answers.set('GET /v1/payments?merchant_order_no=B', { status: 200, body: none });
  expect(await shoudan('inspect --order B', gateway.named())).toEqual({
    exitCode: 3,
    out: '',
    err: 'shoudan: no payment of order B is known: check the number\n',
  });
});

it('an id is one step of the path, whatever it holds', async () => {
  await shoudan('inspect ../../livez?x', gateway.named());
  expect(gateway.seen[0]?.line).toBe('GET /v1/payments/..%2F..%2Flivez%3Fx');
});
