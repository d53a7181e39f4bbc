import { createPublicKey, generateKeyPairSync } from 'node:crypto';
import { renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Database, openDatabase } from '../adapters/postgres/database.ts';
import { createApiKey, isLiveKey, saveMerchant } from '../adapters/postgres/merchant-records.ts';
import { findWalletAccount, saveWalletAccount } from '../adapters/postgres/wallet-accounts.ts';
import { createSealing } from '../adapters/sealing.ts';
import { masterKeyOf } from './master-key.ts';
import { readSandbox, type Sandbox, sandboxFile } from './sandbox-file.ts';
import type { Settings } from './settings.ts';

const merchantId = 'M0000000001';
const storeId = 'S00000001';
const terminalId = 'T0000001';
const smid = '2088000000000002';
const appId = '2021000000000001';
const pid = '2088000000000001';
const accountName = 'sandbox';

/**
 * Sets the sandbox up, or finds it as it was: an account at the simulator, a merchant with a store and a terminal,
 * a key. Nothing is charged. Safe to call at every start.
 */
export async function setUpSandbox(
  settings: Settings,
  databaseUrl: string,
  simulatorUrl: string,
): Promise<Sandbox> {
  const sealing = createSealing(masterKeyOf(settings));
  const database = openDatabase({
    url: databaseUrl,
    poolSize: 2,
    applicationName: 'shoudan start',
    onIdleError: () => {},
  });
  try {
    await setUpAccount(database, sealing, simulatorUrl);
    const { deliverySecret } = await saveMerchant(database, sealing, {
      id: merchantId,
      name: 'Sandbox Shop',
      notifyUrl: null,
      stores: [{ id: storeId, name: 'Sandbox Store', terminalIds: [terminalId] }],
      bindings: [{ wallet: 'alipay_open', currency: 'CNY', account: accountName, subMerchantId: smid }],
    });
    const sandbox: Sandbox = {
      gateway_url: `http://127.0.0.1:${settings.port}`,
      simulator_url: simulatorUrl,
      api_key: await apiKeyOf(settings, database),
      merchant_id: merchantId,
      smid,
      store_id: storeId,
      terminal_id: terminalId,
      webhook_secret: deliverySecret,
      payment_codes: { alipay_open: await endlessPaymentCode(simulatorUrl) },
    };
    writeWhole(join(settings.dataDir, sandboxFile), `${JSON.stringify(sandbox, null, 2)}\n`);
    return sandbox;
  } finally {
    await database.end();
  }
}

async function setUpAccount(
  database: Database,
  sealing: ReturnType<typeof createSealing>,
  simulatorUrl: string,
): Promise<void> {
  const known = await findWalletAccount(database, sealing, 'alipay_open', accountName);
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
    `/control/apps/${appId}`,
    { public_key: keys.publicKey, pid, smids: [smid] },
  );
  await saveWalletAccount(database, sealing, {
    wallet: 'alipay_open',
    name: accountName,
    appId,
    gatewayUrl: `${simulatorUrl}/gateway.do`,
    privateKey: keys.privateKey,
    walletPublicKey: registered.wallet_public_key,
  });
}

async function endlessPaymentCode(simulatorUrl: string): Promise<string> {
  const codes = await control<
    readonly { readonly code: string; readonly payer_id: string; readonly reusable: boolean }[]
  >(simulatorUrl, 'GET', '/control/payment-codes');
  const endless = codes.find((entry) => entry.payer_id === 'sandbox-payer' && entry.reusable);
  if (endless === undefined) throw new Error('the simulator has no payment code that never expires');
  return endless.code;
}

async function apiKeyOf(settings: Settings, database: Database): Promise<string> {
  const before = readSandbox(settings.dataDir);
  if (before !== null && (await isLiveKey(database, before.api_key))) return before.api_key;
  return createApiKey(database, { environment: 'sandbox', merchantId, label: 'sandbox' });
}

async function control<Answer>(
  simulatorUrl: string,
  method: 'GET' | 'PUT',
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
