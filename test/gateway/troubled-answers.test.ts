import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { setSupportContact } from '../../src/adapters/postgres/wallet-accounts.ts';
import { type Ended, shoudan as run } from '../../src/apps/scripted-gateway.fixture.ts';
import { paymentRequestId, refundRequestId } from '../../src/domain/ids.ts';
import type { Payment } from '../../src/domain/payment.ts';
import type { WalletName } from '../../src/domain/wallets.ts';
import { maskedAnswer } from '../../src/inbound/cli/masked-answer.ts';
import { cancelPayment } from '../../src/operations/cancel.ts';
import { referenceOf } from '../../src/operations/perform.ts';
import { refund } from '../../src/operations/refund.ts';
import { eventually, openRealGateway, type RealGateway } from './real-gateway.ts';

/*
 * What whoever is alerted gets to read: the simulated wallets' own answers, over HTTP, from the call to the command.
 */

let real: RealGateway;
beforeAll(async () => {
  real = await openRealGateway();
  await setSupportContact(
    real.database,
    { wallet: 'alipay_plus', name: 'sandbox' },
    'Wang Fang, +86 10 5555 0001',
  );
});
afterAll(() => real.close());

function shoudan(...words: readonly string[]): Promise<Ended> {
  return run(words, {
    DATABASE_URL: real.databaseUrl,
    SHOUDAN_MASTER_KEY: Buffer.from(real.masterKey).toString('hex'),
  });
}

async function paid(wallet: WalletName): Promise<Payment> {
  const payment = await real.payBy(wallet, 'payment_code');
  return real.until(payment.id, ({ state }) => state === 'succeeded');
}

async function answersKept(payment: Payment): Promise<number> {
  const { rows } = await real.database.query<{ readonly count: number }>(
    `select (select count(*) from kept_answers where payment_id = $1)::int
       + (select count(*) from untrusted_answers where payment_id = $1)::int as count`,
    [payment.id],
  );
  return rows[0]?.count ?? 0;
}

/** The wallet goes wrong with these calls until it is mended. */
async function breaks(api: string, fault: string): Promise<() => Promise<unknown>> {
  await real.control('POST', '/control/faults', { api, fault, probability: 1 });
  return () => real.control('DELETE', '/control/faults');
}

const codes = { alipay_open: '20000', alipay_plus: 'UNKNOWN_EXCEPTION' } as const;
const called = {
  alipay_open: "nobody is named: the support in the wallet's console",
  alipay_plus: 'Wang Fang, +86 10 5555 0001',
} as const;

// proves RES-19
describe.each(['alipay_open', 'alipay_plus'] as const)('of %s', (wallet) => {
  it('a payment whose answers are clear keeps none of them', async () => {
    const payment = await paid(wallet);
    await cancelPayment(real.gateway.engine, real.merchant.id, payment.id);
    await real.until(payment.id, ({ state }) => state === 'cancelled');
    expect(await answersKept(payment)).toBe(0);
  });

  it('a cancel whose tries are used up shows what to name, the last answers, and whom to call', async () => {
    const payment = await paid(wallet);
    const mend = await breaks('cancel', 'system_error');
    try {
      await cancelPayment(real.gateway.engine, real.merchant.id, payment.id);
      const troubled = await real.until(payment.id, ({ attention }) => attention !== null);
      await eventually(
        () => answersKept(payment),
        (count) => count === 5,
      );
      const { out } = await shoudan('inspect', 'answers', payment.id, '--json');
      const told = JSON.parse(out);
      expect(told).toMatchObject({
        merchant_id: real.merchant.id,
        payment_id: payment.id,
        payment_request_id: paymentRequestId(payment.id),
        merchant_order_no: payment.merchantOrderNo,
        refund_id: null,
        wallets: [
          {
            wallet,
            account: 'sandbox',
            wallet_transaction_id: troubled.walletTransactionId,
            needs_attention: { reason: 'cancel_unresolved' },
            next_step: { action: 'cancel' },
            call: expect.stringContaining(called[wallet]),
          },
        ],
      });
      expect(told.answers).toHaveLength(5);
      for (const answer of told.answers) {
        expect(answer).toMatchObject({ call: 'cancel', answer: 'unclear', masked: expect.any(String) });
        expect(answer.masked).toContain(codes[wallet]);
        expect(answer).not.toHaveProperty('raw_base64');
      }
      // By its upstream id too, which is what the wallet's people name.
      const byRequest = await shoudan('inspect', 'answers', paymentRequestId(payment.id));
      expect(byRequest).toMatchObject({ exitCode: 0, err: '' });
      expect(byRequest.out).toContain(`wallet     ${wallet} sandbox: ${troubled.walletTransactionId}\n`);
      expect(byRequest.out).toContain(called[wallet]);

      const attention = JSON.parse((await shoudan('inspect', 'attention', '--json')).out).attention;
      expect(attention.find(({ id }: { readonly id: string }) => id === payment.id)).toMatchObject({
        payment_request_id: paymentRequestId(payment.id),
        wallet_transaction_id: troubled.walletTransactionId,
        last_answer: { call: 'cancel', answer: 'unclear' },
        call: expect.stringContaining(called[wallet]),
      });
      expect((await shoudan('inspect', 'attention')).out).toMatch(
        new RegExp(`last answer +\\S+Z to cancel: unclear .*${codes[wallet]}`),
      );
      const lines = real.logged.filter((line) => line['payment_id'] === payment.id);
      expect(lines).toEqual([
        expect.objectContaining({
          msg: 'people are needed',
          reason: 'cancel_unresolved',
          merchant_order_no: payment.merchantOrderNo,
          payment_request_id: paymentRequestId(payment.id),
          wallet,
          account: 'sandbox',
          wallet_transaction_id: troubled.walletTransactionId,
          answer: 'unclear',
          read: `shoudan inspect answers ${payment.id}`,
        }),
      ]);
    } finally {
      await mend();
    }
    await real.until(payment.id, ({ state, attention }) => state === 'cancelled' && attention === null);
  });

  it.each([
    ['http_500', 'malformed'],
    ['truncated', 'malformed'],
    ['bad_signature', 'untrusted'],
  ])('an answer with %s is kept as it came', async (fault, answer) => {
    const payment = await paid(wallet);
    const mend = await breaks('cancel', fault);
    try {
      await cancelPayment(real.gateway.engine, real.merchant.id, payment.id);
      await eventually(
        () => answersKept(payment),
        (count) => count > 0,
      );
      const { out } = await shoudan('inspect', 'answers', payment.id, '--json', '--raw', '--by', 'Li Wei');
      const [last] = JSON.parse(out).answers;
      expect(last).toMatchObject({ call: 'cancel', answer, raw_base64: expect.stringMatching(/./) });
      const audit = JSON.parse((await shoudan('audit', 'list', '--subject', payment.id, '--json')).out);
      expect(audit.data).toMatchObject([{ action: 'inspect answers', by: 'Li Wei', after: { raw: true } }]);
    } finally {
      await mend();
    }
    await real.until(payment.id, ({ state }) => state === 'cancelled');
  });

  it('a refund in trouble has answers of its own', async () => {
    const payment = await paid(wallet);
    const mend = await breaks('refund', 'system_error');
    let refundId: string;
    try {
      const amount = { currency: payment.amount.currency, minor: 100n };
      const command = { paymentId: payment.id, amount, reason: null, merchantRefundNo: 'R-1' };
      const made = await refund(real.gateway.engine, real.merchant, command, null);
      if (made.kind === 'refused') throw new Error(made.refusal.detail);
      refundId = made.refund.id;
      const find = () => real.gateway.engine.journal.findRefund(real.merchant.id, refundId);
      await eventually(find, (found) => found?.attention != null);
      const { out } = await shoudan('inspect', 'answers', refundId, '--json');
      const told = JSON.parse(out);
      expect(told).toMatchObject({
        payment_id: payment.id,
        refund_id: refundId,
        refund_request_id: refundRequestId(refundId),
        merchant_refund_no: 'R-1',
        wallets: [{ needs_attention: { reason: 'refund_unresolved' } }],
      });
      expect(told.answers[0]).toMatchObject({ call: 'refund', refund_id: refundId, answer: 'unclear' });
      expect(real.logged).toContainEqual(
        expect.objectContaining({ reason: 'refund_unresolved', refund_id: refundId, payment_id: payment.id }),
      );
    } finally {
      await mend();
    }
  });

  it('what an answer says of the payer is masked, and nothing that people need', async () => {
    const payment = await paid(wallet);
    const gateway = real.gateway.engine.wallets.gateway(wallet);
    const patience = performance.now() + 20_000;
    const answer = await gateway.inquire(referenceOf(payment), {
      sendBeforeMs: patience,
      answerBeforeMs: patience,
    });
    const raw = Buffer.from(answer.raw ?? []).toString('utf8');
    const masked = maskedAnswer(Buffer.from(raw));
    expect(masked).toContain(paymentRequestId(payment.id));
    expect(masked).toContain(payment.walletTransactionId);
    const ids = [...raw.matchAll(/"(?:\w*customerId|buyer_\w*id)":"([^"]+)"/gi)];
    expect(ids).toHaveLength(2);
    for (const [, id = ''] of ids) expect(masked).not.toContain(id);
  });
});

it('without --raw nobody is logged, and what is not known is refused', async () => {
  const payment = await paid('alipay_open');
  const shown = await shoudan('inspect', 'answers', payment.id);
  expect(shown).toMatchObject({ exitCode: 0, err: '' });
  expect(shown.out).toContain('no answer is kept');
  const { data } = JSON.parse((await shoudan('audit', 'list', '--subject', payment.id, '--json')).out);
  expect(data).toEqual([]);
  expect((await shoudan('inspect', 'answers', `pay_${'0'.repeat(31)}`)).exitCode).toBe(3);
  expect(
    (
      await shoudan(
        'inspect',
        'answers',
        payment.id.replace(/.$/, (last) => (last === '0' ? '1' : '0')),
      )
    ).exitCode,
  ).toBe(3);
  expect((await shoudan('inspect', 'answers', 'ORDER-1')).exitCode).toBe(2);
});
