import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { isWalletName, walletNames, walletsOfPaymentCode } from './wallets.ts';

// proves PAY-05
describe('a payment code', () => {
  test.each(['25', '26', '27', '28', '29', '30'])('that begins with %s may be of alipay_open', (prefix) => {
    expect(walletsOfPaymentCode(`${prefix}1234567890123456`)).toEqual(['alipay_open']);
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
        expect(walletsOfPaymentCode(prefix + rest)).toEqual(['alipay_open']);
      }),
    );
  });
});

test('a wallet is known by its exact name', () => {
  expect(walletNames.every(isWalletName)).toBe(true);
  for (const text of ['', 'alipay', 'ALIPAY_OPEN', 'toString', 'constructor'])
    expect(isWalletName(text)).toBe(false);
});
