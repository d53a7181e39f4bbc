import { spawnSync } from 'node:child_process';
import { statSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import type { PaymentSnapshot } from '../../src/operations/snapshots.ts';
import { clearInstallations, installation, until, waitedForProcessorMs } from './installation.fixture.ts';
import { expectAgreement, merchantEndpoint, merchantWith, sandboxIn } from './merchant.fixture.ts';

clearInstallations();

it('npm start takes its own example payments, Ctrl-C ends it, and a second start finds everything again', async () => {
  const home = await installation();
  const first = home.npmStart();
  await home.untilReady(first);

  // Read at the very moment of the first 200: whoever waits for /readyz may rely on it.
  const sandbox = sandboxIn(home.dataDir);
  expect(statSync(join(home.dataDir, 'sandbox.json')).mode & 0o777).toBe(0o600);
  expect(sandbox).toEqual({
    gateway_url: home.gatewayUrl,
    simulator_url: home.simulatorUrl,
    api_key: expect.stringMatching(/^sk_sandbox_\S+$/),
    merchant_id: expect.stringMatching(/^[0-9A-Za-z]{1,32}$/),
    smid: expect.stringMatching(/^\d{16}$/),
    store_id: expect.stringMatching(/^[0-9A-Za-z]{1,32}$/),
    terminal_id: expect.stringMatching(/^[0-9A-Za-z]{1,8}$/),
    entry_code_url: expect.stringMatching(`^${home.gatewayUrl}/c/[0-9A-HJKMNP-TV-Z]{20}$`),
    webhook_secret: expect.stringMatching(/^whsec_\S+$/),
    payment_codes: {
      alipay_open: expect.stringMatching(/^(2[5-9]|30)\d{14,22}$/),
      alipay_plus: expect.stringMatching(/^(2[5-9]|30)\d{14,22}$/),
    },
  });
  const merchant = merchantWith(sandbox);
  expect(await merchant.ledger()).toEqual([]);

  const welcome = await welcomeOf(first.stdout);
  expect(welcome).toContain(sandbox.entry_code_url);
  const [example, inDollars] = examplesIn(welcome).map(runExample);
  if (example === undefined || inDollars === undefined) throw new Error(`no two examples in ${welcome}`);
  const charged = { amount: 1234, charged: 1234, refunded: 0, cancelled: false };
  for (const { httpStatus, payment } of [example, inDollars]) {
    expect({ httpStatus, status: payment.status }).toEqual({ httpStatus: '201', status: 'succeeded' });
  }
  expect(await merchant.ledger()).toEqual([
    {
      wallet: 'alipay_open',
      payment_request_id: example.payment.payment_request_id,
      currency: 'CNY',
      ...charged,
    },
    {
      wallet: 'alipay_plus',
      payment_request_id: inDollars.payment.payment_request_id,
      currency: 'USD',
      ...charged,
    },
  ]);
  const entryPage = await fetch(sandbox.entry_code_url);
  expect(entryPage.status).toBe(200);

  const endpoint = await merchantEndpoint();
  endpoint.accept();
  try {
    const { status, body } = await merchant.pay({ notify_url: endpoint.url });
    expect(status).toBe(201);
    const [message] = await until(
      'the delivery has arrived',
      () => endpoint.verified(sandbox.webhook_secret),
      (messages) => messages.length > 0,
    );
    expect(message).toMatchObject({
      type: 'payment.succeeded',
      data: { payment: { id: body.id, status: 'succeeded', amount: { currency: 'CNY', value: 1234 } } },
    });
  } finally {
    await endpoint.close();
  }

  // The reference's first example, as it stands.
  const { paths } = (await (await fetch(`${sandbox.gateway_url}/openapi.json`)).json()) as Reference;
  const exampleOfReference = paths['/v1/payments'].post.requestBody.content['application/json'].examples;
  const { status: created, body: sale } = await merchant.call<PaymentSnapshot>(
    'POST',
    '/v1/payments',
    exampleOfReference.payment_code.value,
  );
  expect([created, sale.status]).toEqual([201, 'succeeded']);

  first.signalGroup('SIGINT');
  expect(await first.ended).toEqual({ exitCode: 0, signal: null });
  await home.untilGone();
  expect(first.complaints()).toEqual(['stopping']);

  const second = home.npmStart();
  await home.untilReady(second);
  expect(
    ownTimeMs(
      second.startedAtMs,
      home.processes().map(({ pid }) => pid),
    ),
  ).toBeLessThan(5_000);
  expect(sandboxIn(home.dataDir)).toEqual(sandbox);
  const kept = await merchant.payment(example.payment.id);
  expect(kept).toEqual(example.payment);
  expectAgreement(kept, await merchant.ledgerLine(kept));
  expect(await merchant.ledger()).toHaveLength(4);

  // npm alone: it hands the signal to its shell, and the rest notices that its starter is gone.
  process.kill(second.pid, 'SIGTERM');
  await second.ended;
  await home.untilGone();
  expect(second.complaints()).toEqual(['stopping']);
});

/** As much of the published description as leads to its first example. */
interface Reference {
  readonly paths: {
    readonly '/v1/payments': {
      readonly post: {
        readonly requestBody: {
          readonly content: {
            readonly 'application/json': {
              readonly examples: { readonly payment_code: { readonly value: object } };
            };
          };
        };
      };
    };
  };
}

function ownTimeMs(sinceMs: number, pids: readonly number[]): number {
  return performance.now() - sinceMs - waitedForProcessorMs(pids);
}

function welcomeOf(stdout: () => string): Promise<string> {
  return until(
    'the welcome is printed whole',
    () => stdout(),
    (printed) => printed.includes('Ctrl-C'),
  );
}

/** The commands that the welcome shows, each between two empty lines. */
function examplesIn(welcome: string): string[] {
  return [...welcome.matchAll(/^ *(curl [\s\S]*?)\n\n/gm)].map(([, example = '']) => example);
}

function runExample(example: string): { readonly httpStatus: string; readonly payment: PaymentSnapshot } {
  const run = spawnSync('sh', ['-c', `${example} -w '\\n%{http_code}'`], { encoding: 'utf8' });
  const [body = '', httpStatus = ''] = run.stdout.split('\n');
  return { httpStatus, payment: JSON.parse(body) };
}
