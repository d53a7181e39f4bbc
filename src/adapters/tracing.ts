import { type Attributes, type Span, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api';
import { paymentIdOfRequest } from '../domain/ids.ts';
import type { DueRow } from '../ports/due-rows.ts';
import type { MerchantEndpoint } from '../ports/merchant-endpoint.ts';
import type { AroundCall } from './wallets/around-calls.ts';

/*
 * Spans of what this process asks of others, and of the steps that fall due. They go where the process's OpenTelemetry SDK
 * sends them, and nowhere without one. Ids, outcomes and codes alone are told: nothing of a payer, no secret, no URL.
 */

const tracer = trace.getTracer('shoudan');

/** A call to a wallet. */
export const tracedCall: AroundCall = ({ wallet, name, account, requestId }, ask) =>
  inSpan(
    `${wallet} ${name}`,
    SpanKind.CLIENT,
    {
      'shoudan.wallet': wallet,
      'shoudan.account': account,
      'shoudan.call': name,
      ...paymentAttribute(paymentIdOfRequest(requestId)),
    },
    async (span) => {
      const answer = await ask();
      span.setAttribute('shoudan.outcome', answer.kind);
      const code = answer.kind === 'no_answer' ? answer.reason : answer.code;
      if (code !== undefined) span.setAttribute('shoudan.code', code);
      if (answer.kind === 'no_answer') span.setStatus({ code: SpanStatusCode.ERROR });
      return answer;
    },
  );

/** One try to deliver a message. */
export function tracedEndpoint(endpoint: MerchantEndpoint): MerchantEndpoint {
  return {
    send: (message) =>
      inSpan('deliver', SpanKind.CLIENT, { 'shoudan.delivery.id': message.messageId }, async (span) => {
        const reply = await endpoint.send(message);
        span.setAttribute('shoudan.outcome', reply.kind);
        if (reply.kind !== 'accepted') span.setStatus({ code: SpanStatusCode.ERROR });
        return reply;
      }),
  };
}

/**
 * A step that has fallen due. It belongs to no request: what leads from one step of a payment to the next is the payment's id.
 */
export function tracedStep(row: DueRow, work: () => Promise<void>): Promise<void> {
  const { name, attributes } = stepOf(row);
  return inSpan(name, SpanKind.CONSUMER, attributes, work);
}

function stepOf(row: DueRow): { readonly name: string; readonly attributes: Attributes } {
  switch (row.kind) {
    case 'payment': {
      const { id, merchantId, nextStep, tries, wallet } = row.payment;
      return {
        name: `payment ${nextStep?.action ?? 'none'}`,
        attributes: {
          ...paymentAttribute(id),
          'shoudan.merchant.id': merchantId,
          'shoudan.wallet': wallet,
          'shoudan.tries': tries,
        },
      };
    }
    case 'refund': {
      const { id, paymentId, merchantId, nextStep, tries } = row.refund;
      return {
        name: `refund ${nextStep?.action ?? 'none'}`,
        attributes: {
          ...paymentAttribute(paymentId),
          'shoudan.refund.id': id,
          'shoudan.merchant.id': merchantId,
          'shoudan.tries': tries,
        },
      };
    }
    case 'stray_cancel': {
      const { requestId, merchantId, wallet, nextStep, tries } = row.cancel;
      return {
        name: `stray cancel ${nextStep?.action ?? 'none'}`,
        attributes: {
          ...paymentAttribute(paymentIdOfRequest(requestId)),
          'shoudan.merchant.id': merchantId,
          'shoudan.wallet': wallet,
          'shoudan.tries': tries,
        },
      };
    }
    case 'delivery': {
      const { id, paymentId, merchantId, type, tries } = row.delivery;
      return {
        name: `delivery ${type}`,
        attributes: {
          ...paymentAttribute(paymentId),
          'shoudan.delivery.id': id,
          'shoudan.merchant.id': merchantId,
          'shoudan.tries': tries,
        },
      };
    }
    default:
      return row satisfies never;
  }
}

function paymentAttribute(paymentId: string | null): Attributes {
  return paymentId === null ? {} : { 'shoudan.payment.id': paymentId };
}

function inSpan<Result>(
  name: string,
  kind: SpanKind,
  attributes: Attributes,
  work: (span: Span) => Promise<Result>,
): Promise<Result> {
  return tracer.startActiveSpan(name, { kind, attributes }, async (span) => {
    try {
      return await work(span);
    } catch (error) {
      // Its message may name what no trace shall hold.
      span.setStatus({ code: SpanStatusCode.ERROR, message: error instanceof Error ? error.name : 'Error' });
      throw error;
    } finally {
      span.end();
    }
  });
}
