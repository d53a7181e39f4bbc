import { describe, expect, test } from 'vitest';
import { entryOrderNo } from '../domain/ids.ts';
import { policyFor } from '../domain/policy.ts';
import { createTrial, trialMerchant } from '../jobs/trial-engine.fixture.ts';
import type { Merchant } from '../ports/merchant-directory.ts';
import { beginEntryPayment, entryAmountMax, type OpenEntry } from './entry-payment.ts';

const store = { id: 'S0001', name: 'Tea House', mcc: null } as const;
const merchant: Merchant = {
  ...trialMerchant,
  stores: [store],
  bindings: [
    { wallet: 'alipay_open', account: 'sandbox', subMerchantId: '2088000000000002', currency: 'CNY' },
    { wallet: 'alipay_plus', account: 'sandbox', subMerchantId: 'M0001', currency: 'USD' },
  ],
};

function entryIn(currency: string): OpenEntry {
  const code = {
    merchantId: merchant.id,
    code: '0'.repeat(20),
    storeId: 'S0001',
    currency,
    disabledAt: null,
  };
  return { kind: 'open', code, merchant, store };
}

// proves PAY-11
describe('what can be paid at a code', () => {
  test.each([
    ['nothing, with a wallet that the merchant takes in another currency', 'CNY', 'alipay_plus'],
    ['nothing, with a wallet that has no entry codes', 'CNY', 'alipay_open'],
    ['nothing, in a currency that the merchant takes with no wallet', 'EUR', 'alipay_plus'],
  ] as const)('is %s', (_, currency, wallet) => {
    expect(entryAmountMax({ policySpeed: 1 }, entryIn(currency), wallet)).toBeNull();
  });

  test('is as much as the wallet takes in one payment', () => {
    expect(entryAmountMax({ policySpeed: 1 }, entryIn('USD'), 'alipay_plus')).toBe(
      policyFor('alipay_plus', 'entry_code').amountMaxMinor,
    );
  });
});

// money case 11
test('one page load is one attempt by its key alone, whatever its order number', async () => {
  const trial = createTrial();
  const begin = (digest: number) =>
    beginEntryPayment(trial.engine, entryIn('USD'), {
      amount: { currency: 'USD', minor: 599n },
      wallet: 'alipay_plus',
      userAgent: 'AlipayClientHK/2.6.0.160',
      returnUrl: 'https://pay.example/c/CODE/result/TOKEN',
      orderNo: entryOrderNo(new Uint8Array(32).fill(digest)),
      key: { key: 'entry-1', fingerprint: new Uint8Array(32) },
    });
  const first = await begin(1);
  const second = await begin(2);
  expect([first, second]).toMatchObject([
    { kind: 'payment', replayed: false },
    { kind: 'payment', replayed: true },
  ]);
  expect(trial.wallet.pay).toHaveBeenCalledTimes(1);
  expect(trial.wallet.pay.mock.lastCall?.[0]).toMatchObject({ terminalId: 'S0001', store: { id: 'S0001' } });
});
