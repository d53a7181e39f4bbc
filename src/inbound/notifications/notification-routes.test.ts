import { sign } from 'node:crypto';
import Fastify, { type FastifyInstance } from 'fastify';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { privateKey, privateKeyPem, publicKeyPem } from '../../../test/vectors/alipay-plus/vectors.ts';
import { createAlipayOpenNotificationReader } from '../../adapters/wallets/alipay-open/notifications.ts';
import { createAlipayPlusNotificationReader } from '../../adapters/wallets/alipay-plus/notifications.ts';
import { paymentRequestId } from '../../domain/ids.ts';
import type { Payment } from '../../domain/payment.ts';
import { newStrayCancel } from '../../domain/stray-cancel.ts';
import { createTrial, type Trial } from '../../jobs/trial-engine.fixture.ts';
import type { StrayNotification } from '../../ports/stray-notifications.ts';
import { printNotification } from '../../protocols/alipay-open/notification.ts';
import { type NotificationOptions, notificationRoutes } from './notification-routes.ts';

/* The routes with both wallets' real readers, on the journal in memory. The vectors' key plays the wallet. */

const clientId = 'SANDBOX_5YTEST0000000001';
const appId = '2021000000000001';
const apps: FastifyInstance[] = [];
afterEach(async () => {
  await Promise.all(apps.splice(0).map((app) => app.close()));
});

interface Setting {
  readonly trial: Trial;
  readonly app: FastifyInstance;
  readonly untrusted: ReturnType<typeof vi.fn<NotificationOptions['untrusted']>>;
  readonly reported: ReturnType<typeof vi.fn>;
  readonly strays: StrayNotification[];
  /** Whether strays cannot be kept for now. */
  readonly failing: { keep: boolean };
}

async function setting(): Promise<Setting> {
  const trial = createTrial();
  const untrusted = vi.fn<NotificationOptions['untrusted']>(async () => {});
  const reported = vi.fn();
  const strays: StrayNotification[] = [];
  const failing = { keep: false };
  const app = Fastify();
  apps.push(app);
  const plain = { name: 'sandbox', privateKey: privateKeyPem, walletPublicKey: publicKeyPem };
  const named = (name: string): void => {
    if (name !== 'sandbox') throw new Error(`no account is named ${name}`);
  };
  await notificationRoutes(app, {
    engine: {
      ...trial.engine,
      report: { untrustedAnswer: reported, troubledAnswer: () => {} },
      strays: {
        async keep(stray) {
          if (failing.keep) throw new Error('connection terminated');
          strays.push(stray);
        },
      },
    },
    readers: {
      alipay_open: createAlipayOpenNotificationReader({
        account: (name) => {
          named(name);
          return { ...plain, appId, gatewayUrl: 'http://127.0.0.1:9/gateway.do' };
        },
      }),
      alipay_plus: createAlipayPlusNotificationReader({
        account: (name) => {
          named(name);
          const notifyUrl = 'https://pay.example/base/notify/alipay_plus/sandbox';
          return { ...plain, clientId, gatewayUrl: 'http://127.0.0.1:9', notifyUrl };
        },
        wallClock: () => new Date('2026-03-02T04:00:00Z'),
      }),
    },
    untrusted,
  });
  return { trial, app, untrusted, reported, strays, failing };
}

const entry = {
  wallet: 'alipay_plus',
  product: 'entry_code',
  amount: { currency: 'USD', minor: 599n },
  state: 'issued',
  payerAction: { kind: 'redirect', url: 'https://wallet.example/c' },
  notifyUrl: 'https://merchant.example/notify',
} as const;

let made = 0;

/** A payment whose id carries the trial merchant's short number, as notifications find it. */
function openPayment(trial: Trial, fields: Partial<Payment> = {}): Promise<Payment> {
  made += 1;
  return trial.openPayment(60_000, { id: `pay_0000001${`${made}`.padStart(24, '0')}`, ...fields });
}

function openEntry(trial: Trial): Promise<Payment> {
  return openPayment(trial, entry).then(async (opened) => {
    const after: Payment = { ...opened, state: 'issued', payerAction: entry.payerAction };
    const recorded = await trial.memory.journal.recordPayment({
      before: opened,
      after,
      events: [],
      announcements: [],
    });
    return recorded ?? opened;
  });
}

const success = (payment: Payment, changes: object = {}) => ({
  notifyType: 'PAYMENT_RESULT',
  result: { resultCode: 'SUCCESS', resultStatus: 'S', resultMessage: 'success' },
  paymentRequestId: paymentRequestId(payment.id),
  paymentId: '20260302194010800100188000200000001',
  paymentAmount: { currency: 'USD', value: '599' },
  paymentTime: '2026-03-02T12:00:00+08:00',
  ...changes,
});

/** As AMS sends it: signed over the path that its notify URL has outside, unless another is named. */
function notifyPlus(
  app: FastifyInstance,
  body: object | string,
  changes: { readonly signed?: string; readonly as?: string; readonly path?: string } = {},
) {
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  const id = changes.as ?? clientId;
  const time = '2026-03-02T12:00:01+08:00';
  const path = changes.path ?? '/base/notify/alipay_plus/sandbox';
  const content = `POST ${path}\n${id}.${time}.${changes.signed ?? text}`;
  const signature = encodeURIComponent(sign('sha256', Buffer.from(content), privateKey).toString('base64'));
  return app.inject({
    method: 'POST',
    url: '/notify/alipay_plus/sandbox',
    headers: {
      'content-type': 'application/json; charset=UTF-8',
      'client-id': id,
      'request-time': time,
      signature: `algorithm=RSA256,keyVersion=1,signature=${signature}`,
    },
    payload: Buffer.from(text),
  });
}

function notifyOpen(app: FastifyInstance, payment: Payment, changes: Record<string, string> = {}) {
  const body = printNotification(
    {
      notify_id: '2026030200222120000000000000000001',
      notify_type: 'trade_status_sync',
      notify_time: '2026-03-02 12:00:01',
      app_id: appId,
      out_trade_no: paymentRequestId(payment.id),
      trade_no: '2026030222001409001400000001',
      trade_status: 'TRADE_SUCCESS',
      total_amount: '100.00',
      gmt_payment: '2026-03-02 12:00:00',
      version: '1.0',
      ...changes,
    },
    { key: privateKey, signType: 'RSA2', charset: 'utf-8' },
  );
  return app.inject({
    method: 'POST',
    url: '/notify/alipay_open/sandbox',
    headers: { 'content-type': 'application/x-www-form-urlencoded; charset=utf-8' },
    payload: Buffer.from(body ?? ''),
  });
}

const acknowledgement = { result: { resultCode: 'SUCCESS', resultStatus: 'S', resultMessage: 'success' } };

describe('a notification of success', () => {
  // proves NOT-01, NOT-02, RES-11, PAY-12
  it('of Alipay+ makes the payment succeed, and is acknowledged once that is recorded', async () => {
    const { trial, app } = await setting();
    const payment = await openEntry(trial);
    const answer = await notifyPlus(app, success(payment));
    expect(answer.statusCode).toBe(200);
    expect(answer.json()).toEqual(acknowledgement);
    expect(answer.headers).toMatchObject({
      'client-id': clientId,
      signature: expect.stringContaining('RSA256'),
    });
    expect(await trial.payment(payment.id)).toMatchObject({
      state: 'succeeded',
      walletTransactionId: '20260302194010800100188000200000001',
      paidAt: new Date('2026-03-02T04:00:00Z'),
    });
  });

  // proves NOT-05, RES-15
  it('of the Open Platform makes the payment succeed, and is answered with one word', async () => {
    const { trial, app } = await setting();
    const payment = await openPayment(trial);
    const answer = await notifyOpen(app, payment);
    expect([answer.statusCode, answer.body]).toEqual([200, 'success']);
    expect((await trial.payment(payment.id)).state).toBe('succeeded');
  });

  // proves RES-09, RES-11
  it('that is repeated is acknowledged and changes nothing', async () => {
    const { trial, app } = await setting();
    const payment = await openEntry(trial);
    await notifyPlus(app, success(payment));
    const once = await trial.payment(payment.id);
    for (let repeat = 0; repeat < 3; repeat += 1) {
      expect((await notifyPlus(app, success(payment))).json()).toEqual(acknowledgement);
    }
    expect(await trial.payment(payment.id)).toEqual(once);
    expect((await trial.memory.due.claimDue(10, 1_000)).map(({ kind }) => kind)).toEqual(['delivery']);
  });

  // proves RES-10
  it('that arrives many times at one instant succeeds once', async () => {
    const { trial, app } = await setting();
    const payment = await openEntry(trial);
    await Promise.all(Array.from({ length: 20 }, () => notifyPlus(app, success(payment))));
    const timeline = await trial.memory.journal.timeline('M0001', payment.id);
    expect(timeline.filter(({ type }) => type === 'IssuedPaymentPaid')).toHaveLength(1);
  });

  // proves NOT-01
  it('that is signed over the path on which it arrived here is believed too', async () => {
    const { trial, app } = await setting();
    const payment = await openEntry(trial);
    const inside = await notifyPlus(app, success(payment), { path: '/notify/alipay_plus/sandbox' });
    expect(inside.json()).toEqual(acknowledgement);
    const elsewhere = await notifyPlus(app, success(payment), { path: '/notify/alipay_plus/other' });
    expect(elsewhere.statusCode).toBe(500);
  });

  // proves NOT-02
  it('that cannot be recorded is not acknowledged', async () => {
    const { trial, app } = await setting();
    const payment = await openEntry(trial);
    const open = await openPayment(trial);
    vi.spyOn(trial.engine.journal, 'recordPayment').mockRejectedValue(new Error('connection terminated'));
    const plus = await notifyPlus(app, success(payment));
    expect(plus.statusCode).not.toBe(200);
    expect(plus.json().result.resultStatus).toBe('U');
    expect((await notifyOpen(app, open)).body).toBe('fail');
  });
});

// proves RES-17
it('a notification of failure leads to an inquiry at once and fails nothing by itself', async () => {
  const { trial, app } = await setting();
  const payment = await openEntry(trial);
  const result = { resultCode: 'USER_BALANCE_NOT_ENOUGH', resultStatus: 'F', resultMessage: '余额不足' };
  const answer = await notifyPlus(app, success(payment, { result, paymentAmount: undefined }));
  expect(answer.json()).toEqual(acknowledgement);
  expect(await trial.payment(payment.id)).toMatchObject({
    state: 'issued',
    nextStep: { action: 'inquire', dueAt: trial.clock.now() },
  });
});

// proves NOT-01
describe('what is not believed', () => {
  it.each([
    ['another amount', { paymentAmount: { currency: 'USD', value: '598' } }],
    ['another currency', { paymentAmount: { currency: 'HKD', value: '599' } }],
    ['no amount', { paymentAmount: undefined }],
    ['an amount that is none', { paymentAmount: { currency: 'USD', value: '5.99' } }],
  ])('a signed success with %s: it is recorded and alerted, and an inquiry looks', async (_, changes) => {
    const { trial, app, reported } = await setting();
    const payment = await openEntry(trial);
    const answer = await notifyPlus(app, success(payment, changes));
    expect(answer.statusCode).not.toBe(200);
    expect(await trial.payment(payment.id)).toMatchObject({
      state: 'issued',
      paidEvidence: false,
      nextStep: { action: 'inquire', dueAt: trial.clock.now() },
    });
    expect(reported).toHaveBeenCalledWith(
      expect.objectContaining({ paymentId: payment.id, call: 'notification', raw: expect.any(Buffer) }),
    );
  });

  it.each([
    ['the Open Platform’s amount', { total_amount: '99.99' }],
    ['the Open Platform’s missing amount', { total_amount: '' }],
  ])('%s', async (_, changes) => {
    const { trial, app, reported } = await setting();
    const payment = await openPayment(trial);
    expect((await notifyOpen(app, payment, changes)).body).toBe('fail');
    expect((await trial.payment(payment.id)).paidEvidence).toBe(false);
    expect(reported).toHaveBeenCalledTimes(1);
  });

  // proves RES-17
  it('a failure that is sent a hundred times: the wallet is asked once, and the timeline grows by one event', async () => {
    const { trial, app } = await setting();
    const payment = await openPayment(trial);
    const looks: (Date | undefined)[] = [];
    for (let repeat = 0; repeat < 100; repeat += 1) {
      expect((await notifyOpen(app, payment, { trade_status: 'TRADE_CLOSED' })).body).toBe('success');
      looks.push((await trial.payment(payment.id)).nextStep?.dueAt);
    }
    expect(new Set(looks.map((dueAt) => dueAt?.getTime()))).toEqual(new Set([trial.clock.now().getTime()]));
    const timeline = await trial.memory.journal.timeline('M0001', payment.id);
    expect(timeline.filter(({ type }) => type === 'NotPaidNotified')).toHaveLength(1);
  });

  // proves RES-17
  it('failures that are told now and then: each is measured by the one before it, not by the first', async () => {
    const { trial, app } = await setting();
    const payment = await openPayment(trial);
    const closed = { trade_status: 'TRADE_CLOSED' };
    await notifyOpen(app, payment, closed);
    await trial.clock.advance(60_000);
    await notifyOpen(app, payment, closed);
    const looked = await trial.payment(payment.id);
    const nextStep = { action: 'inquire', dueAt: new Date(trial.clock.now().getTime() + 60_000) } as const;
    const after = { ...looked, nextStep };
    await trial.memory.journal.recordPayment({ before: looked, after, events: [], announcements: [] });
    await notifyOpen(app, payment, closed);
    const { nextStep: next } = await trial.payment(payment.id);
    const waitMs = (next?.dueAt.getTime() ?? 0) - trial.clock.now().getTime();
    expect(waitMs).toBeGreaterThan(1_000);
    expect(waitMs).toBeLessThan(60_000);
  });

  it('a contradiction that is repeated: it is recorded and alerted once, each that differs', async () => {
    const { trial, app, reported } = await setting();
    const payment = await openEntry(trial);
    const stating = (value: string) => success(payment, { paymentAmount: { currency: 'USD', value } });
    for (let repeat = 0; repeat < 10; repeat += 1) {
      for (const value of ['598', '1']) {
        expect((await notifyPlus(app, stating(value))).statusCode).not.toBe(200);
      }
    }
    const timeline = await trial.memory.journal.timeline('M0001', payment.id);
    expect(timeline.filter(({ type }) => type === 'ContradictoryNotification')).toMatchObject([
      { data: { detail: 'it states 598 USD instead of 599 USD' } },
      { data: { detail: 'it states 1 USD instead of 599 USD' } },
    ]);
    expect(reported).toHaveBeenCalledTimes(2);
    expect((await notifyPlus(app, success(payment))).json()).toEqual(acknowledgement);
    expect((await trial.payment(payment.id)).state).toBe('succeeded');
  });

  it('a signature over something else: it is kept for people, and changes nothing', async () => {
    const { trial, app, untrusted } = await setting();
    const payment = await openEntry(trial);
    const before = await trial.payment(payment.id);
    let isKept = false;
    untrusted.mockImplementationOnce(async () => {
      await new Promise((resolve) => setTimeout(resolve, 20));
      isKept = true;
    });
    const answer = await notifyPlus(app, success(payment), { signed: '{}' });
    expect(answer.statusCode).not.toBe(200);
    expect(isKept).toBe(true);
    expect(untrusted).toHaveBeenCalledWith(
      expect.objectContaining({ wallet: 'alipay_plus', account: 'sandbox' }),
    );
    expect(await trial.payment(payment.id)).toEqual(before);
  });

  it('another client of the same wallet, another application, an account that nobody configured', async () => {
    const { trial, app, untrusted } = await setting();
    const payment = await openEntry(trial);
    const open = await openPayment(trial);
    expect((await notifyPlus(app, success(payment), { as: 'SANDBOX_OTHER' })).statusCode).not.toBe(200);
    expect((await notifyOpen(app, open, { app_id: '2021000000000009' })).body).toBe('fail');
    expect(untrusted).toHaveBeenCalledTimes(2);
    for (const url of ['/notify/alipay_plus/other', '/notify/nobody/sandbox']) {
      expect((await app.inject({ method: 'POST', url, payload: '{}' })).statusCode).toBe(404);
    }
    expect([(await trial.payment(payment.id)).state, (await trial.payment(open.id)).state]).toEqual([
      'issued',
      'submitted',
    ]);
  });

  it('one that names a payment of another wallet, or of nobody: it is kept in sight and not acknowledged', async () => {
    const { trial, app, strays } = await setting();
    const open = await openPayment(trial);
    const unknown = { paymentRequestId: `P${'0'.repeat(31)}` };
    expect((await notifyPlus(app, success(open))).statusCode).not.toBe(200);
    expect((await notifyPlus(app, success(open, unknown))).statusCode).not.toBe(200);
    expect((await notifyPlus(app, success(open, { paymentRequestId: 'ORDER-1' }))).statusCode).not.toBe(200);
    expect(strays.map(({ requestId }) => requestId)).toEqual([
      paymentRequestId(open.id),
      unknown.paymentRequestId,
      'ORDER-1',
    ]);
    expect(strays[1]?.says).toBe('paid 599 USD as 20260302194010800100188000200000001');
    expect((await trial.payment(open.id)).state).toBe('submitted');
  });

  // proves CAN-02, NOT-02
  it('one of a payment that this database has lost, and whose cancel is held: it is evidence for that cancel', async () => {
    const { trial, app, strays } = await setting();
    const requestId = paymentRequestId((await openPayment(createTrial())).id).replace(/.$/, 'Z');
    const named = { merchantId: 'M0001', requestId, wallet: 'alipay_plus', account: 'sandbox' } as const;
    const cancel = newStrayCancel(named, trial.clock.now());
    await trial.engine.journal.holdCancelOfRequest('M0001', requestId, [cancel]);
    const open = await openPayment(trial);
    expect((await notifyPlus(app, success(open, { paymentRequestId: requestId }))).statusCode).toBe(200);
    const standing = await trial.engine.journal.findStrayCancel('M0001', cancel.id);
    // The amount is asked for: nothing here could tell whether this one is right.
    expect(standing).toMatchObject({ paidEvidence: true, amount: null });
    expect(strays).toEqual([]);
    // What speaks of another amount than the wallet has named when it was asked is kept in sight.
    if (standing === null) throw new Error('the cancel has vanished');
    const asked = { ...standing, amount: { currency: 'USD', minor: 599n } };
    await trial.engine.journal.recordStrayCancel(standing, asked);
    const other = { paymentRequestId: requestId, paymentAmount: { currency: 'USD', value: '1' } };
    expect((await notifyPlus(app, success(open, other))).statusCode).not.toBe(200);
    expect(strays).toHaveLength(1);
  });

  it('one of nobody that cannot be kept: it is not acknowledged, and nothing worse comes of it', async () => {
    const { app, failing } = await setting();
    failing.keep = true;
    const answer = await notifyPlus(app, success(await openPayment(createTrial())));
    expect(answer.statusCode).toBe(500);
    expect(answer.json().result.resultStatus).toBe('U');
  });

  it('a payment of the same wallet that was made with another of its accounts', async () => {
    const { trial, app, strays } = await setting();
    const payment = await openPayment(trial, { ...entry, account: 'other' });
    expect((await notifyPlus(app, success(payment))).statusCode).not.toBe(200);
    expect(strays).toMatchObject([{ account: 'sandbox', requestId: paymentRequestId(payment.id) }]);
    expect((await trial.payment(payment.id)).paidEvidence).toBe(false);
  });

  it.each(['', '{', '[]', 'null', '\u0000', '{"result":{}}'])(
    '%j, whatever it is meant to be',
    async (body) => {
      const { app } = await setting();
      const answers = [
        await notifyPlus(app, body),
        await app.inject({ method: 'POST', url: '/notify/alipay_open/sandbox', payload: body }),
      ];
      for (const answer of answers) {
        expect(answer.body).not.toContain('SUCCESS');
        expect(answer.body).not.toBe('success');
        expect(answer.statusCode).toBeLessThan(501);
      }
    },
  );

  it('more bytes than any wallet sends', async () => {
    const { app } = await setting();
    const answer = await notifyPlus(app, `{"a":"${'x'.repeat(70_000)}"}`);
    expect(answer.statusCode).toBe(413);
  });
});
