import type { FastifyInstance } from 'fastify';
import { openApiDocument } from '../rest/openapi.ts';
import type { OpenApiDocument } from '../rest/openapi-form.ts';
import { routesOf } from '../rest/routes.ts';

/** The published description of the gateway's `/v1` at `/openapi.json`. None of it asks for a key. */
export async function docsRoutes(app: FastifyInstance): Promise<void> {
  const described = describedOnce(app);
  app.get('/openapi.json', async (_request, reply) => {
    return reply
      .header('cache-control', 'no-cache')
      .type('application/json; charset=utf-8')
      .send(described().text);
  });
}

/** Made when it is first asked for, when every route is there, and kept: it changes with the program alone. */
function describedOnce(app: FastifyInstance) {
  let made: { readonly document: OpenApiDocument; readonly text: string } | null = null;
  return () => {
    if (made === null) {
      const document = openApiDocument(routesOf(app));
      made = { document, text: JSON.stringify(document) };
    }
    return made;
  };
}
