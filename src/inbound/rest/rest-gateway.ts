import { randomUUID } from 'node:crypto';
import Fastify, { type FastifyBaseLogger, type FastifyInstance, LogController } from 'fastify';
import type { Engine } from '../../operations/engine.ts';
import { type StatusOptions, statusRoutes } from '../status/status-routes.ts';
import { type Admission, admitAll, type OpenRequest, overloaded } from './admission.ts';
import { createBackground } from './background.ts';
import { callerOf, requireApiKey } from './caller.ts';
import { cancelRoutes } from './cancels.ts';
import type { RestContext } from './context.ts';
import { answerBrokenConnection, answerFailures, problemOf } from './failures.ts';
import type { MerchantUrlCheck } from './forms.ts';
import { namingOutages } from './journal-outage.ts';
import { acceptJsonBodies } from './json-body.ts';
import { paymentRoutes } from './payments.ts';
import { sendProblem } from './problems.ts';
import { createRateLimits, limitNothing, type RateLimits } from './rate-limit.ts';
import { refundRoutes } from './refunds.ts';
import { createSignatureCheck, requireSignedBodies, type SignatureCheck } from './request-signature.ts';
import { traceRequests } from './request-spans.ts';
import { answerUnknownRoutes } from './routes.ts';
import { createWaits } from './until-final.ts';

export interface RestGatewayOptions extends StatusOptions {
  readonly engine: Engine;
  readonly logger?: FastifyBaseLogger | false;
  /** Proxies that are believed when they say whose address they speak for: addresses, ranges, `loopback`. Nobody unless named. */
  readonly trustedProxies?: readonly string[];
  /** What stands against a merchant's URL, as the end of a sentence; `null` when nothing does. NOT-04. */
  readonly checkMerchantUrl?: MerchantUrlCheck;
  /** How many payments are taken at a time; all of them unless it is named. */
  readonly admission?: Admission;
  /** Requests a second of a key that has no limit of its own; nobody is limited unless it is named. */
  readonly requestsPerS?: number;
  /** Where merchants send their requests to, as signatures see it; unless it is named, whatever host they name. */
  readonly publicUrl?: string;
  /** Told of every request when it has been answered. */
  readonly onAnswered?: (request: AnsweredRequest) => void;
}

export interface AnsweredRequest {
  readonly method: string;
  /** As it was registered: `/v1/payments/:id`; `null` for a path that is none. */
  readonly route: string | null;
  readonly status: number;
  readonly seconds: number;
}

/** Largest body that is read. */
const bodyLimitBytes = 64 * 1024;
/** How long a closing gateway lets calls to wallets end; what is left then is picked up by its row. */
const closingPatienceMs = 3_000;

/**
 * The REST gateway, not listening yet; more routes may be added to it. It owns inquiry, retry and the final cancel:
 * the merchant is answered in the time that it asks for, and a payment goes on whoever still listens. ACQ-03.
 *
 * Closing it ends every wait with what was last seen and lets calls under way end for a moment.
 */
export async function createRestGateway(options: RestGatewayOptions): Promise<FastifyInstance> {
  const app = Fastify({
    ...(options.logger ? { loggerInstance: options.logger } : { logger: false }),
    // One line a request, written below: neither headers nor bodies are ever logged.
    logController: new LogController({ disableRequestLogging: true, requestIdLogLabel: 'requestId' }),
    genReqId: () => randomUUID(),
    bodyLimit: bodyLimitBytes,
    trustProxy: options.trustedProxies === undefined ? false : [...options.trustedProxies],
    keepAliveTimeout: 75_000,
    // The time to receive a request, not the time to answer it.
    requestTimeout: 30_000,
    // A request that still arrives while the gateway closes is answered like any other, and its connection ended.
    return503OnClosing: false,
    http: { maxHeaderSize: 16 * 1024, headersTimeout: 20_000, connectionsCheckingInterval: 5_000 },
    routerOptions: { maxParamLength: 256 },
    clientErrorHandler: answerBrokenConnection,
    frameworkErrors: (error, request, reply) => {
      reply.headers(everyAnswer(request.id));
      sendProblem(reply, problemOf(error, request, bodyLimitBytes));
    },
    ajv: {
      customOptions: {
        // What was sent is judged as it was sent: nothing is converted, filled in or dropped.
        coerceTypes: false,
        useDefaults: false,
        removeAdditional: false,
        // Bounded by the body limit; a caller learns of all its mistakes at once.
        allErrors: true,
        verbose: true,
        allowUnionTypes: true,
      },
    },
  });

  traceRequests(app);
  answerUnknownRoutes(app);
  answerFailures(app, bodyLimitBytes);
  acceptJsonBodies(app);
  app.addHook('onRequest', async (request, reply) => {
    reply.headers(everyAnswer(request.id));
  });
  const { onAnswered } = options;
  if (onAnswered !== undefined) {
    app.addHook('onResponse', async (request, reply) => {
      onAnswered({
        method: request.method,
        route: request.routeOptions.url ?? null,
        status: reply.statusCode,
        seconds: reply.elapsedTime / 1_000,
      });
    });
  }
  if (options.logger) {
    app.addHook('onResponse', async (request, reply) => {
      request.log.info(
        {
          method: request.method,
          route: request.routeOptions.url ?? null,
          status: reply.statusCode,
          durationMs: Math.round(reply.elapsedTime * 10) / 10,
        },
        'answered',
      );
    });
  }

  const engine = namingOutages(options.engine);
  const background = createBackground(engine.clock, (error) => {
    app.log.error({ err: error }, 'a call could not be recorded; its row is picked up when it falls due');
  });
  const waits = createWaits(engine, (error) => {
    app.log.warn({ err: error }, 'a row that a caller waits for could not be read; the wait goes on');
  });
  app.addHook('preClose', async () => waits.endAll());
  app.addHook('onClose', async () => background.ended(closingPatienceMs));

  const context: RestContext = {
    engine,
    waits,
    watched: background.watched,
    checkMerchantUrl: options.checkMerchantUrl ?? (() => null),
    admission: options.admission ?? admitAll(),
  };
  const { requestsPerS } = options;
  const limits =
    requestsPerS === undefined
      ? limitNothing()
      : createRateLimits({
          requestsPerS,
          monotonicMs: engine.clock.monotonicMs,
          onLimited: (who) => app.log.warn(who, 'requests are refused: their limit is used up'),
        });
  statusRoutes(app, options);
  await app.register(async (v1) => {
    boundOpenRequests(v1, context, limits, createSignatureCheck(engine, options.publicUrl));
    requireSignedBodies(v1);
    paymentRoutes(v1, context);
    cancelRoutes(v1, context);
    refundRoutes(v1, context);
  });
  return app;
}

const openDecorator = 'openRequest';

/**
 * Even looks and cancels are held in memory while they wait: far beyond the payments there is an end to them too, and an end
 * to those of one caller before the others'.
 */
function boundOpenRequests(
  v1: FastifyInstance,
  { engine, admission }: RestContext,
  limits: RateLimits,
  checkSignature: SignatureCheck,
): void {
  v1.decorateRequest(openDecorator, null);
  v1.addHook('onRequest', async (request, reply) => {
    const open = admission.open();
    if (open === null) throw overloaded(admission.retryAfterS());
    reply.raw.once('close', open.close);
    request.setDecorator(openDecorator, open);
  });
  requireApiKey(v1, engine, limits, checkSignature);
  v1.addHook('onRequest', async (request) => {
    const open = request.getDecorator<OpenRequest>(openDecorator);
    if (!open.ownedBy(callerOf(request))) throw overloaded(admission.retryAfterS());
  });
}

function everyAnswer(requestId: string): Record<string, string> {
  return { 'request-id': requestId, 'cache-control': 'no-store', 'x-content-type-options': 'nosniff' };
}
