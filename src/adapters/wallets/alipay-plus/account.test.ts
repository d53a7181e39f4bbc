import { generateKeyPairSync } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import {
  privateKey,
  privateKeyPem,
  publicKey,
  publicKeyPem,
} from '../../../../test/vectors/alipay-plus/vectors.ts';
import { type AlipayPlusAccount, createPreparedAccounts, isSameAccount, prepareAccount } from './account.ts';

const account: AlipayPlusAccount = {
  name: 'sandbox',
  clientId: 'SANDBOX_5YTEST0000000001',
  gatewayUrl: 'https://open-sea.example',
  privateKey: privateKeyPem,
  walletPublicKey: publicKeyPem,
  notifyUrl: 'https://pay.example/notify/alipay_plus/sandbox',
  keyVersion: 1,
  settlementCurrency: 'USD',
  merchantRegion: 'SG',
};

const changes: { readonly [field in Exclude<keyof AlipayPlusAccount, 'name'>]-?: AlipayPlusAccount[field] } =
  {
    clientId: 'SANDBOX_5YTEST0000000002',
    gatewayUrl: 'https://open-na.example',
    privateKey,
    walletPublicKey: publicKey,
    furtherWalletKeys: [publicKeyPem],
    notifyUrl: 'https://pay.example/other/notify/alipay_plus/sandbox',
    keyVersion: 2,
    settlementCurrency: 'HKD',
    merchantRegion: 'JP',
  };

describe('an account that was configured anew', () => {
  test.each(Object.entries(changes))('is another one when its %s differs', (field, value) => {
    const changed = { ...account, [field]: value };
    expect(isSameAccount(account, changed)).toBe(false);
    let configured = account;
    const prepared = createPreparedAccounts(() => configured);
    const before = prepared('sandbox');
    configured = changed;
    expect(prepared('sandbox')).not.toBe(before);
    expect(prepared('sandbox').source).toBe(changed);
  });

  test('is the same one while nothing differs: its keys are parsed once', () => {
    const prepared = createPreparedAccounts(() => ({ ...account }));
    expect(prepared('sandbox')).toBe(prepared('sandbox'));
  });
});

test('a key that is too short to be taken is refused, and none of it shown', () => {
  const { privateKey: short } = generateKeyPairSync('rsa', { modulusLength: 2040 });
  expect(() => prepareAccount({ ...account, privateKey: short })).toThrow(
    /^wallet account sandbox: a private key of 2048 bits or more is needed$/,
  );
});
