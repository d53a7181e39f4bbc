import { expect, it } from 'vitest';
import { codeLabel } from './listed-codes.ts';

it.each([
  ['alipay_open', 'ACQ.BUYER_BALANCE_NOT_ENOUGH', 'BUYER_BALANCE_NOT_ENOUGH'],
  ['alipay_open', 'aop.ACQ.SYSTEM_ERROR', 'aop.ACQ.SYSTEM_ERROR'],
  ['alipay_open', 'AQC.SYSTEM_ERROR', 'SYSTEM_ERROR'],
  ['alipay_open', '20000', '20000'],
  ['alipay_open', 'isv.invalid-signature', 'isv.invalid-signature'],
  ['alipay_open', 'ACQ.SOMETHING_NEW', 'other'],
  ['alipay_open', 'constructor', 'other'],
  ['alipay_plus', 'USER_BALANCE_NOT_ENOUGH', 'USER_BALANCE_NOT_ENOUGH'],
  ['alipay_plus', 'INVALID_SIGNATURE', 'INVALID_SIGNATURE'],
  ['alipay_plus', 'ACQ.SYSTEM_ERROR', 'other'],
  ['alipay_plus', 'SOMETHING_NEW', 'other'],
] as const)('%s says %s, and the label is %s', (wallet, code, label) => {
  expect(codeLabel(wallet, code)).toBe(label);
});
