import { createPublicKey, generateKeyPairSync } from 'node:crypto';
import { renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { idOfKey, limitApiKey } from '../adapters/postgres/api-keys.ts';
import { type Database, openDatabase } from '../adapters/postgres/database.ts';
import { createEntryCode, listEntryCodes } from '../adapters/postgres/entry-codes.ts';
import { createApiKey, isLiveKey, saveMerchant } from '../adapters/postgres/merchant-records.ts';
import { findWalletAccount, saveWalletAccount } from '../adapters/postgres/wallet-accounts.ts';
import type { Sealing } from '../adapters/sealing.ts';
import { type WalletName, walletNames } from '../domain/wallets.ts';
import { examplePaymentCode } from '../inbound/rest/operation-words.ts';
import { sealingOf } from './master-key.ts';
import { entryCodeUrl } from './public-urls.ts';
import { readSandbox, type Sandbox, sandboxFile } from './sandbox-file.ts';
import type { Settings } from './settings.ts';

const merchantId = 'M0000000001';
const storeId = 'S00000001';
const terminalId = 'T0000001';
const pid = '2088000000000001';
const smid = '2088000000000002';
const accountName = 'sandbox';
const entryCurrency = 'USD';
/** More than any machine handles: whoever measures the sandbox measures the gateway. */
const trialRequestsPerS = 100_000;

/** An account at the simulator: what it is registered as there, and whose payment code never expires. */
interface SandboxWallet {
  readonly appId: string;
  readonly sellerId: string | null;
  readonly registerPath: string;
  readonly registerWith: object;
  readonly gatewayPath: string;
  readonly payerId: string;
}

const sandboxWallets: { readonly [wallet in WalletName]: SandboxWallet } = {
  alipay_open: {
    appId: '2021000000000001',
    sellerId: pid,
    registerPath: '/control/apps',
    registerWith: { pid, smids: [smid] },
    gatewayPath: '/gateway.do',
    payerId: 'sandbox-payer',
  },
  alipay_plus: {
    appId: 'SANDBOX_5Y0000000000001',
    sellerId: null,
    registerPath: '/control/clients',
    registerWith: { merchants: [merchantId] },
    gatewayPath: '',
    payerId: 'sandbox-payer-plus',
  },
};

/**
 * Sets the sandbox up, or finds it as it was: accounts at the simulator, a merchant with a store, a terminal and an
 * entry code, a key. Nothing is charged. Safe to call at every start.
 */
export async function setUpSandbox(
  settings: Settings,
  databaseUrl: string,
  simulatorUrl: string,
): Promise<Sandbox> {
  const sealing = sealingOf(settings);
  const database = openDatabase({
    url: databaseUrl,
    poolSize: 2,
    applicationName: 'shoudan start',
    onIdleError: () => {},
  });
  try {
    for (const wallet of walletNames) await setUpAccount(database, sealing, simulatorUrl, wallet);
    const { deliverySecret } = await saveMerchant(database, sealing, {
      id: merchantId,
      name: 'Sandbox Shop',
      mcc: '5499',
      notifyUrl: null,
      orderCodes: { scene: 'sandbox', expiryMs: 120_000 },
      stores: [{ id: storeId, name: 'Sandbox Store', mcc: null, terminalIds: [terminalId] }],
      bindings: [
        { wallet: 'alipay_open', currency: 'CNY', account: accountName, subMerchantId: smid, source: pid },
        { wallet: 'alipay_plus', currency: entryCurrency, account: accountName, subMerchantId: merchantId },
      ],
    });
    const sandbox: Sandbox = {
      gateway_url: `http://127.0.0.1:${settings.port}`,
      simulator_url: simulatorUrl,
      api_key: await apiKeyOf(settings, database),
      merchant_id: merchantId,
      smid,
      store_id: storeId,
      terminal_id: terminalId,
      entry_code_url: entryCodeUrl(settings, await entryCodeOf(database)),
      webhook_secret: deliverySecret,
      payment_codes: await endlessPaymentCodes(simulatorUrl),
    };
    writeWhole(join(settings.dataDir, sandboxFile), `${JSON.stringify(sandbox, null, 2)}\n`);
    return sandbox;
  } finally {
    await database.end();
  }
}

async function setUpAccount(
  database: Database,
  sealing: Sealing,
  simulatorUrl: string,
  wallet: WalletName,
): Promise<void> {
  const { appId, sellerId, registerPath, registerWith, gatewayPath } = sandboxWallets[wallet];
  const known = await findWalletAccount(database, sealing, wallet, accountName);
  const keys =
    known === null
      ? generateKeyPairSync('rsa', {
          modulusLength: 2048,
          privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
          publicKeyEncoding: { type: 'spki', format: 'pem' },
        })
      : { privateKey: known.privateKey, publicKey: publicKeyOf(known.privateKey) };
  const registered = await control<{ readonly wallet_public_key: string }>(
    simulatorUrl,
    'PUT',
    `${registerPath}/${appId}`,
    { public_key: keys.publicKey, ...registerWith },
  );
  await saveWalletAccount(database, sealing, {
    wallet,
    name: accountName,
    appId,
    sellerId,
    gatewayUrl: `${simulatorUrl}${gatewayPath}`,
    keyVersion: known?.keyVersion ?? null,
    supportContact: known?.supportContact ?? null,
    privateKey: keys.privateKey,
    walletPublicKey: registered.wallet_public_key,
  });
}

/** The store's code: made once, and the same at every start. */
async function entryCodeOf(database: Database): Promise<string> {
  const known = (await listEntryCodes(database, merchantId, storeId)).findLast(
    ({ currency, disabledAt }) => currency === entryCurrency && disabledAt === null,
  );
  const code = known ?? (await createEntryCode(database, { merchantId, storeId, currency: entryCurrency }));
  if (code === null) throw new Error(`store ${storeId} of merchant ${merchantId} is gone`);
  return code.code;
}

/** Codes that never wear out, one of each wallet's payer; the one that the API reference's example shows is another such. */
async function endlessPaymentCodes(
  simulatorUrl: string,
): Promise<{ readonly [wallet in WalletName]: string }> {
  const codes = await control<
    readonly { readonly code: string; readonly payer_id: string; readonly reusable: boolean }[]
  >(simulatorUrl, 'GET', '/control/payment-codes');
  const endless = (wallet: WalletName): string => {
    const { payerId } = sandboxWallets[wallet];
    const found = codes.find((entry) => entry.payer_id === payerId && entry.reusable);
    if (found === undefined) throw new Error(`payer ${payerId} has no payment code that never expires`);
    return found.code;
  };
  const found = { alipay_open: endless('alipay_open'), alipay_plus: endless('alipay_plus') };
  const { payerId } = sandboxWallets.alipay_open;
  const example = { code: examplePaymentCode, payer_id: payerId, reusable: true };
  await control(simulatorUrl, 'POST', '/control/payment-codes', example);
  return found;
}

async function apiKeyOf(settings: Settings, database: Database): Promise<string> {
  const before = readSandbox(settings.dataDir);
  if (before !== null && (await isLiveKey(database, before.api_key))) {
    await limitApiKey(database, idOfKey(before.api_key), trialRequestsPerS);
    return before.api_key;
  }
  return createApiKey(database, {
    environment: 'sandbox',
    merchantId,
    label: 'sandbox',
    requestsPerS: trialRequestsPerS,
  });
}

async function control<Answer>(
  simulatorUrl: string,
  method: 'GET' | 'POST' | 'PUT',
  path: string,
  body?: object,
): Promise<Answer> {
  const answer = await fetch(simulatorUrl + path, {
    method,
    signal: AbortSignal.timeout(10_000),
    ...(body === undefined
      ? {}
      : { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }),
  });
  if (!answer.ok) throw new Error(`the simulator answered ${answer.status} to ${method} ${path}`);
  return (await answer.json()) as Answer;
}

/** Nobody ever sees half of the file: written beside it, then moved over it. */
function writeWhole(path: string, text: string): void {
  const beside = `${path}.${process.pid}`;
  writeFileSync(beside, text, { mode: 0o600 });
  renameSync(beside, path);
}

function publicKeyOf(privateKeyPem: string): string {
  return createPublicKey(privateKeyPem).export({ type: 'spki', format: 'pem' }).toString();
}
