import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { madePayment, madeRefund, reserving } from '../../test/journal-contract/journal-under-test.ts';
import { createDueRows } from '../adapters/postgres/due-rows.ts';
import { saveMerchant } from '../adapters/postgres/merchant-records.ts';
import { openedTestDatabase } from '../adapters/postgres/opened-test-database.fixture.ts';
import { createPaymentJournal } from '../adapters/postgres/payment-journal.ts';
import { createRefundJournal } from '../adapters/postgres/refund-journal.ts';
import { createSealing } from '../adapters/sealing.ts';
import { attemptCore, idCore } from '../domain/ids.ts';
import { newReversal, type Payment } from '../domain/payment.ts';
import type { Refund } from '../domain/refund.ts';
import { type Ended, shoudan as run } from './scripted-gateway.fixture.ts';

const { url, database } = await openedTestDatabase();
const payments = createPaymentJournal(database);
const refunds = createRefundJournal(database);

let folder: string;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'shoudan-by-hand-'));
  await saveMerchant(database, createSealing(Buffer.alloc(32, 7)), {
    id: 'M0001',
    name: 'Tea House',
    mcc: null,
    notifyUrl: null,
    orderCodes: null,
    stores: [],
    bindings: [],
  });
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));
beforeEach(() => database.query('truncate orders, payments, refunds, payment_events, deliveries'));

function shoudan(words: readonly string[]): Promise<Ended> {
  return run(words, {
    DATABASE_URL: url,
    SHOUDAN_DATA_DIR: folder,
    SHOUDAN_MASTER_KEY: Buffer.alloc(32, 7).toString('hex'),
  });
}

const evidence = ['--by', 'Li Wei', '--evidence', 'mail of the wallet, case 4711'];

async function shortNo(): Promise<number> {
  const { rows } = await database.query<{ readonly no: number }>('select short_no::int as no from merchants');
  return rows[0]?.no ?? 0;
}

async function opened(fields: Partial<Payment> = {}): Promise<Payment> {
  const now = new Date();
  const made = madePayment(now, fields);
  const core = attemptCore({
    merchantShortNo: await shortNo(),
    at: now,
    terminalId: 'T1',
    amount: made.amount,
    merchantOrderNo: made.merchantOrderNo,
    random: crypto.getRandomValues(new Uint8Array(15)),
  });
  const opening = await payments.openPayment({ ...made, id: `pay_${core}` }, [], null, []);
  if (opening.kind !== 'opened') throw new Error(`the payment was not opened: ${opening.kind}`);
  const after = { ...opening.payment, ...fields };
  const recorded = await payments.recordPayment({
    before: opening.payment,
    after,
    events: [],
    announcements: [],
  });
  if (recorded === null) throw new Error('the payment had moved on');
  return recorded;
}

/** A cancel that the wallet does not confirm. */
async function unresolved(): Promise<Payment> {
  const now = new Date();
  return opened({
    state: 'reversing',
    reversal: newReversal('merchant'),
    nextStep: { action: 'cancel', dueAt: new Date(now.getTime() + 600_000) },
    attention: { reason: 'cancel_unresolved', since: now },
  });
}

async function unresolvedRefund(): Promise<{ readonly payment: Payment; readonly refund: Refund }> {
  const now = new Date();
  const payment = await opened({
    state: 'succeeded',
    nextStep: null,
    paidEvidence: true,
    knownToWallet: true,
  });
  const id = `re_${idCore(await shortNo(), now, crypto.getRandomValues(new Uint8Array(15)))}`;
  const refund = { ...madeRefund(now, payment), id };
  const accepted = await refunds.acceptRefund(refund, reserving(payment, refund), null);
  if (accepted.kind !== 'accepted') throw new Error(`the refund was not accepted: ${accepted.kind}`);
  const after: Refund = {
    ...accepted.refund,
    state: 'unknown',
    tries: 9,
    nextStep: { action: 'refund', dueAt: new Date(now.getTime() + 600_000) },
    attention: { reason: 'refund_unresolved', since: now },
  };
  const events = [{ type: 'RefundAnswerMissing', data: { refund_id: id, value: '1000' } }] as const;
  const record = { before: accepted.refund, after, payment: null, events, announcements: [] };
  const recorded = await refunds.recordRefund(record);
  if (recorded === null) throw new Error('the refund had moved on');
  return { payment: accepted.payment, refund: recorded };
}

async function found(payment: Payment): Promise<Payment | null> {
  return payments.findPayment('M0001', payment.id);
}

// proves RES-13, RES-19
describe('shoudan resolve', () => {
  it('settles a cancel that the wallet has confirmed in writing, and keeps who said so', async () => {
    const payment = await unresolved();
    const ended = await shoudan(['resolve', payment.id, '--as', 'given_back', ...evidence]);
    expect(ended).toMatchObject({ exitCode: 0, err: '' });
    expect(ended.out).toContain(`${payment.id} of merchant M0001: resolved as given_back`);
    expect(await found(payment)).toMatchObject({
      state: 'cancelled',
      cancelledBy: 'cancel',
      reversal: { state: 'effected' },
      nextStep: null,
      attention: null,
    });
    const timeline = await payments.timeline('M0001', payment.id);
    expect(timeline[0]).toMatchObject({
      type: 'ResolvedByHand',
      data: {
        as: 'given_back',
        by: 'Li Wei',
        evidence: 'mail of the wallet, case 4711',
        reason: 'cancel_unresolved',
      },
    });
    const again = await shoudan(['resolve', payment.id, '--as', 'given_back', ...evidence]);
    expect(again).toMatchObject({ exitCode: 3, out: '' });
    expect(again.err).toContain('needs no attention');
  });

  it('never makes an unpaid payment succeed, and leaves alone what the gateway settles by itself', async () => {
    const attention = { reason: 'inquiry_unresolved', since: new Date() } as const;
    const open = await opened({ state: 'unknown', attention });
    for (const as of ['succeeded', 'paid', 'failed']) {
      expect((await shoudan(['resolve', open.id, '--as', as, ...evidence])).exitCode).toBe(2);
    }
    for (const as of ['given_back', 'noted']) {
      expect((await shoudan(['resolve', open.id, '--as', as, ...evidence])).exitCode).toBe(3);
    }
    expect(await found(open)).toEqual(open);
  });

  it.each([
    ['succeeded', { refunded: 1_000n, refundReserved: 1_000n, openRefunds: 0 }],
    ['failed', { refunded: 0n, refundReserved: 0n, openRefunds: 0 }],
  ] as const)('a refund as %s counts so on its payment, once', async (as, amounts) => {
    const { payment, refund } = await unresolvedRefund();
    const ended = await shoudan(['resolve', refund.id, '--as', as, '--json', ...evidence]);
    expect(ended.exitCode).toBe(0);
    expect(JSON.parse(ended.out)).toMatchObject({ id: refund.id, status: as, needs_attention: null });
    expect(await found(payment)).toMatchObject(amounts);
    expect((await shoudan(['resolve', refund.id, '--as', 'succeeded', ...evidence])).exitCode).toBe(3);
    expect(await found(payment)).toMatchObject(amounts);
  });

  it.each([
    [['--as', 'given_back', '--by', 'Li Wei'], '--evidence'],
    [['--as', 'given_back', '--evidence', 'mail 4711'], '--by'],
    [['--as', 'given_back', '--by', 'Li Wei', '--evidence', '  '], '--evidence'],
    [['--as', 'given_back', '--by', 'Li\nWei', '--evidence', 'mail'], '--by'],
  ])('wants written evidence and a name: %j', async (options, named) => {
    const payment = await unresolved();
    const ended = await shoudan(['resolve', payment.id, ...options]);
    expect(ended.exitCode).toBe(2);
    expect(ended.err).toContain(named);
    expect(await found(payment)).toEqual(payment);
  });

  it('knows no id that is another merchant’s, none that is nobody’s, and no word that is no id', async () => {
    const payment = await unresolved();
    const nobody = `pay_${'0'.repeat(31)}`;
    const unknown = payment.id.replace(/.$/, (last) => (last === '0' ? '1' : '0'));
    for (const [id, exitCode] of [
      [nobody, 3],
      [unknown, 3],
      ['P1', 2],
    ] as const) {
      expect((await shoudan(['resolve', id, '--as', 'noted', ...evidence])).exitCode, id).toBe(exitCode);
    }
  });
});

// proves RES-13
describe('shoudan retry', () => {
  it('makes the next step of a payment or refund due now', async () => {
    const payment = await unresolved();
    const { refund } = await unresolvedRefund();
    const due = createDueRows(database);
    expect(await due.claimDue(10, 1_000)).toEqual([]);
    for (const { id } of [payment, refund]) {
      const ended = await shoudan(['retry', id]);
      expect(ended).toMatchObject({ exitCode: 0, err: '' });
      expect(ended.out).toContain('due now');
    }
    expect((await due.claimDue(10, 1_000)).map(({ kind }) => kind).sort()).toEqual(['payment', 'refund']);
  });

  it('refuses what has ended', async () => {
    const { payment } = await unresolvedRefund();
    const ended = await shoudan(['retry', payment.id]);
    expect(ended.exitCode).toBe(3);
    expect(ended.err).toContain('no step of it waits');
  });
});

it('inspect queue shows what waits for each wallet account, and since when', async () => {
  const payment = await unresolved();
  const windowEndsAt = new Date('2026-12-01T16:15:00Z');
  await createDueRows(database).hold({
    kind: 'payment',
    merchantId: 'M0001',
    id: payment.id,
    version: payment.version,
    wallet: 'alipay_open',
    account: 'sandbox',
    dueAt: payment.nextStep?.dueAt ?? new Date(),
    windowEndsAt,
  });
  await unresolvedRefund();
  const { accounts } = JSON.parse((await shoudan(['inspect', 'queue', '--json'])).out);
  expect(accounts).toEqual([
    {
      wallet: 'alipay_open',
      account: 'sandbox',
      waiting: 2,
      due: 0,
      oldest_due_at: expect.any(String),
      held: 1,
      first_window_ends_at: windowEndsAt.toISOString(),
    },
  ]);
  expect((await shoudan(['inspect', 'queue'])).out).toMatch(
    /alipay_open +sandbox +2 +0 +in \d+ s +1 +2026-12-01\S+\n\nheld: .* answer.*\n/,
  );
});
