import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { Static } from 'typebox';
import { paymentRequestId } from '../../domain/ids.ts';
import { type Payment, publicStatus } from '../../domain/payment.ts';
import { type Refusal, refusal } from '../../domain/refusals.ts';
import { type BegunCancel, beginCancelOrder, beginCancelRequestId } from '../../operations/cancel.ts';
import { paymentSnapshot, strayCancelSnapshot } from '../../operations/snapshots.ts';
import { merchantNamed, merchantOfId } from './caller.ts';
import type { RestContext } from './context.ts';
import { cancelForm } from './forms.ts';
import { idempotencyKeyOf } from './idempotency-key.ts';
import { operations } from './operation-words.ts';
import { answerStatus, paymentWait } from './payments.ts';
import { preferredWaitMs, waitSecondsDefault } from './prefer-wait.ts';
import { faulty, refused } from './problems.ts';
import { inOperation } from './request-spans.ts';
import { cancelSchema } from './snapshot-schemas.ts';

type CancelForm = Static<typeof cancelForm>;

/** `/v1/cancels`: a cancel by what the caller knows when a create was never answered. CAN-02, money case 10. */
export function cancelRoutes(app: FastifyInstance, context: RestContext): void {
  const { engine, waits } = context;
  app.withTypeProvider<TypeBoxTypeProvider>().post(
    '/v1/cancels',
    {
      config: { operation: operations.createCancel },
      schema: { body: cancelForm, response: { '2xx': cancelSchema } },
    },
    async (request, reply) => {
      const deadlineMs = engine.clock.monotonicMs() + preferredWaitMs(request, reply, waitSecondsDefault);
      idempotencyKeyOf(request);
      const begun = await beginCancel(context, request, request.body);
      switch (begun.kind) {
        case 'refused':
          throw refused(begun.refusal);
        case 'held':
          return heldCancel(request.body, begun);
        case 'payment': {
          const payment = await waits.untilFinal({
            ...paymentWait(context, begun.payment, reply, deadlineMs),
            work: context.watched(begun.answered),
          });
          answerStatus(reply, publicStatus(payment) !== 'processing', 200);
          return appliedCancel(payment);
        }
        default:
          return begun satisfies never;
      }
    },
  );
}

async function beginCancel(
  { engine }: RestContext,
  request: FastifyRequest,
  form: CancelForm,
): Promise<BegunCancel> {
  const { merchant_order_no: orderNo, payment_request_id: requestId } = form;
  if (orderNo != null && requestId == null) {
    const merchant = await merchantNamed(engine, request, form.merchant_id);
    return inOperation('cancel', merchant.id, () => beginCancelOrder(engine, merchant.id, orderNo));
  }
  if (requestId != null && orderNo == null) {
    const merchant =
      form.merchant_id == null
        ? await merchantOfId(engine, request, requestId, unknownRequest)
        : await merchantNamed(engine, request, form.merchant_id);
    return inOperation('cancel', merchant.id, () => beginCancelRequestId(engine, merchant, requestId));
  }
  throw faulty('invalid_request', [
    {
      field: 'merchant_order_no',
      value: orderNo ?? null,
      detail:
        `merchant_order_no and payment_request_id are both ${orderNo == null ? 'missing' : 'present'}: ` +
        'send exactly one of them.',
    },
  ]);
}

type Held = Extract<BegunCancel, { readonly kind: 'held' }>;

function heldCancel(form: CancelForm, { latest, strays }: Held) {
  const { merchant_order_no: orderNo, payment_request_id: requestId } = form;
  return {
    object: 'cancel' as const,
    status: 'held' as const,
    merchant_order_no: orderNo ?? null,
    payment_request_id: requestId ?? null,
    payment: latest === null ? null : paymentSnapshot(latest),
    wallets: strays.map(strayCancelSnapshot),
    advice:
      orderNo == null
        ? `No payment with payment_request_id ${requestId} is known here. The cancel is kept, an operator sees it, ` +
          'and it goes to the wallets that may have the payment: nothing has to be repeated. The same request again ' +
          'shows what has become of it.'
        : `merchant_order_no ${orderNo} is closed: no payment of it is open or paid, and one that still arrives ` +
          'is not sent to the wallet. Use a new merchant_order_no for a new sale.',
  };
}

function appliedCancel(payment: Payment) {
  return {
    object: 'cancel' as const,
    status: 'applied' as const,
    merchant_order_no: payment.merchantOrderNo,
    payment_request_id: paymentRequestId(payment.id),
    payment: paymentSnapshot(payment),
    wallets: [],
    advice:
      publicStatus(payment) === 'processing'
        ? 'The cancel is accepted and goes on until the wallet has done it: look again with ' +
          `GET /v1/payments/${payment.id}; nothing has to be repeated.`
        : null,
  };
}

function unknownRequest(requestId: string): Refusal {
  return refusal(
    'payment_not_found',
    'payment_request_id',
    requestId,
    `payment_request_id ${requestId} is not one of this merchant's: send the value that the payment showed, ` +
      'or cancel by merchant_order_no.',
  );
}
