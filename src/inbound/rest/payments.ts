import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox';
import type { FastifyInstance, FastifyReply } from 'fastify';
import { Type } from 'typebox';
import { type Payment, publicStatus } from '../../domain/payment.ts';
import { type Refusal, refusal } from '../../domain/refusals.ts';
import { beginCancelPayment } from '../../operations/cancel.ts';
import { notePayerSeen } from '../../operations/entry-payment.ts';
import { type BegunPayment, beginPay, findBegunPay } from '../../operations/pay.ts';
import { type PaymentSnapshot, paymentSnapshot } from '../../operations/snapshots.ts';
import type { IdempotencyKey } from '../../ports/journal.ts';
import type { Merchant } from '../../ports/merchant-directory.ts';
import { overloaded } from './admission.ts';
import { merchantNamed, merchantOfId } from './caller.ts';
import type { RestContext } from './context.ts';
import { emptyForm, ordersQuery, paymentForm, paymentRequestOf } from './forms.ts';
import { idempotencyKeyOf } from './idempotency-key.ts';
import { operations } from './operation-words.ts';
import { preferredWaitMs, waitSecondsDefault } from './prefer-wait.ts';
import { refused } from './problems.ts';
import { inOperation } from './request-spans.ts';
import { listOf, paymentSchema, timelineEventSchema } from './snapshot-schemas.ts';

export const paymentIdParams = Type.Object({
  id: Type.String({ description: 'the id of a payment, `pay_…`' }),
});

/** `/v1/payments`: pay, look, cancel, and the timeline. PAY-02, PAY-03, ACQ-03. */
export function paymentRoutes(app: FastifyInstance, context: RestContext): void {
  const { engine, waits } = context;
  const typed = app.withTypeProvider<TypeBoxTypeProvider>();

  typed.post(
    '/v1/payments',
    {
      config: { operation: operations.createPayment },
      schema: { body: paymentForm, response: { '2xx': paymentSchema } },
    },
    async (request, reply) => {
      const waitMs = preferredWaitMs(request, reply, waitSecondsDefault);
      const deadlineMs = engine.clock.monotonicMs() + waitMs;
      const key = idempotencyKeyOf(request);
      const merchant = await merchantNamed(engine, request, request.body.merchant_id);
      const wish = paymentRequestOf(request.body, context.checkMerchantUrl);
      const place = context.admission.enter(merchant.id);
      try {
        const begun =
          place.kind === 'admitted'
            ? await inOperation('pay', merchant.id, () => beginPay(engine, merchant, wish, key))
            : await begunBefore(engine, merchant, key, place.retryAfterS);
        if (begun.kind === 'refused') throw refused(begun.refusal);
        if (begun.replayed) reply.header('idempotent-replayed', 'true');
        const work = context.watched(begun.answered);
        if (place.kind === 'admitted') place.holdUntil(work);
        const payment = await waits.untilFinal({
          ...paymentWait(context, begun.payment, reply, deadlineMs),
          // An order code is of use as soon as it is there: whoever asked for it shows it, and then waits.
          isFinal: (row) => publicStatus(row) !== 'processing' || row.payerAction !== null,
          work,
        });
        reply.header('location', `/v1/payments/${payment.id}`);
        return answerPayment(reply, payment, 201);
      } finally {
        if (place.kind === 'admitted') place.leave();
      }
    },
  );

  typed.get(
    '/v1/payments',
    {
      config: { operation: operations.listPayments },
      schema: { querystring: ordersQuery, response: { '2xx': listOf(paymentSchema) } },
    },
    async (request) => {
      const merchant = await merchantNamed(engine, request, request.query.merchant_id);
      const payments = await engine.journal.findPaymentsOfOrder(merchant.id, request.query.merchant_order_no);
      return { data: payments.map(paymentSnapshot), next_cursor: null };
    },
  );

  typed.get(
    '/v1/payments/:id',
    {
      config: { operation: operations.getPayment },
      schema: { params: paymentIdParams, response: { '2xx': paymentSchema } },
    },
    async (request, reply) => {
      const deadlineMs = engine.clock.monotonicMs() + preferredWaitMs(request, reply, 0);
      const merchant = await merchantOfId(engine, request, request.params.id, unknownPayment);
      const found = await foundPayment(context, merchant, request.params.id);
      // Who asks about a code that is shown stands before its payer. RES-16.
      const isShown = found.payerAction !== null && publicStatus(found) === 'processing';
      const row = isShown ? await notePayerSeen(engine, found) : found;
      return paymentSnapshot(await waits.untilFinal(paymentWait(context, row, reply, deadlineMs)));
    },
  );

  typed.post(
    '/v1/payments/:id/cancel',
    {
      config: { operation: operations.cancelPayment },
      schema: { params: paymentIdParams, body: emptyForm, response: { '2xx': paymentSchema } },
    },
    async (request, reply) => {
      const deadlineMs = engine.clock.monotonicMs() + preferredWaitMs(request, reply, waitSecondsDefault);
      idempotencyKeyOf(request);
      const merchant = await merchantOfId(engine, request, request.params.id, unknownPayment);
      const begun = await inOperation('cancel', merchant.id, () =>
        beginCancelPayment(engine, merchant.id, request.params.id),
      );
      if (begun.kind === 'refused') throw refused(begun.refusal);
      if (begun.kind === 'held') throw new Error(`the cancel of payment ${request.params.id} was held`);
      const payment = await waits.untilFinal({
        ...paymentWait(context, begun.payment, reply, deadlineMs),
        work: context.watched(begun.answered),
      });
      return answerPayment(reply, payment, 200);
    },
  );

  typed.get(
    '/v1/payments/:id/events',
    {
      config: { operation: operations.listPaymentEvents },
      schema: { params: paymentIdParams, response: { '2xx': listOf(timelineEventSchema) } },
    },
    async (request) => {
      const merchant = await merchantOfId(engine, request, request.params.id, unknownPayment);
      const payment = await foundPayment(context, merchant, request.params.id);
      const events = await engine.journal.timeline(merchant.id, payment.id);
      return {
        data: events.map(({ type, at, version, data }) => ({ type, at: at.toISOString(), version, data })),
        next_cursor: null,
      };
    },
  );
}

/** Under overload nothing is begun, but what was begun before is never denied: the repeat of it is a look. */
async function begunBefore(
  engine: RestContext['engine'],
  merchant: Merchant,
  key: IdempotencyKey | null,
  retryAfterS: number,
): Promise<BegunPayment> {
  const begun = key === null ? null : await findBegunPay(engine, merchant, key);
  if (begun === null) throw overloaded(retryAfterS);
  return begun;
}

/** How a payment is waited for. */
export function paymentWait(
  { engine }: Pick<RestContext, 'engine'>,
  payment: Payment,
  reply: FastifyReply,
  deadlineMs: number,
) {
  return {
    row: payment,
    work: null,
    read: () => engine.journal.findPayment(payment.merchantId, payment.id),
    isFinal: (row: Payment) => publicStatus(row) !== 'processing',
    deadlineMs,
    connection: reply.raw,
  };
}

/** A payment that is still processing is 202, and worth another look in a second. */
export function answerPayment(
  reply: FastifyReply,
  payment: Payment,
  statusWhenFinal: 200 | 201,
): PaymentSnapshot {
  answerStatus(reply, publicStatus(payment) !== 'processing', statusWhenFinal);
  return paymentSnapshot(payment);
}

export function answerStatus(reply: FastifyReply, final: boolean, statusWhenFinal: 200 | 201): void {
  if (final) reply.code(statusWhenFinal);
  else reply.code(202).header('retry-after', '1');
}

export async function foundPayment(
  { engine }: Pick<RestContext, 'engine'>,
  merchant: Merchant,
  paymentId: string,
): Promise<Payment> {
  const payment = await engine.journal.findPayment(merchant.id, paymentId);
  if (payment === null) throw refused(unknownPayment(paymentId));
  return payment;
}

export function unknownPayment(id: string): Refusal {
  const detail = `No payment ${id} is known: check the id, or look it up by merchant_order_no with GET /v1/payments.`;
  return refusal('payment_not_found', 'id', id, detail);
}
