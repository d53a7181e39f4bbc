import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { textsOf } from '../../../cashier/texts.ts';
import type { Payment } from '../../domain/payment.ts';
import { advanced } from '../../operations/cancel.ts';
import { createHandClock, type HandClock } from '../rest/gateway.fixture.ts';
import {
  codes,
  createTestCashier,
  plainUserAgent,
  type TestCashier,
  teaHouse,
  walletPage,
} from './cashier.fixture.ts';

const english = textsOf('en');

let clock: HandClock;
let cashier: TestCashier;
let token: string;
beforeEach(async () => {
  clock = createHandClock();
  cashier = await createTestCashier({ clock });
  token = await cashier.token();
});
afterEach(() => cashier.app.close());

const path = (page: 'result' | 'status', of: string = token): string => `/c/${codes.dollars}/${page}/${of}`;

async function begun(): Promise<Payment> {
  await cashier.post(`/c/${codes.dollars}/pay`, { token, amount: '12.34' });
  const [payment] = cashier.payments();
  if (payment === undefined) throw new Error('no payment was begun');
  return payment;
}

/** The wallet says that it is paid, and somebody asks it. */
async function paid(): Promise<void> {
  const payment = await begun();
  cashier.wallet.inquire = async () => ({
    kind: 'paid',
    walletTransactionId: '20260302190741120200188000123456789',
    amount: { currency: 'USD', minor: 1234n },
    paidAt: new Date('2026-03-02T04:00:30.000Z'),
  });
  await clock.advance(60_000);
  const [latest = payment] = cashier.payments();
  await advanced(cashier.engine, latest);
}

describe('the result of an attempt', () => {
  test('waits, and leads on to the wallet, as long as nothing is known', async () => {
    await begun();
    const page = await cashier.get(path('result'));
    expect(page.statusCode).toBe(200);
    expect(page.body).toContain(english.waiting);
    expect(page.body).toContain(`href="${walletPage}"`);
    expect(page.body).toContain(`data-status="${path('status')}"`);
    expect(page.body).toContain('<noscript><meta http-equiv="refresh"');
    const status = await cashier.get(path('status'));
    expect(status.json()).toEqual({ status: 'processing', mark: 'waiting-wallet' });
    expect(page.body).toContain('data-mark="waiting-wallet"');
  });

  // proves PAY-11
  test('shows, once the wallet has said so, all that a payer may ask for', async () => {
    await paid();
    const { body } = await cashier.get(path('result'));
    const [payment] = cashier.payments();
    for (const shown of [
      english.succeeded,
      'USD\u00a012.34',
      teaHouse.name,
      'Tea House Central',
      `${payment?.merchantOrderNo}`,
      '20260302190741120200188000123456789',
      '2026-03-02 04:00:30 UTC',
      english.supportedBy('Example Bank'),
    ]) {
      expect(body).toContain(shown);
    }
    expect(body).not.toContain('data-status');
    expect((await cashier.get(path('status'))).json()).toEqual({ status: 'succeeded', mark: 'succeeded' });
  });

  // proves PAY-12
  test('is none the better for what its address or its browser claims', async () => {
    await begun();
    for (const claim of [
      '?resultStatus=S&paymentStatus=SUCCESS',
      '?status=succeeded&mark=succeeded',
      '?trade_status=TRADE_SUCCESS#paid',
    ]) {
      const page = await cashier.get(path('result') + claim, { cookie: 'status=succeeded' });
      expect(page.body).toContain(`<h1>${english.waiting}`);
      expect(page.body).not.toContain(`<h1>${english.succeeded}`);
      expect((await cashier.get(path('status') + claim)).json()).toMatchObject({ status: 'processing' });
    }
    expect(cashier.payments()[0]?.state).toBe('issued');
  });

  test('is seen in any browser, and after its code was switched off or its form grew old', async () => {
    await paid();
    await clock.advance(24 * 60 * 60_000);
    const elsewhere = await cashier.get(path('result'), { 'user-agent': plainUserAgent });
    expect(elsewhere.body).toContain(`<h1>${english.succeeded}`);
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
    expect((await disabled.get(`/c/${codes.dollars}`)).statusCode).toBe(410);
    expect((await disabled.get(path('result'))).body).toContain(`<h1>${english.succeeded}`);
    await disabled.app.close();
  });

  test('is nothing for a token without an attempt, of another code, or of nobody', async () => {
    await begun();
    const foreign = await cashier.token(codes.yen);
    for (const unknown of [await cashier.token(), foreign, 'A'.repeat(72), 'x', '%00', '..%2f..']) {
      const page = await cashier.get(path('result', unknown));
      expect(page.statusCode).toBe(404);
      expect(page.body).toContain(english.notices.unknown_attempt.title);
      expect((await cashier.get(path('status', unknown))).statusCode).toBe(404);
    }
    const elsewhere = await cashier.get(`/c/${codes.yen}/result/${token}`);
    expect(elsewhere.statusCode).toBe(404);
    expect((await cashier.get(`/c/${codes.unknown}/result/${token}`)).body).toContain(
      english.notices.unknown_code.title,
    );
  });

  test('is no more to be had after thirty days', async () => {
    await paid();
    await clock.advance(31 * 24 * 60 * 60_000);
    expect((await cashier.get(path('result'))).statusCode).toBe(404);
  });

  test('keeps its claim to an answer while the database is away', async () => {
    await begun();
    const away = await createTestCashier({
      clock,
      withEngine: (engine) => ({
        ...engine,
        journal: { ...engine.journal, findPaymentsOfOrder: () => Promise.reject(new Error('refused')) },
      }),
    });
    const page = await away.get(path('result'));
    expect(page.statusCode).toBe(503);
    expect(page.body).toContain(`href="${path('result')}"`);
    const status = await away.get(path('status'));
    expect(status.statusCode).toBe(503);
    expect(status.json()).toEqual({ code: 'unavailable' });
    await away.app.close();
  });
});

// proves RES-16
test('a payer who looks at the page counts as active, and the wallet is asked more often', async () => {
  await begun();
  await clock.advance(120_000);
  const [before] = cashier.payments();
  await cashier.get(path('status'));
  const [after] = cashier.payments();
  expect(after?.payerActiveUntil?.getTime()).toBeGreaterThan(clock.now().getTime());
  expect(before?.payerActiveUntil?.getTime() ?? 0).toBeLessThan(clock.now().getTime());
});
