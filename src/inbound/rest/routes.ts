import type { FastifyInstance, FastifyRequest, FastifySchema } from 'fastify';
import type { OperationWords } from './operation-words.ts';
import { ProblemAnswer, shortened } from './problems.ts';

declare module 'fastify' {
  interface FastifyContextConfig {
    /** What the published description says of a route; every route under `/v1` has it. */
    readonly operation?: OperationWords;
  }
}

export interface Route {
  readonly method: string;
  /** As it was registered: `/v1/payments/:id`. */
  readonly url: string;
  /** What its requests are validated with, and its answers written by. */
  readonly schema: FastifySchema;
  readonly operation: OperationWords | null;
}

interface KnownRoute extends Route {
  readonly pattern: RegExp;
}

const routeTables = new WeakMap<FastifyInstance, KnownRoute[]>();

/** Every route of a gateway, its plug-ins' included; HEAD, which follows from GET, is left out. */
export function routesOf(app: FastifyInstance): readonly Route[] {
  return routeTables.get(app) ?? [];
}

/** Keeps the table of `app`'s routes and answers what is in none of them: 404, or 405 for a known path. */
export function answerUnknownRoutes(app: FastifyInstance): void {
  const table: KnownRoute[] = [];
  routeTables.set(app, table);
  app.addHook('onRoute', ({ method, url, schema = {}, config }) => {
    const operation = config?.operation ?? null;
    for (const name of [method].flat()) {
      if (name !== 'HEAD') table.push({ method: name, url, schema, operation, pattern: patternOf(url) });
    }
  });
  const answer = async (request: FastifyRequest): Promise<never> => {
    throw unknownRoute(request, table);
  };
  app.setNotFoundHandler(answer);
  // Before its body is looked at: what no route takes is refused for that, whatever it carries.
  app.addHook('preParsing', async (request) => {
    if (request.is404 && request.server === app) await answer(request);
  });
}

function unknownRoute(request: FastifyRequest, table: readonly KnownRoute[]): ProblemAnswer {
  const [path = ''] = request.url.split('?');
  const methods = table.filter((route) => route.pattern.test(path)).map((route) => route.method);
  const shown = shortened(path);
  if (methods.length === 0) {
    return new ProblemAnswer({
      code: 'route_not_found',
      field: null,
      value: shown,
      detail: `There is no ${request.method} ${shown}: check the path; this API begins with /v1.`,
    });
  }
  const allow = [...new Set(methods)].join(', ');
  return new ProblemAnswer({
    code: 'method_not_allowed',
    field: null,
    value: request.method,
    detail: `${shown} does not take ${request.method}: send ${allow}.`,
    headers: { allow },
  });
}

function patternOf(url: string): RegExp {
  const steps = url.split('/').map((step) => {
    return step.startsWith(':') ? '[^/]+' : step.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
  });
  return new RegExp(`^${steps.join('/')}$`);
}
