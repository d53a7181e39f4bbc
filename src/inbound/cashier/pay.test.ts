import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { textsOf } from '../../../cashier/texts.ts';
import type { PayAnswer } from '../../domain/wallet-answer.ts';
import type { Engine } from '../../operations/engine.ts';
import { createAdmission } from '../rest/admission.ts';
import { createHandClock, type HandClock, never, settled } from '../rest/gateway.fixture.ts';
import {
  codes,
  createTestCashier,
  issued,
  plainUserAgent,
  type TestCashier,
  teaHouse,
  tokenOn,
  walletPage,
  walletUserAgent,
} from './cashier.fixture.ts';

const english = textsOf('en');
const payPath = `/c/${codes.dollars}/pay`;
const resultPath = (token: string): string => `/c/${codes.dollars}/result/${token}`;

let clock: HandClock;
let cashier: TestCashier;
beforeEach(async () => {
  clock = createHandClock();
  cashier = await createTestCashier({ clock });
});
afterEach(async () => {
  const closed = cashier.app.close();
  // A call that hangs keeps a closing gateway for a moment.
  await clock.advance(5_000);
  await closed;
});

// proves PAY-01
describe('a payer who confirms an amount', () => {
  test('is led to the page that the wallet has answered with', async () => {
    const token = await cashier.token();
    const answer = await cashier.post(payPath, { token, amount: '12.34' });
    expect(answer.statusCode).toBe(303);
    expect(answer.headers.location).toBe(walletPage);
    expect(answer.body).toContain(`<a class="main" href="${walletPage}">`);
    expect(answer.headers['content-security-policy']).toContain("form-action 'self' https:");
    const [request] = cashier.wallet.asked;
    expect(request).toMatchObject({
      amount: { currency: 'USD', minor: 1234n },
      start: {
        product: 'entry_code',
        userAgent: walletUserAgent,
        returnUrl: `https://pay.example${resultPath(token)}`,
      },
      store: { id: 'S0001' },
      terminalId: 'S0001',
    });
    expect(cashier.payments()).toMatchObject([
      { state: 'issued', product: 'entry_code', merchantId: teaHouse.id },
    ]);
  });

  test('finds the payment again on the code’s page while it is open', async () => {
    const token = await cashier.token();
    const answer = await cashier.post(payPath, { token, amount: '12.34' });
    const [cookie = ''] = [answer.headers['set-cookie']].flat();
    expect(cookie).toBe(
      `shoudan_attempt=${token}; Path=/c/${codes.dollars}; Max-Age=86400; HttpOnly; SameSite=Lax; Secure`,
    );
    const again = await cashier.get(`/c/${codes.dollars}`, { cookie: cookie.split(';')[0] ?? '' });
    expect(again.body).toContain(english.openPayment('USD\u00a012.34'));
    expect(again.body).toContain(`href="${resultPath(token)}"`);
    expect(tokenOn(again.body)).not.toBe(token);
    for (const stranger of ['', 'shoudan_attempt=x', `shoudan_attempt=${await cashier.token()}`]) {
      const page = await cashier.get(`/c/${codes.dollars}`, { cookie: stranger });
      expect(page.body).not.toContain('class="banner"');
    }
  });
});

describe('one page load is one attempt', () => {
  test('a form that is sent again leads to the attempt’s result, whatever amount it has then', async () => {
    const token = await cashier.token();
    await cashier.post(payPath, { token, amount: '12.34' });
    for (const amount of ['12.34', '99.00', '', 'junk']) {
      const answer = await cashier.post(payPath, { token, amount });
      expect(answer.statusCode).toBe(303);
      expect(answer.headers.location).toBe(resultPath(token));
      // A browser that lost the first answer finds the attempt again all the same.
      expect(answer.headers['set-cookie']).toContain(`shoudan_attempt=${token};`);
    }
    expect(cashier.payments().map(({ amount }) => amount.minor)).toEqual([1234n]);
    expect(cashier.wallet.calls).toEqual(['pay']);
  });

  test.each(['12.34', '99.00'])('a double tap of 12.34 and %s asks the wallet once', async (second) => {
    const token = await cashier.token();
    const answers: ((answer: PayAnswer) => void)[] = [];
    cashier.wallet.pay = () => new Promise((resolve) => answers.push(resolve));
    const first = cashier.post(payPath, { token, amount: '12.34' });
    const tapped = cashier.post(payPath, { token, amount: second });
    await settled();
    const repeated = await tapped;
    expect(repeated.headers.location).toBe(resultPath(token));
    expect(answers).toHaveLength(1);
    answers[0]?.(issued());
    expect((await first).headers.location).toBe(walletPage);
    expect(cashier.payments()).toHaveLength(1);
    expect(cashier.wallet.calls).toEqual(['pay']);
  });

  test('twenty taps at once are one payment', async () => {
    const token = await cashier.token();
    const answers = await Promise.all(
      Array.from({ length: 20 }, (_, tap) => cashier.post(payPath, { token, amount: `${tap + 1}` })),
    );
    expect(answers.every(({ statusCode }) => statusCode === 303)).toBe(true);
    expect(answers.filter(({ headers }) => headers.location === walletPage)).toHaveLength(1);
    expect(cashier.payments()).toHaveLength(1);
    expect(cashier.wallet.calls).toEqual(['pay']);
  });

  test.each(['12.34', '99.00'])(
    'a tap that saw nothing of the one before, with %s, neither pays nor undoes what that one began',
    async (second) => {
      const blind = await createTestCashier({
        clock,
        withEngine: (engine) => ({
          ...engine,
          journal: { ...engine.journal, findPaymentsOfOrder: async () => [] },
        }),
      });
      const token = await blind.token();
      const answers: ((answer: PayAnswer) => void)[] = [];
      blind.wallet.pay = () => new Promise((resolve) => answers.push(resolve));
      const first = blind.post(payPath, { token, amount: '12.34' });
      await settled();
      const repeated = await blind.post(payPath, { token, amount: second });
      expect(repeated.headers.location).toBe(resultPath(token));
      answers[0]?.(issued());
      expect((await first).headers.location).toBe(walletPage);
      expect(blind.wallet.calls).toEqual(['pay']);
      expect(blind.payments()).toMatchObject([{ state: 'issued', amount: { minor: 1234n } }]);
      await blind.app.close();
    },
  );

  test('a form that is sent again leads to its result even when the code was switched off meanwhile', async () => {
    const token = await cashier.token();
    await cashier.post(payPath, { token, amount: '12.34' });
    const code = await cashier.engine.merchants.findEntryCode(teaHouse.id, codes.dollars);
    const disabled = await createTestCashier({
      clock,
      withEngine: (engine) => ({
        ...engine,
        journal: cashier.engine.journal,
        merchants: {
          ...engine.merchants,
          findEntryCode: async () => (code === null ? null : { ...code, disabledAt: clock.now() }),
        },
      }),
    });
    const answer = await disabled.post(payPath, { token, amount: '12.34' });
    expect(answer.headers.location).toBe(resultPath(token));
    expect((await disabled.post(payPath, { token: await cashier.token(), amount: '1' })).statusCode).toBe(
      410,
    );
    await disabled.app.close();
  });

  test('and two payers at one code are two, though they pay the same', async () => {
    for (const token of [await cashier.token(), await cashier.token()]) {
      await cashier.post(payPath, { token, amount: '5' });
    }
    expect(new Set(cashier.payments().map(({ merchantOrderNo }) => merchantOrderNo)).size).toBe(2);
  });
});

describe('an amount that cannot be paid comes back with the reason, and the page stays the same attempt', () => {
  const max = 'USD\u00a010,000,000,000.00';
  test.each([
    ['', english.amountFaults.missing],
    ['0', english.amountFaults.zero],
    ['abc', english.amountFaults.not_an_amount],
    ['-1', english.amountFaults.not_an_amount],
    ['1.234', english.tooManyDecimals(2)],
    ['10000000000.01', english.tooLarge(max)],
  ])('%j', async (amount, message) => {
    const token = await cashier.token();
    const answer = await cashier.post(payPath, { token, amount });
    expect(answer.statusCode).toBe(422);
    expect(answer.body).toContain(`role="alert">${message}`);
    expect(answer.body).toContain(`value="${amount}"`);
    expect(tokenOn(answer.body)).toBe(token);
    expect(answer.body).toContain(`href="/c/${codes.dollars}?lang=zh-CN"`);
    expect(cashier.payments()).toEqual([]);
    expect((await cashier.post(payPath, { token, amount: '1' })).headers.location).toBe(walletPage);
  });

  test('a yen has no decimals', async () => {
    const token = await cashier.token(codes.yen);
    const path = `/c/${codes.yen}/pay`;
    expect((await cashier.post(path, { token, amount: '599.5' })).statusCode).toBe(422);
    await cashier.post(path, { token, amount: '599' });
    expect(cashier.payments()[0]?.amount).toEqual({ currency: 'JPY', minor: 599n });
  });
});

describe('a form that is not of a page of ours begins nothing', () => {
  test.each([
    ['a token that nobody issued', async () => ({ token: 'A'.repeat(72), amount: '1' })],
    ['another code’s token', async () => ({ token: await cashier.token(codes.yen), amount: '1' })],
    ['no token', async () => ({ amount: '1' })],
    ['no amount', async () => ({ token: await cashier.token() })],
  ])('%s', async (_name, form) => {
    const answer = await cashier.post(payPath, (await form()) as Record<string, string>);
    expect(answer.statusCode).toBe(403);
    expect(answer.body).toContain(english.notices.broken_form.title);
    expect(answer.body).toContain(`href="/c/${codes.dollars}"`);
    expect(cashier.payments()).toEqual([]);
  });

  test.each([
    ['a field twice', (token: string) => `token=${token}&amount=1&amount=2`, undefined, 403],
    ['JSON', (token: string) => JSON.stringify({ token, amount: '1' }), 'application/json', 403],
    ['a file', () => 'x', 'multipart/form-data; boundary=x', 415],
    ['a body beyond measure', (token: string) => `token=${token}&amount=${'1'.repeat(5000)}`, undefined, 413],
  ])('%s', async (_name, payload, type, status) => {
    const answer = await cashier.app.inject({
      method: 'POST',
      url: payPath,
      headers: {
        'user-agent': walletUserAgent,
        'content-type': type ?? 'application/x-www-form-urlencoded',
      },
      payload: payload(await cashier.token()),
    });
    expect(answer.statusCode).toBe(status);
    expect(answer.headers['content-type']).toBe('text/html; charset=utf-8');
    expect(cashier.payments()).toEqual([]);
  });

  test('a page that was open for too long is given again, to be confirmed anew', async () => {
    const token = await cashier.token();
    await clock.advance(31 * 60_000);
    const answer = await cashier.post(payPath, { token, amount: '12.34' });
    expect(answer.statusCode).toBe(422);
    expect(answer.body).toContain(english.pageTooOld);
    expect(answer.body).toContain('value="12.34"');
    const fresh = tokenOn(answer.body);
    expect(fresh).not.toBe(token);
    expect(cashier.payments()).toEqual([]);
    expect((await cashier.post(payPath, { token: fresh, amount: '12.34' })).headers.location).toBe(
      walletPage,
    );
  });

  test('a form’s answer that is loaded without the form leads to the code’s page', async () => {
    const answer = await cashier.get(payPath);
    expect(answer.statusCode).toBe(303);
    expect(answer.headers.location).toBe(`/c/${codes.dollars}`);
  });
});

describe('a wallet that gives no page', () => {
  const paidTo = async (token: string): Promise<string | undefined> => {
    const answer = cashier.post(payPath, { token, amount: '12.34' });
    await clock.advance(17_000);
    await settled();
    const { statusCode, headers } = await answer;
    expect(statusCode).toBe(303);
    return headers.location as string | undefined;
  };

  test.each([
    [
      'that is silent',
      async (): Promise<PayAnswer> => ({ kind: 'no_answer', reason: 'timeout', detail: 'none in time' }),
    ],
    ['that hangs beyond its own time', () => never<PayAnswer>()],
    [
      'that says nothing clear',
      async (): Promise<PayAnswer> => ({ kind: 'unclear', code: 'U', message: 'unknown' }),
    ],
    ['whose page is no address', async () => issued('not an address')],
    ['whose page is a script', async () => issued('javascript:alert(1)')],
    ['whose page comes without TLS', async () => issued('http://wallet.example/')],
    ['whose page hides its host', async () => issued('https://bank.example@evil.example/')],
  ])(
    '%s: the attempt is undone, and its payer is told that nothing is to be paid twice',
    async (_name, pay) => {
      cashier.wallet.pay = pay;
      const token = await cashier.token();
      expect(await paidTo(token)).toBe(resultPath(token));
      await settled();
      expect(cashier.wallet.calls).toContain('cancel');
      const page = await cashier.get(resultPath(token));
      expect(page.body).toMatch(/The wallet did not answer|Whatever was charged comes back/);
      expect(page.body).not.toMatch(/javascript:|evil\.example|http:\/\/wallet/);
    },
  );

  test('and whose cancel breaks too: the payer is led to the result all the same, and the row goes on', async () => {
    cashier.wallet.pay = async () => ({ kind: 'unclear', code: 'U', message: 'unknown' });
    cashier.wallet.cancel = () => Promise.reject(new Error('the private key of sandbox cannot be read'));
    const token = await cashier.token();
    expect(await paidTo(token)).toBe(resultPath(token));
    await settled();
    expect(cashier.payments()).toMatchObject([{ state: 'reversing', nextStep: { action: 'cancel' } }]);
  });

  test('but refuses the payment: it has failed, and its payer is told why', async () => {
    cashier.wallet.pay = async () => ({
      kind: 'refused',
      code: 'USER_BALANCE_NOT_ENOUGH',
      message: 'balance',
      remedy: 'payer',
    });
    const token = await cashier.token();
    expect(await paidTo(token)).toBe(resultPath(token));
    expect(cashier.wallet.calls).toEqual(['pay']);
    const page = await cashier.get(resultPath(token));
    expect(page.body).toContain(english.failureReasons.not_enough_money);
    expect(page.body).toContain(english.charges.none);
    expect(page.body).toContain(`href="/c/${codes.dollars}"`);
  });

  test('but a link of its app: browsers follow that from the result page only', async () => {
    cashier.wallet.pay = async () => issued('alipays://platformapi/startapp?x=1');
    const token = await cashier.token();
    expect(await paidTo(token)).toBe(resultPath(token));
    expect((await cashier.get(resultPath(token))).body).toContain(
      'href="alipays://platformapi/startapp?x=1"',
    );
    expect(cashier.payments()[0]?.state).toBe('issued');
  });
});

describe('where nothing can be taken', () => {
  test('a merchant that the wallet would refuse has the payer told so', async () => {
    const withoutCategory = await createTestCashier({ clock, merchant: { ...teaHouse, mcc: null } });
    const token = await withoutCategory.token();
    const answer = await withoutCategory.post(payPath, { token, amount: '1' });
    expect(answer.statusCode).toBe(409);
    expect(answer.body).toContain(english.notices.store_cannot.title);
    expect(withoutCategory.wallet.calls).toEqual([]);
    await withoutCategory.app.close();
  });

  test('a plain browser is shown which wallets work', async () => {
    const token = await cashier.token();
    const answer = await cashier.post(payPath, { token, amount: '1' }, { 'user-agent': plainUserAgent });
    expect(answer.body).toContain(english.otherBrowser);
    expect(cashier.payments()).toEqual([]);
  });

  test('in the sandbox it passes as the simulated wallet, whose page may lack TLS', async () => {
    const sandbox = await createTestCashier({ clock, sandbox: true });
    sandbox.wallet.pay = async () => issued('http://127.0.0.1:9090/phone/pay');
    const headers = { 'user-agent': plainUserAgent };
    const token = tokenOn((await sandbox.get(`/c/${codes.dollars}?as=alipay_plus`, headers)).body);
    const answer = await sandbox.post(`${payPath}?as=alipay_plus`, { token, amount: '1' }, headers);
    expect(answer.headers.location).toBe('http://127.0.0.1:9090/phone/pay');
    const start = sandbox.wallet.asked[0]?.start;
    expect(start).toMatchObject({
      userAgent: expect.stringContaining('AlipayClientHK/2.6.0.160'),
      returnUrl: `https://pay.example${resultPath(token)}?as=alipay_plus`,
    });
    await sandbox.app.close();
  });
});

describe('a gateway that has all the work that it can do', () => {
  test('the payer is asked for a moment, nothing is begun, and the same page pays afterwards', async () => {
    const full = createAdmission({
      paymentsMax: 1,
      strain: () => null,
      monotonicMs: () => 0,
      random: () => 0.5,
    });
    const busy = await createTestCashier({ clock, admission: full });
    const token = await busy.token();
    const place = full.enter('M0001');
    const refused = await busy.post(payPath, { token, amount: '1' });
    expect(refused.statusCode).toBe(503);
    expect(refused.headers['retry-after']).toBe('3');
    expect(refused.body).toContain(english.notices.busy.title);
    expect(busy.payments()).toEqual([]);
    expect(busy.wallet.calls).toEqual([]);

    if (place.kind === 'admitted') place.leave();
    expect((await busy.post(payPath, { token, amount: '1' })).statusCode).toBe(303);
    expect(busy.payments()).toHaveLength(1);
    expect(full.paymentsInFlight()).toBe(0);
    // Who comes back to what was begun is shown it, however busy the gateway is.
    full.enter('M0001');
    expect((await busy.post(payPath, { token, amount: '1' })).headers.location).toBe(resultPath(token));
    await busy.app.close();
  });
});

describe('a wallet that has stopped answering', () => {
  test('money case 14: nothing is begun, and the payer is asked for a moment', async () => {
    let refusesForS: number | null = 5;
    const silent = await createTestCashier({
      clock,
      withEngine: (engine) => ({
        ...engine,
        wallets: { ...engine.wallets, outage: () => ({ refusesForS }) },
      }),
    });
    const token = await silent.token();
    const refused = await silent.post(payPath, { token, amount: '1' });
    expect(refused.statusCode).toBe(503);
    expect(refused.headers['retry-after']).toBe('5');
    expect(refused.body).toContain(english.notices.busy.title);
    expect(silent.payments()).toEqual([]);
    expect(silent.wallet.calls).toEqual([]);
    refusesForS = null;
    expect((await silent.post(payPath, { token, amount: '1' })).statusCode).toBe(303);
    await silent.app.close();
  });
});

describe('a database that is away', () => {
  const broken = (part: 'openPayment' | 'findPaymentsOfOrder' | 'recordPayment', merchantsToo = false) =>
    createTestCashier({
      clock,
      withEngine: (engine): Engine => ({
        ...engine,
        journal: { ...engine.journal, [part]: () => Promise.reject(new Error('connection refused')) },
        merchants: merchantsToo
          ? { ...engine.merchants, findByShortNo: () => Promise.reject(new Error('connection refused')) }
          : engine.merchants,
      }),
    });

  test('before anything is known: the page asks for patience', async () => {
    const away = await broken('openPayment', true);
    const answer = await away.get(`/c/${codes.dollars}`);
    expect(answer.statusCode).toBe(503);
    expect(answer.headers['retry-after']).toBe('2');
    expect(answer.body).toContain(english.notices.unavailable.title);
    expect(answer.body).not.toContain('connection refused');
    await away.app.close();
  });

  test.each(['openPayment', 'findPaymentsOfOrder'] as const)(
    'while a payment is begun (%s): the page leads to where its result will stand',
    async (part) => {
      const away = await broken(part);
      const token = await away.token();
      const answer = await away.post(payPath, { token, amount: '1' });
      expect(answer.statusCode).toBe(503);
      expect(answer.body).toContain(`href="${resultPath(token)}"`);
      expect(answer.body).toContain('do not pay twice');
      expect(away.wallet.calls).toEqual([]);
      await away.app.close();
    },
  );

  test('when the wallet’s answer comes: the payer is led to the result, and the row goes on', async () => {
    const away = await broken('recordPayment');
    const token = await away.token();
    const answer = await away.post(payPath, { token, amount: '1' });
    expect(answer.headers.location).toBe(resultPath(token));
    expect(away.payments()).toMatchObject([{ state: 'submitted', nextStep: { action: 'inquire' } }]);
    await away.app.close();
  });
});
