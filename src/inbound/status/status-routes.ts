import type { FastifyInstance } from 'fastify';

export interface Readiness {
  readonly ready: boolean;
  /** By name: `ok`, or what is wrong, without secrets. */
  readonly checks: Readonly<Record<string, string>>;
}

export interface StatusOptions {
  readonly readiness: () => Promise<Readiness>;
  /** What a metrics collector reads; without it there is no `/metrics`. */
  readonly metricsText?: (() => Promise<{ readonly contentType: string; readonly body: string }>) | undefined;
}

/** For load balancers and collectors: alive, ready, and the metrics. None of them asks for a key. */
export function statusRoutes(app: FastifyInstance, options: StatusOptions): void {
  const { metricsText } = options;
  app.get('/livez', async () => ({ alive: true }));
  app.get('/readyz', async (_request, reply) => {
    const readiness = await options.readiness();
    return reply.code(readiness.ready ? 200 : 503).send(readiness);
  });
  if (metricsText === undefined) return;
  app.get('/metrics', async (_request, reply) => {
    const { contentType, body } = await metricsText();
    return reply.type(contentType).send(body);
  });
}
