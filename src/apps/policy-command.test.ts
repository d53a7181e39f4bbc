import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { createMerchantDirectory } from '../adapters/postgres/merchant-directory.ts';
import { saveMerchant } from '../adapters/postgres/merchant-records.ts';
import { openedTestDatabase } from '../adapters/postgres/opened-test-database.fixture.ts';
import { changePolicyOverrides, findPolicyOverrides } from '../adapters/postgres/policy-overrides.ts';
import { createSealing } from '../adapters/sealing.ts';
import { policyFor } from '../domain/policy.ts';
import { policyOf } from '../operations/record.ts';
import { type Ended, shoudan as run } from './scripted-gateway.fixture.ts';
import type { Environment } from './settings.ts';

const sealing = createSealing(Buffer.alloc(32, 7));
const { url: databaseUrl, database } = await openedTestDatabase();
const production = { SHOUDAN_ENV: 'production', SHOUDAN_PUBLIC_URL: 'https://pay.example.com' };
let folder: string;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'shoudan-policies-'));
  await saveMerchant(database, sealing, {
    id: 'M1',
    name: 'Tea House',
    mcc: null,
    notifyUrl: null,
    orderCodes: { scene: 'counter', expiryMs: 90_000 },
    stores: [],
    bindings: [],
  });
});

beforeEach(() => changePolicyOverrides(database, 'M1', () => ({})));
afterEach(() => vi.restoreAllMocks());
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function shoudan(words: string, more: Environment = {}): Promise<Ended> {
  return run(words, {
    DATABASE_URL: databaseUrl,
    SHOUDAN_DATA_DIR: folder,
    SHOUDAN_MASTER_KEY: '07'.repeat(32),
    ...more,
  });
}

const set = 'merchant policy set --merchant M1 --wallet alipay_open --product payment_code';

describe('shoudan merchant policy', () => {
  it('set takes times as people write them, for one product, and keeps what was set before', async () => {
    await shoudan(
      'merchant policy set --merchant M1 --wallet alipay_plus --product entry_code --set payer_active=1m',
    );
    await shoudan(`${set} --set pay_answer=25s --set cancels_failed=yes`);
    expect(await shoudan(`${set} --set cancel_retry_fast_tries=8 --set amount_max=500000`)).toEqual({
      exitCode: 0,
      out:
        'alipay_open payment_code\n' +
        '  figure                   override  default\n' +
        '  pay_answer               25s       15s\n' +
        '  cancels_failed           yes       no\n' +
        '  cancel_retry_fast_tries  8         6\n' +
        '  amount_max               500000    10000000000\n' +
        '\n' +
        'alipay_plus entry_code\n' +
        '  figure        override  default\n' +
        '  payer_active  1m        30s\n',
      err: '',
    });
    expect(await findPolicyOverrides(database, 'M1')).toEqual({
      alipay_open: {
        payment_code: {
          payAnswerMs: 25_000,
          cancelsFailed: true,
          cancelRetry: { fastTries: 8 },
          amountMaxMinor: 500_000n,
        },
      },
      alipay_plus: { entry_code: { payerActiveMs: 60_000 } },
    });
    const shown = await shoudan('merchant policy show --merchant M1 --json');
    expect(JSON.parse(shown.out)).toEqual({
      merchant_id: 'M1',
      overrides: [
        {
          wallet: 'alipay_open',
          product: 'payment_code',
          figures: {
            pay_answer: 25_000,
            cancels_failed: true,
            cancel_retry_fast_tries: 8,
            amount_max: 500_000,
          },
        },
        { wallet: 'alipay_plus', product: 'entry_code', figures: { payer_active: 60_000 } },
      ],
    });
  });

  it('set refuses all together when one thing stands against it, and says what', async () => {
    const refused = await shoudan(`${set} --set pay_answer=25s --set inquiry_count=9 --set expiry_grace=1m`);
    expect(refused).toEqual({
      exitCode: 1,
      out: '',
      err:
        'shoudan: nothing was changed for alipay_open payment_code: inquiry_count 9 is not allowed, only 10 to 20 ' +
        '(RES-03): set it within; expiry_grace 1m is not allowed, only 5m to 24h (RES-20): set it within\n',
    });
    expect(await findPolicyOverrides(database, 'M1')).toEqual({});
    const json = await shoudan(`${set} --set inquiry_count=9 --json`);
    expect(JSON.parse(json.out)).toEqual({
      wallet: 'alipay_open',
      product: 'payment_code',
      complaints: [
        {
          figure: 'inquiry_count',
          value: '9',
          allowed: 'only 10 to 20 (RES-03)',
          next_step: 'set it within',
        },
      ],
    });
  });

  // proves ACQ-03
  it('set compares the agreed timeout with what was set before', async () => {
    expect((await shoudan(`${set} --set merchant_timeout=80s`)).exitCode).toBe(0);
    const longer = await shoudan(`${set} --set pay_answer=25s`);
    expect(longer.exitCode).toBe(1);
    expect(longer.err).toContain(
      'merchant_timeout 80s is not allowed, since a payment is final after up to 88s',
    );
    expect((await shoudan(`${set} --set pay_answer=25s --set inquiry_count=10`)).exitCode).toBe(0);
  });

  // proves ACQ-03
  it("an order code's timeout is compared with how long the merchant's codes live, whichever is set last", async () => {
    const ofCodes = 'merchant policy set --merchant M1 --wallet alipay_plus --product order_code';
    expect((await shoudan(`${ofCodes} --set merchant_timeout=96s`)).exitCode).toBe(1);
    expect((await shoudan(`${ofCodes} --set merchant_timeout=2m`)).exitCode).toBe(0);
    const longer = await shoudan('merchant add --id M1 --order-code-expiry 120');
    expect(longer.exitCode).toBe(1);
    expect(longer.err).toContain('merchant_timeout 2m is not allowed');
    expect((await shoudan('merchant add --id M1 --order-code-expiry 100')).exitCode).toBe(0);
    await shoudan('merchant add --id M1 --order-code-expiry 90');
  });

  it.each([
    ['--set', '--set has no value: give it NAME=VALUE'],
    ['--set pay_answer', '--set pay_answer is not NAME=VALUE'],
    ['--set =15s', '--set =15s is not NAME=VALUE'],
    [
      '--set payAnswerMs=15s',
      '--set payAnswerMs=15s names no figure of a policy: they are pay_answer, call_limit',
    ],
    ['--set pay_answer=15', '--set pay_answer=15 is no time: write it like 500ms, 15s, 5m, 24h or 7d'],
    ['--set inquiry_count=12s', '--set inquiry_count=12s is no count'],
    ['--set amount_max=12.50', '--set amount_max=12.50 is no amount'],
    ['--set cancels_failed=true', '--set cancels_failed=true is no yes or no'],
    ['--set pay_answer=15s --set pay_answer=16s', '--set pay_answer=16s sets it a second time'],
    ['--set pay_answer=25s --wallet alipay_plus', '--wallet is given 2 times'],
  ])('set %s is a mistake of the command line', async (options, complaint) => {
    const ended = await shoudan(`${set} ${options}`);
    expect(ended.exitCode).toBe(2);
    expect(ended.err).toContain(complaint);
    expect(await findPolicyOverrides(database, 'M1')).toEqual({});
  });

  it.each([
    ['--wallet alipay --product payment_code', '--wallet alipay is none of alipay_open, alipay_plus'],
    ['--wallet alipay_open --product mini', '--product mini is none of payment_code, entry_code, order_code'],
    [
      '--wallet alipay_open --product entry_code',
      '--product entry_code cannot be paid with alipay_open, which offers payment_code, order_code',
    ],
  ])('set %s names no product of a wallet', async (options, complaint) => {
    const ended = await shoudan(`merchant policy set --merchant M1 ${options} --set pay_answer=25s`);
    expect(ended.exitCode).toBe(2);
    expect(ended.err).toContain(complaint);
  });

  it('a trial may be quicker than the rules allow, but not in production', async () => {
    const quick = `${set} --set inquiry_interval=100ms --set expiry_grace=700ms`;
    expect((await shoudan(quick)).exitCode).toBe(1);
    expect((await shoudan(`${quick} --trial`, production)).err).toBe(
      'shoudan: --trial is for the sandbox: production keeps the rules\n',
    );
    expect(await findPolicyOverrides(database, 'M1')).toEqual({});
    expect((await shoudan(`${quick} --trial`)).exitCode).toBe(0);
    const held = await shoudan('inspect policy --merchant M1 --wallet alipay_open --product payment_code');
    expect(held.out).toContain(
      'outside of the rules: expiry_grace 700ms is not allowed, only 5m to 24h (RES-20)',
    );
  });

  it('clear takes back a figure, a product, a wallet or everything', async () => {
    await shoudan(`${set} --set pay_answer=25s --set call_limit=4s`);
    for (const product of ['payment_code', 'entry_code']) {
      await shoudan(
        `merchant policy set --merchant M1 --wallet alipay_plus --product ${product} --set call_limit=5s`,
      );
    }
    await shoudan('merchant policy clear --merchant M1 --figure pay_answer');
    expect(await findPolicyOverrides(database, 'M1')).toEqual({
      alipay_open: { payment_code: { callLimitMs: 4_000 } },
      alipay_plus: { payment_code: { callLimitMs: 5_000 }, entry_code: { callLimitMs: 5_000 } },
    });
    await shoudan('merchant policy clear --merchant M1 --wallet alipay_plus --product entry_code');
    await shoudan('merchant policy clear --merchant M1 --wallet alipay_open');
    expect(await findPolicyOverrides(database, 'M1')).toEqual({
      alipay_plus: { payment_code: { callLimitMs: 5_000 } },
    });
    const cleared = await shoudan('merchant policy clear --merchant M1');
    expect(cleared.out).toBe('nothing is overridden: the defaults hold\n');
    expect(await findPolicyOverrides(database, 'M1')).toEqual({});
  });

  it('clear leaves a figure that another one leans on', async () => {
    await shoudan(`${set} --set cancel_retry_next=5s --set cancel_retry_fast_tries=10`);
    const refused = await shoudan('merchant policy clear --merchant M1 --figure cancel_retry_fast_tries');
    expect(refused.exitCode).toBe(1);
    expect(refused.err).toContain('cancel_retry_fast_tries 6 is not allowed');
    expect((await shoudan('merchant policy clear --merchant M1 --figure nothing')).exitCode).toBe(2);
  });

  it.each([
    'merchant policy show --merchant M9',
    'merchant policy clear --merchant M9',
    'merchant policy set --merchant M9 --wallet alipay_open --product payment_code --set pay_answer=25s',
    'inspect policy --merchant M9',
  ])('%s: nobody registered it', async (words) => {
    expect(await shoudan(words)).toMatchObject({
      exitCode: 1,
      err: expect.stringContaining('no merchant M9 is registered'),
    });
  });
});

describe('shoudan inspect policy', () => {
  it('shows what holds for a merchant beside the default, the override, the range, the unit and the rule', async () => {
    await shoudan(`${set} --set pay_answer=25s --set merchant_timeout=2m`);
    const { out } = await shoudan('inspect policy --merchant M1 --wallet alipay_open');
    expect(out).toContain(
      'alipay_open payment_code\nfinal after up to 88s in the usual case: pay_answer 25s + inquiry_count 12 × ' +
        'inquiry_interval 5s + call_limit 3s\n',
    );
    expect(out).toMatch(/^ {2}pay_answer +25s +15s +25s +5s to 1m +time +RES-02$/m);
    expect(out).toMatch(/^ {2}merchant_timeout +2m +– +2m +10s to 30d +time +ACQ-02, ACQ-03$/m);
    expect(out).toMatch(/^ {2}inquiry_count +12 +12 +10 to 20 +count +RES-03$/m);
    expect(out).toMatch(/^ {2}payer_active +– +– +– +time +RES-16$/m);
    expect(out).toContain(
      'alipay_open order_code\nfinal after up to 96s in the usual case: life of an order code 90s',
    );
    expect(out).not.toContain('alipay_plus');
  });

  it('shows the defaults of every product, without a database, when no merchant is named', async () => {
    const { exitCode, out } = await shoudan('inspect policy --json', {
      DATABASE_URL: 'postgres://127.0.0.1:9/none',
    });
    expect(exitCode).toBe(0);
    const { merchant_id: merchant, policies } = JSON.parse(out);
    expect(merchant).toBeNull();
    expect(
      policies.map(({ wallet, product }: { wallet: string; product: string }) => `${wallet} ${product}`),
    ).toEqual([
      'alipay_open payment_code',
      'alipay_open order_code',
      'alipay_plus payment_code',
      'alipay_plus entry_code',
      'alipay_plus order_code',
    ]);
    for (const { figures, outside_of_rules: outside } of policies) {
      expect(outside).toEqual([]);
      expect(figures).toHaveLength(30);
    }
    expect(policies[0].final_after_ms).toBe(78_000);
    expect(policies[0].figures[0]).toEqual({
      name: 'pay_answer',
      about: 'How long the answer to `pay` is awaited.',
      unit: 'ms',
      holds: 15_000,
      default: 15_000,
      override: null,
      allowed: { min: 5_000, max: 60_000 },
      rule: 'RES-02',
    });
  });
});

it('a gateway that runs works by a policy within five seconds of its being set', async () => {
  const gateway = { policySpeed: 1, merchants: createMerchantDirectory(database, sealing) };
  const payment = { merchantId: 'M1', wallet: 'alipay_open', product: 'payment_code' } as const;
  const standard = policyFor('alipay_open', 'payment_code');
  expect(await policyOf(gateway, payment)).toEqual(standard);
  await shoudan(`${set} --set pay_answer=25s`);
  const now = performance.now.bind(performance);
  vi.spyOn(performance, 'now').mockImplementation(() => now() + 5_000);
  expect(await policyOf(gateway, payment)).toEqual({ ...standard, payAnswerMs: 25_000 });
  expect(await policyOf(gateway, { ...payment, product: 'order_code' })).toEqual(
    policyFor('alipay_open', 'order_code'),
  );
});
