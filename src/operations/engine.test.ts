import { expect, test } from 'vitest';
import { productsOf } from '../domain/policy.ts';
import { figureNamed } from '../domain/policy-figures.ts';
import { rangeOf } from '../domain/policy-ranges.ts';
import { walletNames } from '../domain/wallets.ts';
import { leaseMs } from './engine.ts';

test('a claimed row outlives every call that a policy may allow, with time to record its answer', () => {
  const callLimit = figureNamed('call_limit');
  if (callLimit === null) throw new Error('no policy limits its calls');
  for (const wallet of walletNames) {
    for (const product of productsOf(wallet)) {
      const range = rangeOf(wallet, product, callLimit);
      expect(range.kind === 'between' && range.max).toBeLessThanOrEqual(leaseMs - 5_000);
    }
  }
});
