import { expect, test } from 'vitest';
import { privateKeyPem, publicKeyPem } from '../../../../test/vectors/alipay-plus/vectors.ts';
import type { PayRequest } from '../../../ports/wallet.ts';
import { payBody } from './pay-request.ts';

const account = {
  name: 'sandbox',
  clientId: 'SANDBOX_5YTEST0000000001',
  gatewayUrl: 'https://open-sea.example',
  privateKey: privateKeyPem,
  walletPublicKey: publicKeyPem,
  notifyUrl: 'https://pay.example/notify/alipay_plus/sandbox',
} as const;

const request: PayRequest = {
  account: 'sandbox',
  requestId: 'P1',
  amount: { currency: 'USD', minor: 599n },
  start: { product: 'payment_code', paymentCode: '281666040000000001' },
  subject: 'Coffee',
  merchantOrderNo: 'ORDER-1',
  merchant: { name: 'Shop', mcc: '5814' },
  store: { id: 'S1', name: 'Gate', mcc: null },
  terminalId: 'T1',
  subMerchantId: 'M1',
  requestedAt: new Date('2026-11-22T04:00:00Z'),
  expiresAt: new Date('2026-11-22T04:05:00Z'),
};

const described = (subject: string): unknown =>
  JSON.parse(payBody({ ...request, subject }, account)).order.orderDescription;

test('an order always has a description: the payment’s id where nobody gave one', () => {
  expect(described('Coffee')).toBe('Coffee');
  expect(described('')).toBe('P1');
});
