import { acceptPayment, neverSent, type PaymentRequest, submittedEvent } from '../domain/accept-payment.ts';
import { announcementsOfPayment } from '../domain/announcement.ts';
import { horizonOf } from '../domain/decide-reversal.ts';
import { idRandomBytes } from '../domain/ids.ts';
import type { Payment } from '../domain/payment.ts';
import type { PaymentPolicy } from '../domain/policy.ts';
import { type Refusal, refusal } from '../domain/refusals.ts';
import type { IdempotencyKey } from '../ports/journal.ts';
import type { Merchant } from '../ports/merchant-directory.ts';
import type { PayRequest } from '../ports/wallet.ts';
import type { Engine } from './engine.ts';
import { noteUntrusted, referenceOf } from './perform.ts';
import { policyOf, published, recordPaymentInput } from './record.ts';
import { noteTroubled } from './troubled-answers.ts';

export type PayResult =
  /** `replayed`: the same key and request were accepted before; this is what has become of that payment. */
  | { readonly kind: 'payment'; readonly payment: Payment; readonly replayed: boolean }
  | { readonly kind: 'refused'; readonly refusal: Refusal };

/** A payment that is recorded, with the call that was made for it still under way. */
export type BegunPayment =
  | {
      readonly kind: 'payment';
      /** As it was recorded. */
      readonly payment: Payment;
      /** As it stands once the wallet's answer is recorded; rejects when that could not be recorded. */
      readonly answered: Promise<Payment>;
      readonly replayed: boolean;
    }
  | { readonly kind: 'refused'; readonly refusal: Refusal };

/**
 * Takes a payment: accepts and records it, then calls the wallet once and records the answer. The step that
 * follows "no answer" is durable before the call is made, so that a crash at any instant leaves a row that the due
 * loop picks up; the call itself is never repeated. An outcome that is still open comes back as it stands.
 *
 * Refusals: those of {@link acceptPayment}, wallet_unavailable, idempotency_key_reused, order_already_paid, order_has_open_payment,
 * order_repeated. PAY-02, PAY-03, PAY-06, PAY-13, CAN-02.
 */
export async function pay(
  engine: Engine,
  merchant: Merchant,
  request: PaymentRequest,
  key: IdempotencyKey | null,
): Promise<PayResult> {
  const begun = await beginPay(engine, merchant, request, key);
  if (begun.kind === 'refused') return begun;
  return { kind: 'payment', payment: await begun.answered, replayed: begun.replayed };
}

/**
 * The same for a caller that does not wait for the wallet: resolves as soon as the payment is recorded, when the
 * call has been started. Whoever takes `answered` must handle its rejection.
 */
export async function beginPay(
  engine: Engine,
  merchant: Merchant,
  request: PaymentRequest,
  key: IdempotencyKey | null,
): Promise<BegunPayment> {
  const startMs = engine.clock.monotonicMs();
  const acceptance = acceptPayment(
    request,
    merchant,
    engine.policySpeed,
    engine.clock.now(),
    engine.entropy.bytes(idRandomBytes),
  );
  if (acceptance.kind === 'refused') return repeatedOr(engine, merchant, key, acceptance);
  const silent = silentAccount(engine, acceptance.payment);
  if (silent !== null) return repeatedOr(engine, merchant, key, silent);
  const { payment, policy } = acceptance;
  const opened = await engine.journal.openPayment(payment, [submittedEvent(payment)], key, []);
  switch (opened.kind) {
    case 'opened':
      published(engine, opened.payment, false);
      return {
        kind: 'payment',
        payment: opened.payment,
        answered: send(engine, merchant, opened.payment, request, policy, startMs),
        replayed: false,
      };
    case 'replayed':
      return resting(opened.payment, true);
    case 'key_reused':
      return { kind: 'refused', refusal: keyReused(key) };
    case 'order_held':
      return { kind: 'refused', refusal: orderHeld(opened.by, await policyOf(engine, opened.by)) };
    case 'order_repeated':
      return { kind: 'refused', refusal: orderRepeated(opened.latest) };
    case 'order_closed':
      return recordNeverSent(engine, payment, key);
    default:
      return opened satisfies never;
  }
}

/** What was begun under this key before; `null` when nothing was. Begins nothing. */
export async function findBegunPay(
  engine: Pick<Engine, 'journal'>,
  merchant: Merchant,
  key: IdempotencyKey,
): Promise<BegunPayment | null> {
  const repeat = await engine.journal.findPaymentOfKey(merchant.id, key);
  switch (repeat.kind) {
    case 'replayed':
      return resting(repeat.payment, true);
    case 'key_reused':
      return { kind: 'refused', refusal: keyReused(key) };
    case 'none':
      return null;
    default:
      return repeat satisfies never;
  }
}

/** A repeat of what was accepted is answered with it, even when it could not be accepted any more. */
async function repeatedOr(
  engine: Pick<Engine, 'journal'>,
  merchant: Merchant,
  key: IdempotencyKey | null,
  refused: BegunPayment,
): Promise<BegunPayment> {
  return (key === null ? null : await findBegunPay(engine, merchant, key)) ?? refused;
}

/** A payment that its wallet account cannot be asked for now is refused before anything is recorded. Money case 14. */
function silentAccount(
  engine: Pick<Engine, 'wallets'>,
  { wallet, account }: Payment,
): Extract<BegunPayment, { readonly kind: 'refused' }> | null {
  const forS = engine.wallets.outage?.(wallet, account)?.refusesForS ?? null;
  if (forS === null) return null;
  const detail = `${wallet} does not answer just now, and nothing was begun: send the same request again in ${forS} s.`;
  return {
    kind: 'refused',
    refusal: { ...refusal('wallet_unavailable', 'wallet', wallet, detail), retryAfterS: forS },
  };
}

/** A payment for which nobody is called now. */
function resting(payment: Payment, replayed: boolean): BegunPayment {
  return { kind: 'payment', payment, answered: Promise.resolve(payment), replayed };
}

async function send(
  engine: Engine,
  merchant: Merchant,
  payment: Payment,
  request: PaymentRequest,
  policy: PaymentPolicy,
  startMs: number,
): Promise<Payment> {
  const answer = await engine.wallets.gateway(payment.wallet).pay(
    {
      ...referenceOf(payment),
      start: request.start,
      subject: payment.subject,
      merchantOrderNo: payment.merchantOrderNo,
      merchant: { name: merchant.name, mcc: merchant.mcc },
      store: storeOf(merchant, payment.storeId),
      terminalId: payment.terminalId,
      subMerchantId: payment.subMerchantId,
      requestedAt: payment.createdAt,
      expiresAt: payment.expiresAt,
    },
    // Money case 2: counted from before the row was recorded, so that a stalled sender always loses to the
    // inquiry that is due after `payAnswerMs`.
    { sendBeforeMs: startMs + policy.payAnswerMs / 3, answerBeforeMs: startMs + policy.payAnswerMs },
  );
  const input = { kind: 'pay_answered', answer } as const;
  const { merchantId, id: paymentId } = payment;
  noteUntrusted(engine, merchantId, paymentId, 'pay', input);
  const recorded = await recordPaymentInput(engine, payment, input, policy);
  const about = { merchantId, paymentId, refundId: null, call: 'pay' };
  noteTroubled(engine, about, input, recorded.attention !== null);
  return recorded;
}

/** The store as payers and wallets know it. */
function storeOf(merchant: Merchant, storeId: string): PayRequest['store'] {
  const store = merchant.stores.find(({ id }) => id === storeId);
  if (store === undefined) throw new Error(`merchant ${merchant.id} has no store ${storeId}`);
  return { id: store.id, name: store.name, mcc: store.mcc ?? merchant.mcc };
}

/** A cancel of the order came first: recorded as cancelled, answered as such, never sent upstream. CAN-02. */
async function recordNeverSent(
  engine: Engine,
  payment: Payment,
  key: IdempotencyKey | null,
): Promise<BegunPayment> {
  const closed = neverSent(payment);
  const opened = await engine.journal.openPayment(
    closed,
    [{ type: 'PaymentNeverSent', data: { reason: 'order_closed' } }],
    key,
    announcementsOfPayment(null, closed),
  );
  switch (opened.kind) {
    case 'opened':
      published(engine, opened.payment, opened.payment.notifyUrl !== null);
      return resting(opened.payment, false);
    case 'replayed':
      return resting(opened.payment, true);
    case 'key_reused':
      return { kind: 'refused', refusal: keyReused(key) };
    case 'order_held':
    case 'order_repeated':
    case 'order_closed':
      throw new Error(`a cancelled payment holds no order, yet ${payment.merchantOrderNo} refused it`);
    default:
      return opened satisfies never;
  }
}

export function keyReused(key: IdempotencyKey | null): Refusal {
  return refusal(
    'idempotency_key_reused',
    'Idempotency-Key',
    key?.key ?? null,
    `Idempotency-Key ${key?.key ?? ''} was used for another request: send a new key for a new request.`,
  );
}

/** Without a key nobody can tell another attempt from the late copy of a request that was cancelled since. */
function orderRepeated(latest: Payment): Refusal {
  return refusal(
    'order_repeated',
    'merchant_order_no',
    latest.merchantOrderNo,
    `merchant_order_no ${latest.merchantOrderNo} has the ended attempt ${latest.id}: send an Idempotency-Key to ` +
      'start another one, or use a new order number.',
    { payment_id: latest.id, payment_status_url: `/v1/payments/${latest.id}` },
  );
}

function orderHeld(by: Payment, policy: PaymentPolicy): Refusal {
  const facts = { payment_id: by.id, payment_status_url: `/v1/payments/${by.id}` };
  if (by.state === 'succeeded') {
    return refusal(
      'order_already_paid',
      'merchant_order_no',
      by.merchantOrderNo,
      `merchant_order_no ${by.merchantOrderNo} is paid by ${by.id}: use a new order number for a new sale.`,
      facts,
    );
  }
  if (by.state === 'cancelled_provisionally') {
    const retryAt = horizonOf(by, policy).toISOString();
    return refusal(
      'order_has_open_payment',
      'merchant_order_no',
      by.merchantOrderNo,
      `merchant_order_no ${by.merchantOrderNo} has the cancelled attempt ${by.id}, whose call could still ` +
        `arrive at the wallet until ${retryAt}: retry then, or use a new order number.`,
      { ...facts, retry_at: retryAt },
    );
  }
  return refusal(
    'order_has_open_payment',
    'merchant_order_no',
    by.merchantOrderNo,
    `merchant_order_no ${by.merchantOrderNo} has the open attempt ${by.id}: wait for its result, or cancel it.`,
    facts,
  );
}
