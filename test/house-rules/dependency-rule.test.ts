import { describe, expect, test } from 'vitest';
import { dependencyComplaints, importCircles } from './dependency-rule.ts';
import { importsOf } from './imports.ts';
import { purityComplaints } from './pure-code.ts';
import { isCode, projectFiles } from './source-files.ts';

const files = projectFiles();

describe('the project keeps the dependency rule', () => {
  test('every folder imports only what the rule lets it', () => {
    expect(dependencyComplaints(files)).toEqual([]);
  });

  test('no files import each other in a circle', () => {
    expect(importCircles(files)).toEqual([]);
  });

  test('time, chance and the world come in as arguments', () => {
    expect(purityComplaints(files)).toEqual([]);
  });

  test('there is something to check: every folder of the layout has code', () => {
    for (const folder of [
      'domain',
      'protocols',
      'ports',
      'operations',
      'jobs',
      'inbound',
      'adapters',
      'apps',
    ]) {
      expect(files.some((file) => file.path.startsWith(`src/${folder}/`))).toBe(true);
    }
    expect(files.some((file) => file.path.startsWith('cashier/') && isCode(file.path))).toBe(true);
    const imports = files.filter((file) => isCode(file.path)).flatMap(importsOf);
    const known = new Set(files.map((file) => file.path));
    expect(imports.length).toBeGreaterThan(500);
    expect(imports.filter(({ target }) => target !== null && !known.has(target))).toEqual([]);
  });
});

describe('a planted violation is found', () => {
  const complaintsAbout = (path: string, line: string): string[] =>
    dependencyComplaints([{ path, text: `${line}\n` }]);

  test.each([
    ['src/domain/payment.ts', "import { Pool } from 'pg';"],
    ['src/domain/payment.ts', "import { readFileSync } from 'node:fs';"],
    ['src/domain/payment.ts', "import type { Journal } from '../ports/journal.ts';"],
    ['src/domain/payment.ts', "export { pay } from '../operations/pay.ts';"],
    ['src/domain/payment.ts', "const { pay } = await import('../operations/pay.ts');"],
    ['src/domain/payment.ts', "import {\n  pay,\n  type PayResult,\n} from '../operations/pay.ts';"],
    ['src/domain/payment.ts', "import '../adapters/sealing.ts';"],
    ['src/domain/payment.ts', "import * as pay from '../operations/pay.ts';"],
    ['src/protocols/alipay-open/form.ts', "import { request } from 'undici';"],
    ['src/protocols/alipay-open/form.ts', "import { createServer } from 'node:http';"],
    ['src/protocols/alipay-open/form.ts', "import type { WalletGateway } from '../../ports/wallet.ts';"],
    ['src/ports/wallet.ts', "import type { FastifyRequest } from 'fastify';"],
    ['src/ports/wallet.ts', "import { signature } from '../protocols/alipay-open/signature.ts';"],
    ['src/operations/pay.ts', "import { openDatabase } from '../adapters/postgres/database.ts';"],
    ['src/operations/pay.ts', "import { settings } from '../apps/settings.ts';"],
    ['src/jobs/due-loop.ts', "import { setTimeout } from 'node:timers/promises';"],
    ['src/inbound/rest/payments.ts', "import { openDatabase } from '../../adapters/postgres/database.ts';"],
    ['src/inbound/rest/payments.ts', "import { startDueLoop } from '../../jobs/due-loop.ts';"],
    ['src/adapters/postgres/payments.ts', "import { pay } from '../../operations/pay.ts';"],
    ['src/adapters/postgres/payments.ts', "import { routes } from '../../inbound/rest/routes.ts';"],
    ['src/adapters/postgres/payments.ts', "import { random } from '../../../test/simulation/random.ts';"],
    ['src/adapters/postgres/payments.ts', "import { listen } from '../../../simulator/listening.ts';"],
    ['src/domain/payment.ts', "import { examplePayment } from './payments.fixture.ts';"],
    ['src/apps/serve.ts', "import { random } from '../../test/simulation/random.ts';"],
    ['src/services/pay.ts', "import { pay } from '../operations/pay.ts';"],
    ['simulator/main.ts', "import { sign } from '../src/protocols/alipay-open/signature.ts';"],
    ['src/inbound/rest/payments.ts', "import { html } from '../../../cashier/html.ts';"],
    ['src/operations/pay.ts', "import { html } from '../../cashier/html.ts';"],
    ['src/inbound/cashier/entry.ts', "import { listen } from '../../../simulator/listening.ts';"],
    ['cashier/entry-page.ts', "import { formatDecimal } from '../src/domain/money.ts';"],
    ['cashier/entry-page.ts', "import { payers } from '../simulator/payers.ts';"],
    ['cashier/entry-page.ts', "import { render } from 'preact';"],
    ['cashier/entry-page.ts', "import { readFileSync } from 'node:fs';"],
    ['cashier/entry-page.ts', "import { exampleFrame } from './views.fixture.ts';"],
    ['scripts/run.mjs', "import pino from 'pino';"],
    ['bin/shoudan.mjs', "import { cli } from '../src/apps/cli.ts';"],
    ['test/reporter.ts', "import notes from '../../shared/notes.json';"],
  ])('%s: %s', (path, line) => {
    const complaints = complaintsAbout(path, line);
    expect(complaints).toHaveLength(1);
    expect(complaints[0]).toMatch(/Instead .{20,}\.$/);
    expect(complaints[0]).toContain(path);
  });

  test.each([
    ['src/domain/payment.ts', "import { sign } from '../protocols/alipay-open/signature.ts';"],
    ['src/domain/money.ts', "import currencyCodes from 'currency-codes';"],
    ['src/domain/ids.ts', "import { createHash } from 'node:crypto';"],
    ['src/domain/payment.ts', "// import { pay } from '../operations/pay.ts';"],
    ['src/domain/payment.ts', "/* Once: import { pay } from '../operations/pay.ts'; */"],
    ['src/domain/payment.test.ts', "import fc from 'fast-check';"],
    ['src/operations/pay.ts', "import type { Clock } from '../ports/clock.ts';"],
    ['src/jobs/deliver.ts', "import { policyOf } from '../operations/record.ts';"],
    ['src/inbound/rest/payments.ts', "import { pay } from '../../operations/pay.ts';"],
    [
      'src/inbound/rest/payments.test.ts',
      "import { createMemoryJournal } from '../../adapters/memory/journal.ts';",
    ],
    ['src/adapters/postgres/payments.ts', "import pg from 'pg';"],
    ['src/inbound/cashier/entry.ts', "import { entryPage } from '../../../cashier/entry-page.ts';"],
    ['cashier/entry-page.ts', "import { html } from './html.ts';"],
    ['cashier/pages.test.ts', "import fc from 'fast-check';"],
    [
      'src/apps/simulate-command.ts',
      "const { run } = await import('../../test/simulation/simulate-seed.ts');",
    ],
    ['simulator/signing.test.ts', "import { AlipaySdk } from 'alipay-sdk';"],
    ['scripts/run.mjs', "import { isAlive } from '../src/adapters/processes/process-liveness.mjs';"],
  ])('and what is allowed is not: %s: %s', (path, line) => {
    expect(complaintsAbout(path, line)).toEqual([]);
  });

  test('a circle is told as the way around; one that only types make is none', () => {
    const circle = [
      { path: 'src/domain/a.ts', text: "import { b } from './b.ts';" },
      { path: 'src/domain/b.ts', text: "import { c } from './c.ts';" },
      { path: 'src/domain/c.ts', text: "import { a } from './a.ts';" },
    ];
    expect(importCircles(circle)).toHaveLength(1);
    expect(importCircles(circle)[0]).toContain(
      'src/domain/a.ts → src/domain/b.ts → src/domain/c.ts → src/domain/a.ts',
    );
    const [first, second] = circle;
    const types = {
      path: 'src/domain/c.ts',
      text: "import { type A } from './a.ts';\nimport type { B } from './b.ts';",
    };
    if (first !== undefined && second !== undefined)
      expect(importCircles([first, second, types])).toEqual([]);
  });
});

describe('planted time, chance and world are found', () => {
  const inDomain = (text: string): string[] => purityComplaints([{ path: 'src/domain/payment.ts', text }]);

  test.each([
    'const now = Date.now();',
    'const now = new Date();',
    'const now = Date();',
    'const start = performance.now();',
    'setTimeout(retry, 5_000);',
    'const id = Math.random();',
    'const id = randomBytes(15);',
    'const id = crypto.randomUUID();',
    'const port = process.env.PORT;',
    "console.log('paid');",
    'const answer = fetch(url);',
    'const payment = await journal.find(id);',
    'export async function pay() {}',
    'const later = Promise.resolve(payment);',
    'const here = import.meta.url;',
  ])('%s', (text) => {
    const complaints = inDomain(text);
    expect(complaints).toHaveLength(1);
    expect(complaints[0]).toMatch(
      /^src\/domain\/payment\.ts uses .*: src\/domain\/ has none\. Instead .{20,}\.$/,
    );
  });

  test.each([
    'const dueAt = new Date(now.getTime() + delayMs);',
    '/** The process that dies; never Date.now(). */',
    '// new Date() would be the host clock',
    'type When = Date;',
  ])('and arguments are not: %s', (text) => {
    expect(inDomain(text)).toEqual([]);
  });

  test('operations may wait, but not by the clock of the host', () => {
    const inOperations = (text: string): string[] =>
      purityComplaints([{ path: 'src/operations/pay.ts', text }]);
    expect(inOperations('const found = await journal.find(id);')).toEqual([]);
    expect(inOperations('await sleep(Date.now());')).toHaveLength(1);
  });

  test('edges of the system and tests may do all that', () => {
    for (const path of ['src/adapters/postgres/clock.ts', 'src/domain/ids.test.ts', 'src/apps/serve.ts']) {
      expect(purityComplaints([{ path, text: 'const now = Date.now();' }])).toEqual([]);
    }
  });
});
