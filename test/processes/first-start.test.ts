import { spawnSync } from 'node:child_process';
import { statSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import type { PaymentSnapshot } from '../../src/operations/snapshots.ts';
import { clearInstallations, installation, until, waitedForProcessorMs } from './installation.fixture.ts';
import { expectAgreement, merchantEndpoint, merchantWith, sandboxIn } from './merchant.fixture.ts';

clearInstallations();

it('npm start takes its own example payment, Ctrl-C ends it, and a second start finds everything again', async () => {
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
    webhook_secret: expect.stringMatching(/^whsec_\S+$/),
    payment_codes: { alipay_open: expect.stringMatching(/^(2[5-9]|30)\d{14,22}$/) },
  });
  const merchant = merchantWith(sandbox);
  expect(await merchant.ledger()).toEqual([]);

  const example = runExample(await exampleOf(first.stdout));
  expect(example).toMatchObject({ httpStatus: '201', payment: { status: 'succeeded' } });
  expect(await merchant.ledger()).toEqual([
    {
      wallet: 'alipay_open',
      payment_request_id: example.payment.payment_request_id,
      currency: 'CNY',
      amount: 1234,
      charged: 1234,
      refunded: 0,
      cancelled: false,
    },
  ]);

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
  expect(await merchant.ledger()).toHaveLength(2);

  // npm alone: it hands the signal to its shell, and the rest notices that its starter is gone.
  process.kill(second.pid, 'SIGTERM');
  await second.ended;
  await home.untilGone();
  expect(second.complaints()).toEqual(['stopping']);
});

function ownTimeMs(sinceMs: number, pids: readonly number[]): number {
  return performance.now() - sinceMs - waitedForProcessorMs(pids);
}

/** The command that the welcome shows, which stands between two empty lines. */
async function exampleOf(stdout: () => string): Promise<string> {
  const text = await until(
    'the welcome is printed whole',
    () => stdout(),
    (printed) => printed.includes('Ctrl-C'),
  );
  const example = /^ *(curl [\s\S]*?)\n\n/m.exec(text)?.[1];
  if (example === undefined) throw new Error(`no example in ${text}`);
  return example;
}

function runExample(example: string): { readonly httpStatus: string; readonly payment: PaymentSnapshot } {
  const run = spawnSync('sh', ['-c', `${example} -w '\\n%{http_code}'`], { encoding: 'utf8' });
  const [body = '', httpStatus = ''] = run.stdout.split('\n');
  return { httpStatus, payment: JSON.parse(body) };
}
