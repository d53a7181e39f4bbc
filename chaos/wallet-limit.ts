import { createSign, generateKeyPairSync } from 'node:crypto';
import { Pool } from 'undici';
import type { LedgerLine, WalletControl } from './wallet-control.ts';

const appId = '2021000000000088';
const smid = '2088000000000088';
/** What its trades begin with, so that its lines of the ledger are told from the gateway's. */
const tradePrefix = 'LIMIT';

export function isLimitTrial({ payment_request_id: id }: LedgerLine): boolean {
  return id.startsWith(tradePrefix);
}

/**
 * How many cancels of paid trades the simulated wallet carries out in a second when nobody else asks anything of it: the
 * requests are signed beforehand, so that nothing but the wallet is measured.
 */
export async function measureWalletLimit(
  wallet: WalletControl,
  paymentCode: string,
  cancels: number,
  callers: number,
): Promise<number> {
  const keys = generateKeyPairSync('rsa', {
    modulusLength: 2048,
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
    publicKeyEncoding: { type: 'spki', format: 'pem' },
  });
  await wallet.ask('PUT', `apps/${appId}`, {
    public_key: keys.publicKey,
    pid: '2088000000000089',
    smids: [smid],
  });
  const forms = (method: string, biz: (tradeNo: string) => object): string[] =>
    Array.from({ length: cancels }, (_, no) =>
      signedForm(method, biz(`${tradePrefix}${no}`), keys.privateKey),
    );
  const pays = forms('alipay.trade.pay', (tradeNo) => ({
    out_trade_no: tradeNo,
    scene: 'bar_code',
    auth_code: paymentCode,
    subject: 'Limit',
    total_amount: '12.34',
    store_id: 'S1',
    terminal_id: 'T1',
    sub_merchant: { merchant_id: smid },
  }));
  const undo = forms('alipay.trade.cancel', (tradeNo) => ({ out_trade_no: tradeNo }));
  const pool = new Pool(wallet.url, { connections: callers, pipelining: 1 });
  try {
    await postAll(pool, pays, callers);
    const beganMs = performance.now();
    await postAll(pool, undo, callers);
    return cancels / ((performance.now() - beganMs) / 1_000);
  } finally {
    await pool.close();
  }
}

async function postAll(pool: Pool, forms: readonly string[], callers: number): Promise<void> {
  const headers = { 'content-type': 'application/x-www-form-urlencoded;charset=utf-8' };
  let next = 0;
  const caller = async (): Promise<void> => {
    for (let body = forms[next++]; body !== undefined; body = forms[next++]) {
      const answer = await pool.request({ method: 'POST', path: '/gateway.do', headers, body });
      const text = await answer.body.text();
      if (!text.includes('"code":"10000"')) throw new Error(`the wallet's limit was not measured: ${text}`);
    }
  };
  await Promise.all(Array.from({ length: callers }, caller));
}

/** By the wallet's own rule: the parameters in the order of their names, joined as they are, signed with SHA-256. */
function signedForm(method: string, biz: object, privateKey: string): string {
  const chinaTime = new Date(Date.now() + 8 * 3_600_000).toISOString().slice(0, 19).replace('T', ' ');
  const parameters: Readonly<Record<string, string>> = {
    app_id: appId,
    biz_content: JSON.stringify(biz),
    charset: 'utf-8',
    format: 'JSON',
    method,
    sign_type: 'RSA2',
    timestamp: chinaTime,
    version: '1.0',
  };
  const text = Object.entries(parameters)
    .map(([name, value]) => `${name}=${value}`)
    .join('&');
  const sign = createSign('RSA-SHA256').update(text, 'utf8').sign(privateKey, 'base64');
  return new URLSearchParams({ ...parameters, sign }).toString();
}
