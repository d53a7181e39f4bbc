import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { chosenLanguage } from '../../../cashier/languages.ts';
import { openApiDocument } from '../rest/openapi.ts';
import { routesOf } from '../rest/routes.ts';
import type { DocsFrame } from './docs-frame.ts';
import { operationsPage } from './operations-page.ts';
import { problemsPage } from './problems-page.ts';

/** It loads nothing of others, runs in nobody's frame, and sends examples to the gateway that serves it alone. */
const contentSecurityPolicy = [
  "default-src 'none'",
  "style-src 'self'",
  "script-src 'self'",
  'img-src data:',
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

/**
 * The published description of `/v1` at `/openapi.json`, and the reference made of it: `/docs` with examples that run, and
 * `/docs/problems` with what each problem code means. None of it asks for a key, and none of it says anything of a merchant.
 */
export async function docsRoutes(app: FastifyInstance): Promise<void> {
  const assets = { css: asset('css', 'text/css'), js: asset('js', 'text/javascript') };
  const described = describedOnce(app);
  const pages = new Map<string, string>();
  /** A page is the same for everybody who reads its language, and made once for all of them. */
  const pageOf = (request: FastifyRequest, root: string, make: (frame: DocsFrame) => string): string => {
    const query = new URLSearchParams(request.url.split('?')[1] ?? '');
    const accepted = request.headers['accept-language'] ?? null;
    const language = chosenLanguage({ query: query.get('lang'), cookie: null, accepted });
    const name = `${root} ${language}`;
    const page =
      pages.get(name) ?? make({ language, root, assets: { css: assets.css.path, js: assets.js.path } });
    pages.set(name, page);
    return page;
  };

  app.get('/openapi.json', async (_request, reply) => {
    return reply
      .header('cache-control', 'no-cache')
      .type('application/json; charset=utf-8')
      .send(described().text);
  });
  app.get('/docs', async (request, reply) => {
    const { document, words } = described();
    return sendPage(
      reply,
      pageOf(request, './', (frame) => operationsPage(frame, document, words)),
    );
  });
  // What people type; relative, so that a prefix before it stays.
  app.get('/docs/', async (_request, reply) => reply.redirect('../docs', 308));
  app.get('/docs/problems', async (request, reply) => sendPage(reply, pageOf(request, '../', problemsPage)));
  for (const { path, type, body } of Object.values(assets)) {
    app.get(`/${path}`, async (_request, reply) => {
      return reply.header('cache-control', 'public, max-age=31536000, immutable').type(type).send(body);
    });
  }
}

function sendPage(reply: FastifyReply, page: string): FastifyReply {
  return reply
    .headers({
      'content-security-policy': contentSecurityPolicy,
      'referrer-policy': 'no-referrer',
      'x-frame-options': 'DENY',
      vary: 'Accept-Language',
    })
    .type('text/html; charset=utf-8')
    .send(page);
}

/** Made when it is first asked for, when every route is there, and kept: it changes with the program alone. */
function describedOnce(app: FastifyInstance) {
  const make = () => {
    const routes = routesOf(app);
    const document = openApiDocument(routes);
    const words = routes.map(({ operation }) => operation).filter((one) => one !== null);
    return { document, words, text: JSON.stringify(document) };
  };
  let made: ReturnType<typeof make> | null = null;
  return () => {
    made ??= make();
    return made;
  };
}

/** A file of the pages, under an address that changes with its content. */
function asset(extension: 'css' | 'js', mediaType: string) {
  const body = readFileSync(new URL(`assets/docs.${extension}`, import.meta.url), 'utf8');
  const digest = createHash('sha256').update(body).digest('hex').slice(0, 16);
  return { path: `docs/assets/docs-${digest}.${extension}`, type: `${mediaType}; charset=utf-8`, body };
}
