import { expect, it } from 'vitest';
import { attentionAdvice } from './attention-advice.ts';

// proves RES-13, RES-19
it.each([
  ['cancel_unresolved', '--as given_back'],
  ['refund_unresolved', '--as succeeded'],
  ['inquiry_unresolved', 'shoudan retry'],
  ['closed_after_success', '--as noted'],
  ['second_wallet_transaction', '--as noted'],
  ['refunded_after_failure', '--as noted'],
  ['delivery_exhausted', 'shoudan delivery replay'],
  ['endpoint_disabled', 'shoudan endpoint enable'],
  ['stray_notification', 'shoudan stray clear'],
] as const)('whoever reads of %s is told how a person ends it: %s', (reason, command) => {
  expect(attentionAdvice(reason)).toContain(command);
});

it('a reason of a later version has no advice here', () => {
  expect(attentionAdvice('toString')).toBeNull();
});
