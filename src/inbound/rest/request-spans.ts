import {
  type Context,
  context,
  propagation,
  ROOT_CONTEXT,
  type Span,
  SpanKind,
  SpanStatusCode,
  trace,
} from '@opentelemetry/api';
import type { FastifyInstance, FastifyRequest } from 'fastify';

const tracer = trace.getTracer('shoudan');

/**
 * A span for each request, under which everything that it does is found. Whoever calls from outside does not decide what is
 * traced here: a trace that the request names is linked, and never gone on with.
 */
export function traceRequests(app: FastifyInstance): void {
  const contexts = new WeakMap<FastifyRequest, Context>();
  app.addHook('onRequest', (request, _reply, done) => {
    const route = request.routeOptions.url ?? 'no route';
    const caller = trace.getSpanContext(propagation.extract(ROOT_CONTEXT, request.headers));
    const span = tracer.startSpan(
      `${request.method} ${route}`,
      {
        kind: SpanKind.SERVER,
        attributes: {
          'http.request.method': request.method,
          'http.route': route,
          'shoudan.request.id': request.id,
        },
        links: caller === undefined ? [] : [{ context: caller }],
      },
      ROOT_CONTEXT,
    );
    const own = trace.setSpan(ROOT_CONTEXT, span);
    contexts.set(request, own);
    context.with(own, done);
  });
  // A body arrives in its connection's own turns, and what follows it has to find its way back.
  app.addHook('preValidation', (request, _reply, done) => {
    context.with(contexts.get(request) ?? ROOT_CONTEXT, done);
  });
  app.addHook('onResponse', async (request, reply) => {
    const own = contexts.get(request);
    const span = own === undefined ? undefined : trace.getSpan(own);
    span?.setAttribute('http.response.status_code', reply.statusCode);
    if (reply.statusCode >= 500) span?.setStatus({ code: SpanStatusCode.ERROR });
    span?.end();
  });
}

/** An operation under a span of its own, which tells what came of it and which payment it was. Nothing of the payer. */
export function inOperation<Result extends { readonly kind: string }>(
  operation: string,
  merchantId: string | null,
  work: () => Promise<Result>,
): Promise<Result> {
  const attributes = merchantId === null ? {} : { 'shoudan.merchant.id': merchantId };
  return tracer.startActiveSpan(operation, { attributes }, async (span) => {
    try {
      const result = await work();
      span.setAttribute('shoudan.outcome', result.kind);
      if ('payment' in result) tellPayment(span, result.payment);
      if ('refund' in result) tellRefund(span, result.refund);
      return result;
    } catch (error) {
      // Its message may name what no trace shall hold.
      span.setStatus({ code: SpanStatusCode.ERROR, message: error instanceof Error ? error.name : 'Error' });
      throw error;
    } finally {
      span.end();
    }
  });
}

function tellPayment(span: Span, payment: unknown): void {
  if (typeof payment !== 'object' || payment === null || !('id' in payment)) return;
  span.setAttribute('shoudan.payment.id', `${payment.id}`);
}

function tellRefund(span: Span, refund: unknown): void {
  if (typeof refund !== 'object' || refund === null || !('id' in refund)) return;
  span.setAttribute('shoudan.refund.id', `${refund.id}`);
  if ('paymentId' in refund) span.setAttribute('shoudan.payment.id', `${refund.paymentId}`);
}
