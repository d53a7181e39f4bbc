import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { Validator } from '@seriousme/openapi-schema-validator';
import { Ajv2020 } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { docsRoutes } from '../../src/inbound/docs/docs-routes.ts';
import { createTestGateway, type TestGateway } from '../../src/inbound/rest/gateway.fixture.ts';
import { openApiDocument, publishedPath } from '../../src/inbound/rest/openapi.ts';
import type { Content, OpenApiDocument, Operation } from '../../src/inbound/rest/openapi-form.ts';
import { type ProblemCode, problemStatuses } from '../../src/inbound/rest/problems.ts';
import { routesOf } from '../../src/inbound/rest/routes.ts';

const committedPath = fileURLToPath(new URL('../../docs/openapi.json', import.meta.url));

let gateway: TestGateway;
let document: OpenApiDocument;

beforeAll(async () => {
  gateway = await createTestGateway();
  await docsRoutes(gateway.app);
  document = (await gateway.app.inject('/openapi.json')).json();
});
afterAll(() => gateway.app.close());

function operations(): readonly { readonly name: string; readonly operation: Operation }[] {
  return Object.entries(document.paths).flatMap(([path, item]) =>
    Object.entries(item).map(([method, operation]) => ({
      name: `${method.toUpperCase()} ${path}`,
      operation,
    })),
  );
}

describe('the published description', () => {
  test('is OpenAPI 3.1 to a validator that is not ours', async () => {
    const validator = new Validator();
    expect(await validator.validate({ ...structuredClone(document) })).toEqual({ valid: true });
    expect(validator.version).toBe('3.1');
  });

  test('a planted fault is found by that validator', async () => {
    const broken = { ...structuredClone(document), paths: { '/v1/payments': { post: { responses: [] } } } };
    expect((await new Validator().validate(broken)).valid).toBe(false);
  });

  test('is docs/openapi.json, which UPDATE_OPENAPI=1 renews', () => {
    const text = `${JSON.stringify(document, null, 2)}\n`;
    if (process.env['UPDATE_OPENAPI'] === '1') writeFileSync(committedPath, text);
    expect(readFileSync(committedPath, 'utf8')).toBe(text);
  });

  test('has every route under /v1, and no other', () => {
    const routes = routesOf(gateway.app)
      .filter(({ url }) => url.startsWith('/v1/'))
      .map(({ method, url }) => `${method} ${publishedPath(url)}`);
    expect(routes.length).toBeGreaterThan(8);
    expect(
      operations()
        .map(({ name }) => name)
        .toSorted(),
    ).toEqual(routes.toSorted());
  });

  test('a route without words is our own mistake', async () => {
    const { app } = await createTestGateway();
    app.get('/v1/undescribed', async () => ({}));
    expect(() => openApiDocument(routesOf(app))).toThrow('GET /v1/undescribed is not described');
    await app.close();
  });

  test('gives each operation a name of its own, a summary and every part of its path', () => {
    const ids = operations().map(({ operation }) => operation.operationId);
    expect(new Set(ids).size).toBe(ids.length);
    for (const { name, operation } of operations()) {
      expect(operation.summary).not.toBe('');
      const inPath = operation.parameters.filter((one) => one.in === 'path').map((one) => one.name);
      expect(inPath).toEqual([...name.matchAll(/\{([^}]+)\}/g)].map(([, part]) => part));
    }
  });

  test('links what is made to what can be done with it', () => {
    const ids = operations().map(({ operation }) => operation.operationId);
    const links = operations().flatMap(({ operation }) =>
      Object.values(operation.responses).flatMap(({ links: some = {} }) => Object.values(some)),
    );
    expect(links.length).toBeGreaterThan(5);
    for (const { operationId } of links) expect(ids).toContain(operationId);
  });

  test('names every problem code where it can come, under its status', () => {
    const named = new Set<ProblemCode>();
    const answers = [
      ...operations().flatMap(({ operation }) => Object.values(operation.responses)),
      ...Object.values(document.components.responses),
    ];
    for (const { content } of answers) {
      const parts = content?.['application/problem+json']?.schema.allOf ?? [];
      for (const { properties } of parts) {
        for (const code of (properties?.['code']?.enum ?? []) as ProblemCode[]) {
          named.add(code);
          expect(properties?.['status']?.const).toBe(problemStatuses[code]);
        }
      }
    }
    expect([...named].toSorted()).toEqual(Object.keys(problemStatuses).toSorted());
  });

  test('shows examples that fit their schemas', () => {
    const ajv = new Ajv2020({ strict: false, allErrors: true });
    addFormats.default(ajv);
    ajv.addSchema(document, 'openapi');
    const contents = [
      ...operations().flatMap(({ operation }) => [
        operation.requestBody,
        ...Object.values(operation.responses),
      ]),
      ...Object.values(document.webhooks).map(({ post }) => post?.requestBody),
    ].flatMap((part) => Object.values(part?.content ?? {}));
    let shown = 0;
    for (const { schema, example, examples = {} } of contents satisfies Content[]) {
      const validate = ajv.compile(
        JSON.parse(JSON.stringify(schema).replaceAll('"#/', '"openapi#/')) as object,
      );
      const values = [
        ...(example === undefined ? [] : [example]),
        ...Object.values(examples).map((one) => one.value),
      ];
      for (const value of values) {
        shown += 1;
        expect([validate(value), value, validate.errors]).toEqual([true, value, null]);
      }
    }
    expect(shown).toBeGreaterThan(15);
  });

  test('says of every field, parameter and answer in Chinese what it says in English', async () => {
    const page = (await gateway.app.inject('/docs?lang=zh-CN')).body;
    const shown = [...page.matchAll(/<(?:dd|summary)>(.*?)<\/(?:dd|summary)>/gs)].map(([, text = '']) =>
      text.replace(/<code class="pattern">.*?<\/code>/gs, '').replace(/<[^>]*>/g, ' '),
    );
    expect(shown.length).toBeGreaterThan(100);
    // An English sentence has three words in a row, without quotes between them.
    expect(shown.filter((text) => /[A-Za-z]+ [a-z]+ [a-z]+/.test(text))).toEqual([]);
  });

  test('names only things that it has', () => {
    const refs = [...JSON.stringify(document).matchAll(/"\$ref":"#\/([^"]+)"/g)].map(([, path = '']) => path);
    expect(refs.length).toBeGreaterThan(50);
    for (const path of refs) {
      const found = path
        .split('/')
        .reduce<unknown>((part, step) => (part as Record<string, unknown> | undefined)?.[step], document);
      expect([path, typeof found]).toEqual([path, 'object']);
    }
  });
});
