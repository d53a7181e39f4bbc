import { describe, expect, test } from 'vitest';
import { attemptCore, paymentRequestId } from './ids.ts';
import {
  attemptFailed,
  awaitingPayer,
  cancelledAtWallet,
  closed,
  effectedCancelled,
  effectedRefunded,
  noAnswer,
  notFound,
  nothingNamed,
  paid,
  refundInstead,
  unclear,
} from './inputs.fixture.ts';
import { hastened, policyFor, productsOf } from './policy.ts';
import {
  decideStrayCancel,
  newStrayCancel,
  paymentMadeAt,
  publicCancelStatus,
  type StrayCancel,
  type StrayCancelInput,
  standIn,
  strayCancelPolicy,
} from './stray-cancel.ts';
import { walletNames } from './wallets.ts';

const madeAt = new Date('2026-03-02T04:00:00.000Z');
const acceptedAt = new Date('2026-03-02T04:05:00.000Z');
const policy = strayCancelPolicy(
  productsOf('alipay_open').map((product) => policyFor('alipay_open', product)),
);

function requestIdMadeAt(at: Date): string {
  const core = attemptCore({
    merchantShortNo: 7,
    at,
    terminalId: 'T0001',
    amount: { currency: 'CNY', minor: 10_000n },
    merchantOrderNo: 'lost',
    random: new Uint8Array(15).fill(9),
  });
  return paymentRequestId(`pay_${core}`);
}

function stray(at = madeAt): StrayCancel {
  const named = { merchantId: 'M0001', wallet: 'alipay_open', account: 'sandbox' } as const;
  return newStrayCancel({ ...named, requestId: requestIdMadeAt(at) }, acceptedAt);
}

/** What becomes of it when these things happen, each when its step is due. */
function becomes(cancel: StrayCancel, ...inputs: StrayCancelInput[]): StrayCancel {
  return inputs.reduce(
    (current, input) => decideStrayCancel(current, input, policy, current.nextStep?.dueAt ?? acceptedAt),
    cancel,
  );
}

const cancelled = (answer: Extract<StrayCancelInput, { kind: 'cancel_answered' }>['answer']) =>
  ({ kind: 'cancel_answered', answer }) as const;
const inquired = (answer: Extract<StrayCancelInput, { kind: 'inquiry_answered' }>['answer']) =>
  ({ kind: 'inquiry_answered', answer }) as const;

describe('a cancel of a payment that nobody here knows', () => {
  test('is sent at once', () => {
    expect(stray()).toMatchObject({
      state: 'reversing',
      nextStep: { action: 'cancel', dueAt: acceptedAt },
      amount: null,
    });
    expect(publicCancelStatus(stray())).toBe('processing');
  });

  // proves CAN-02
  test('ends when the wallet names what it has undone', () => {
    for (const answer of [effectedRefunded, effectedCancelled]) {
      const ended = becomes(stray(), cancelled(answer));
      expect(ended).toMatchObject({
        state: 'cancelled',
        reversal: { state: 'effected' },
        cancelledBy: 'cancel',
        nextStep: null,
      });
      expect(publicCancelStatus(ended)).toBe('cancelled');
    }
  });

  // proves RES-06
  test.for([unclear, noAnswer()])('is repeated after %o, and in the end before people', (answer) => {
    const tries = Array<StrayCancelInput>(policy.cancelRetry.fastTries + 1).fill(cancelled(answer));
    expect(becomes(stray(), ...tries)).toMatchObject({
      state: 'reversing',
      nextStep: { action: 'cancel' },
      attention: { reason: 'cancel_unresolved' },
    });
  });

  // proves RES-20
  test('is watched while the wallet knows nothing of it, until no payment of its id can be paid any more', () => {
    const provisional = becomes(stray(), cancelled(nothingNamed));
    expect(provisional).toMatchObject({
      state: 'cancelled_provisionally',
      reversal: { state: 'watching' },
      nextStep: { action: 'inquire' },
    });
    const lastSafe = madeAt.getTime() + policy.codeLifeMs + policy.expiryMaxMs + policy.expiryGraceMs;
    let watched = provisional;
    for (let looks = 0; watched.state === 'cancelled_provisionally' && looks < 5_000; looks += 1) {
      const dueMs = watched.nextStep?.dueAt.getTime() ?? 0;
      expect(dueMs).toBeLessThanOrEqual(lastSafe);
      watched = becomes(watched, inquired(notFound), cancelled(nothingNamed));
    }
    expect(watched).toMatchObject({ state: 'cancelled', reversal: { state: 'baseless' } });
    expect(watched.updatedAt).toEqual(acceptedAt);
    expect(watched.nextStep?.action).toBe('inquire');
    expect(becomes(watched, inquired(notFound))).toMatchObject({ state: 'cancelled', nextStep: null });
  });

  // proves RES-20
  test('a payment that arrives while it is watched is cancelled', () => {
    const found = becomes(stray(), cancelled(nothingNamed), inquired(paid));
    expect(found).toMatchObject({ nextStep: { action: 'cancel' }, paidEvidence: true, amount: paid.amount });
    expect(becomes(found, cancelled(effectedRefunded))).toMatchObject({ state: 'cancelled', nextStep: null });
    const asked = becomes(stray(), cancelled(nothingNamed), inquired(awaitingPayer));
    expect(asked).toMatchObject({ nextStep: { action: 'cancel' }, paidEvidence: false, amount: null });
  });

  // proves RES-07
  test('past the cancel window gives back by refund what the wallet says was paid', () => {
    const barred = becomes(stray(), cancelled(refundInstead));
    expect(barred).toMatchObject({ nextStep: { action: 'inquire' }, amount: null });
    const refunding = becomes(barred, inquired(paid));
    expect(refunding).toMatchObject({
      nextStep: { action: 'refund' },
      amount: paid.amount,
      walletTransactionId: paid.walletTransactionId,
    });
    expect(standIn(refunding, policy)).toMatchObject({ amount: paid.amount, refunded: 0n });
    const refunded = becomes(refunding, { kind: 'reversal_refund_answered', answer: { kind: 'refunded' } });
    expect(refunded).toMatchObject({ state: 'cancelled', cancelledBy: 'refund', nextStep: null });
    expect(standIn(refunded, policy).refunded).toBe(paid.amount.minor);
  });

  // proves RES-07
  test('past the cancel window has nothing to give back where the wallet says that nothing is held', () => {
    for (const answer of [closed, cancelledAtWallet, attemptFailed]) {
      const ended = becomes(stray(), cancelled(refundInstead), inquired(answer));
      expect(ended).toMatchObject({ state: 'cancelled', cancelledBy: 'close', nextStep: null });
    }
  });

  test('keeps the amount that the wallet named first', () => {
    const found = becomes(stray(), cancelled(refundInstead), inquired(paid));
    const again = becomes(found, inquired({ ...paid, amount: { currency: 'CNY', minor: 1n } }));
    expect(again.amount).toEqual(paid.amount);
  });

  // proves RES-09
  test('is decided on again by a notification of payment, and its repeat changes nothing', () => {
    const provisional = becomes(stray(), cancelled(nothingNamed));
    const notified = { kind: 'notified', outcome: paid } as const;
    const found = becomes(provisional, notified);
    expect(found).toMatchObject({ nextStep: { action: 'cancel' }, paidEvidence: true, amount: null });
    expect(becomes(found, notified)).toBe(found);
    const refused = { kind: 'not_paid', code: 'ORDER_IS_CLOSED', message: 'closed' } as const;
    expect(becomes(provisional, { kind: 'notified', outcome: refused })).toBe(provisional);
  });

  // proves RES-17
  test('gives back what an inquiry says was paid, whatever amount was notified', () => {
    const notified = {
      kind: 'notified',
      outcome: { ...paid, amount: { currency: 'CNY', minor: 1n } },
    } as const;
    for (const barred of [
      becomes(stray(), notified, cancelled(refundInstead)),
      becomes(stray(), cancelled(refundInstead), notified),
    ]) {
      expect(barred).toMatchObject({ nextStep: { action: 'inquire' }, paidEvidence: true, amount: null });
      const asked = becomes(barred, inquired(paid));
      expect(asked).toMatchObject({ nextStep: { action: 'refund' }, amount: paid.amount });
      const refunded = becomes(asked, { kind: 'reversal_refund_answered', answer: { kind: 'refunded' } });
      expect(refunded).toMatchObject({ state: 'cancelled', cancelledBy: 'refund', nextStep: null });
      expect(becomes(barred, inquired(closed))).toMatchObject({ state: 'cancelled', nextStep: null });
    }
  });

  test('is decided on again by money that turns up after its end', () => {
    const baseless = becomes(stray(new Date('2026-02-01T04:00:00.000Z')), cancelled(nothingNamed));
    const ended = becomes(baseless, inquired(notFound), cancelled(nothingNamed));
    expect(ended).toMatchObject({ state: 'cancelled', reversal: { state: 'baseless' } });
    const late = becomes(ended, inquired(paid));
    expect(late).toMatchObject({
      state: 'cancelled',
      reversal: { state: 'cancelling' },
      attention: { reason: 'paid_after_end' },
    });
    expect(late.nextStep).not.toBeNull();
  });

  // proves RES-13, CAN-03
  test('stands before people while its calls cannot leave or its step cannot be taken', () => {
    const now = acceptedAt;
    expect(decideStrayCancel(stray(), { kind: 'held_up' }, policy, now).attention?.reason).toBe(
      'cancel_unresolved',
    );
    const failing = decideStrayCancel(stray(), { kind: 'step_failed' }, policy, now);
    expect(failing.attention?.reason).toBe('step_failing');
    expect(decideStrayCancel(failing, { kind: 'step_failed' }, policy, now)).toBe(failing);
  });

  // proves RES-20
  test('is watched for as long as any product of its wallet lives, at a slow pace', () => {
    for (const wallet of walletNames) {
      const policies = productsOf(wallet).map((product) => policyFor(wallet, product));
      const own = strayCancelPolicy(policies);
      for (const product of policies) {
        expect(own.codeLifeMs + own.expiryMaxMs).toBeGreaterThanOrEqual(
          product.codeLifeMs + product.expiryMaxMs,
        );
      }
      expect(own.watchRetry.maxMs).toBeGreaterThan(policies[0]?.watchRetry.maxMs ?? 0);
    }
    expect(() => strayCancelPolicy([])).toThrow('without products');
  });

  test('counts as made when its id was, and an id from the future as no older than its cancel', () => {
    expect(paymentMadeAt(stray())).toEqual(madeAt);
    expect(paymentMadeAt(stray(new Date('2031-01-01T00:00:00Z')))).toEqual(acceptedAt);
    expect(() => standIn({ ...stray(), requestId: 'P0' }, policy)).toThrow('not one of our upstream ids');
  });

  test('runs on a trial’s faster clock as every payment does', () => {
    const fast = hastened(policy, 100);
    const tried = decideStrayCancel(stray(), cancelled(unclear), fast, acceptedAt);
    expect(tried.nextStep?.dueAt.getTime()).toBe(acceptedAt.getTime() + fast.cancelRetry.firstMs);
  });
});
