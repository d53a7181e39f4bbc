import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox';
import type { FastifyInstance, FastifyReply } from 'fastify';
import { Type } from 'typebox';
import { publicRefundStatus, type Refund } from '../../domain/refund.ts';
import { type Refusal, refusal } from '../../domain/refusals.ts';
import { beginRefund } from '../../operations/refund.ts';
import { refundSnapshot } from '../../operations/snapshots.ts';
import { merchantOfId } from './caller.ts';
import type { RestContext } from './context.ts';
import { refundCommandOf, refundForm } from './forms.ts';
import { idempotencyKeyOf } from './idempotency-key.ts';
import { operations } from './operation-words.ts';
import { answerStatus, foundPayment, paymentIdParams, unknownPayment } from './payments.ts';
import { preferredWaitMs, waitSecondsDefault } from './prefer-wait.ts';
import { refused } from './problems.ts';
import { inOperation } from './request-spans.ts';
import { listOf, refundSchema } from './snapshot-schemas.ts';

const refundIdParams = Type.Object({ id: Type.String({ description: 'the id of a refund, `re_…`' }) });

/** `/v1/payments/{id}/refunds` and `/v1/refunds`. RES-12. */
export function refundRoutes(app: FastifyInstance, context: RestContext): void {
  const { engine, waits } = context;
  const typed = app.withTypeProvider<TypeBoxTypeProvider>();

  typed.post(
    '/v1/payments/:id/refunds',
    {
      config: { operation: operations.createRefund },
      schema: { params: paymentIdParams, body: refundForm, response: { '2xx': refundSchema } },
    },
    async (request, reply) => {
      const deadlineMs = engine.clock.monotonicMs() + preferredWaitMs(request, reply, waitSecondsDefault);
      const key = idempotencyKeyOf(request);
      const merchant = await merchantOfId(engine, request, request.params.id, unknownPayment);
      const command = refundCommandOf(request.params.id, request.body);
      const begun = await inOperation('refund', merchant.id, () =>
        beginRefund(engine, merchant, command, key),
      );
      if (begun.kind === 'refused') throw refused(begun.refusal);
      if (begun.replayed) reply.header('idempotent-replayed', 'true');
      const refund = await waits.untilFinal({
        ...refundWait(context, begun.refund, reply, deadlineMs),
        work: context.watched(begun.answered),
      });
      reply.header('location', `/v1/refunds/${refund.id}`);
      answerStatus(reply, isFinal(refund), 201);
      return refundSnapshot(refund);
    },
  );

  typed.get(
    '/v1/payments/:id/refunds',
    {
      config: { operation: operations.listRefunds },
      schema: { params: paymentIdParams, response: { '2xx': listOf(refundSchema) } },
    },
    async (request) => {
      const merchant = await merchantOfId(engine, request, request.params.id, unknownPayment);
      const payment = await foundPayment(context, merchant, request.params.id);
      const refunds = await engine.journal.findRefundsOfPayment(merchant.id, payment.id);
      return { data: refunds.toSorted(newestFirst).map(refundSnapshot), next_cursor: null };
    },
  );

  typed.get(
    '/v1/refunds/:id',
    {
      config: { operation: operations.getRefund },
      schema: { params: refundIdParams, response: { '2xx': refundSchema } },
    },
    async (request, reply) => {
      const deadlineMs = engine.clock.monotonicMs() + preferredWaitMs(request, reply, 0);
      const merchant = await merchantOfId(engine, request, request.params.id, unknownRefund);
      const found = await engine.journal.findRefund(merchant.id, request.params.id);
      if (found === null) throw refused(unknownRefund(request.params.id));
      return refundSnapshot(await waits.untilFinal(refundWait(context, found, reply, deadlineMs)));
    },
  );
}

function refundWait(
  { engine }: Pick<RestContext, 'engine'>,
  refund: Refund,
  reply: FastifyReply,
  deadlineMs: number,
) {
  return {
    row: refund,
    work: null,
    read: () => engine.journal.findRefund(refund.merchantId, refund.id),
    isFinal,
    deadlineMs,
    connection: reply.raw,
  };
}

function isFinal(refund: Refund): boolean {
  return publicRefundStatus(refund) !== 'processing';
}

function newestFirst(a: Refund, b: Refund): number {
  return b.createdAt.getTime() - a.createdAt.getTime() || (a.id < b.id ? 1 : -1);
}

function unknownRefund(id: string): Refusal {
  const detail = `No refund ${id} is known: check the id, or list a payment's refunds with GET /v1/payments/{id}/refunds.`;
  return refusal('refund_not_found', 'id', id, detail);
}
