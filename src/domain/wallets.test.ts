import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  amountStepOf,
  isWalletName,
  takesCurrency,
  walletNames,
  walletOfUserAgent,
  walletsOfPaymentCode,
} from './wallets.ts';

// proves PAY-05
describe('a payment code', () => {
  test.each(['25', '26', '27', '28', '29', '30'])('that begins with %s may be of either Alipay', (prefix) => {
    expect(walletsOfPaymentCode(`${prefix}1234567890123456`)).toEqual(['alipay_open', 'alipay_plus']);
  });

  test.each(['24', '31', '10', '62', '2', '', 'fp', ' 28', '２８'])(
    'that begins with %j is of no known wallet',
    (prefix) => {
      expect(walletsOfPaymentCode(`${prefix}`)).toEqual([]);
    },
  );

  test('is routed by its first two digits alone: neither length nor what follows is a reason to refuse', () => {
    fc.assert(
      fc.property(fc.constantFrom('25', '28', '30'), fc.string({ maxLength: 700 }), (prefix, rest) => {
        expect(walletsOfPaymentCode(prefix + rest)).toEqual(['alipay_open', 'alipay_plus']);
      }),
    );
  });
});

test('a wallet is known by its exact name', () => {
  expect(walletNames.every(isWalletName)).toBe(true);
  for (const text of ['', 'alipay', 'ALIPAY_OPEN', 'toString', 'constructor'])
    expect(isWalletName(text)).toBe(false);
});

// proves PAY-01
test.each([
  [
    'Mozilla/5.0 (Linux; Android 9; LYA-AL00 Build/HUAWEILYA-AL00L; wv) AppleWebKit/537.36 (KHTML, like Gecko) ' +
      'Version/4.0 Chrome/70.0.3538.110 Mobile Safari/537.36 NebulaSDK/1.8.100112 Nebula ' +
      'AliApp(APHK/2.6.0.160) AlipayClientHK/2.6.0.160 AlipayClient/10.1.32.600 Alipay Language/zh-Hans',
    'alipay_plus',
  ],
  ['Mozilla/5.0 (iPhone) AlipayConnect/1.0', 'alipay_plus'],
  ['Mozilla/5.0 (Linux; Android 14) MicroMessenger/8.0', null],
  ['Mozilla/5.0 (X11; Linux x86_64) Chrome/120.0 Safari/537.36', null],
  ['alipayclient', null],
  ['', null],
])('a page opened by %j is in the browser of %s', (userAgent, wallet) => {
  expect(walletOfUserAgent(userAgent)).toBe(wallet);
});

test('rupiah are paid in whole ones, and no currency is taken that the wallet’s wire does not know', () => {
  expect(amountStepOf('alipay_plus', 'IDR')).toBe(100n);
  expect(amountStepOf('alipay_plus', 'USD')).toBe(1n);
  expect(takesCurrency('alipay_plus', 'USD')).toBe(true);
  expect(takesCurrency('alipay_plus', 'XAU')).toBe(false);
  expect(takesCurrency('alipay_open', 'USD')).toBe(false);
});
