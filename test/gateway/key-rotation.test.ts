import { createPublicKey, generateKeyPairSync } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as sleepFor } from 'node:timers/promises';
import { afterEach, expect, it } from 'vitest';
import { findWalletAccount } from '../../src/adapters/postgres/wallet-accounts.ts';
import { createSealing } from '../../src/adapters/sealing.ts';
import { shoudan } from '../../src/apps/scripted-gateway.fixture.ts';
import { type Payment, publicStatus } from '../../src/domain/payment.ts';
import { type WalletName, walletNames } from '../../src/domain/wallets.ts';
import { openRealGateway, type RealGateway } from './real-gateway.ts';

/*
 * Keys are changed for others by command while payments go on, at both wallets: ours, which they verify calls with, and
 * theirs, which verify what they answer and notify.
 */

const opened: RealGateway[] = [];
afterEach(async () => {
  for (const real of opened.splice(0)) await real.close();
});

/** Gateways read the accounts every five seconds. */
const takenUpMs = 6_000;

async function openGateway(): Promise<RealGateway> {
  const real = await openRealGateway();
  opened.push(real);
  return real;
}

function keyPair() {
  return generateKeyPairSync('rsa', {
    modulusLength: 2048,
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
    publicKeyEncoding: { type: 'spki', format: 'pem' },
  });
}

/** What the command prints, with `--json`. */
async function key(real: RealGateway, wallet: WalletName, words: string) {
  const line = ['account', 'key', ...words.split(' '), '--wallet', wallet, '--name', 'sandbox', '--json'];
  const ended = await shoudan(line, {
    DATABASE_URL: real.databaseUrl,
    SHOUDAN_MASTER_KEY: Buffer.from(real.masterKey).toString('hex'),
  });
  expect(ended).toMatchObject({ exitCode: 0, err: '' });
  return JSON.parse(ended.out) as { readonly public_key: string; readonly key_version: number };
}

async function addWalletKey(real: RealGateway, wallet: WalletName, publicKey: string): Promise<void> {
  const path = join(mkdtempSync(join(tmpdir(), 'shoudan-keys-')), 'wallet.pem');
  writeFileSync(path, publicKey);
  await key(real, wallet, `add --wallet-public-key-file ${path}`);
  rmSync(dirname(path), { recursive: true });
}

/** Our first public key, as the wallet was given it. */
async function firstKey(real: RealGateway, wallet: WalletName): Promise<string> {
  const account = await findWalletAccount(real.database, createSealing(real.masterKey), wallet, 'sandbox');
  return createPublicKey(account?.privateKey ?? '')
    .export({ type: 'spki', format: 'pem' })
    .toString();
}

interface AtWallet {
  readonly public_key: string;
  readonly further_public_keys?: { readonly [version: string]: string };
  readonly wallet_private_key?: string;
}

/** What stands at the wallet for our account, changed by its people. */
async function changeAtWallet(real: RealGateway, wallet: WalletName, keys: AtWallet): Promise<void> {
  const callers = wallet === 'alipay_open' ? 'apps' : 'clients';
  type Caller = Readonly<Record<string, unknown>>;
  const [caller] = (await real.control('GET', `/control/${callers}`)) as readonly Caller[];
  if (caller === undefined) throw new Error(`nobody is registered at ${wallet}`);
  const rest =
    wallet === 'alipay_open'
      ? { pid: caller['pid'], smids: caller['smids'] }
      : { merchants: caller['merchants'] };
  const id = caller['app_id'] ?? caller['client_id'];
  await real.control('PUT', `/control/${callers}/${id}`, { ...rest, ...keys });
}

/** Pays one after the other with each wallet until it is told to stop, and tells every payment that was begun. */
function payingOn(real: RealGateway) {
  const payments: Payment[] = [];
  let isStopped = false;
  const running = walletNames.flatMap((wallet) =>
    [1, 2].map(async () => {
      while (!isStopped) payments.push(await real.payBy(wallet, 'payment_code'));
    }),
  );
  return {
    async stop(): Promise<readonly Payment[]> {
      isStopped = true;
      await Promise.all(running);
      return payments;
    },
  };
}

async function distrusted(real: RealGateway): Promise<number> {
  const { rows } = await real.database.query<{ readonly n: number }>(
    `select (select count(*) from untrusted_answers)::int + (select count(*) from untrusted_notifications)::int as n`,
  );
  return rows[0]?.n ?? 0;
}

interface Changed {
  readonly wallet: WalletName;
  readonly ours: { readonly key_version: number; readonly public_key: string };
  readonly theirs: ReturnType<typeof keyPair>;
}

/** Ours is known at the wallet beside the first and signs; theirs is known here beside the first. */
async function bringIn(real: RealGateway, wallet: WalletName): Promise<Changed> {
  const before = await firstKey(real, wallet);
  const ours = await key(real, wallet, 'add --generate');
  const further = { [ours.key_version]: ours.public_key };
  await changeAtWallet(real, wallet, { public_key: before, further_public_keys: further });
  await key(real, wallet, `use --key-version ${ours.key_version}`);
  const theirs = keyPair();
  await addWalletKey(real, wallet, theirs.publicKey);
  return { wallet, ours, theirs };
}

/** The wallet signs with its new key from now on, and takes our old one no more. */
async function changeOver(real: RealGateway, { wallet, ours, theirs }: Changed): Promise<void> {
  await changeAtWallet(real, wallet, {
    public_key: ours.public_key,
    further_public_keys: { [ours.key_version]: ours.public_key },
    wallet_private_key: theirs.privateKey,
  });
}

async function giveUpTheOld(real: RealGateway, { wallet }: Changed): Promise<void> {
  await key(real, wallet, 'retire --of ours --key-version 1');
  await key(real, wallet, 'retire --of wallet --key-version 1');
}

// proves RES-14
it('keys of both sides are changed while payments go on: none is refused, no answer is distrusted', async () => {
  const real = await openGateway();
  const paying = payingOn(real);
  const changed = await Promise.all(walletNames.map((wallet) => bringIn(real, wallet)));
  await sleepFor(takenUpMs);
  for (const each of changed) await changeOver(real, each);
  await sleepFor(1_000);
  for (const each of changed) await giveUpTheOld(real, each);
  await sleepFor(takenUpMs);
  const payments = await paying.stop();

  expect(payments.length).toBeGreaterThan(100);
  expect(payments.filter((payment) => publicStatus(payment) !== 'succeeded')).toEqual([]);
  expect(await distrusted(real)).toBe(0);
  const charged = (await real.ledger()).filter(({ charged, refunded }) => charged - refunded > 0);
  expect(charged).toHaveLength(payments.length);
}, 60_000);

// proves RES-14
it.each(walletNames)(
  'a key of %s that nobody has added is not believed; once it is added, the payment ends as the wallet says',
  async (wallet) => {
    const real = await openGateway();
    const theirs = keyPair();
    const ours = await firstKey(real, wallet);
    await changeAtWallet(real, wallet, { public_key: ours, wallet_private_key: theirs.privateKey });
    const payment = await real.payBy(wallet, 'payment_code');
    expect(publicStatus(payment)).toBe('processing');
    expect(await distrusted(real)).toBeGreaterThan(0);
    await addWalletKey(real, wallet, theirs.publicKey);
    const ended = await real.until(payment.id, (one) => publicStatus(one) !== 'processing');
    const line = await real.ledgerLine(payment);
    const kept = (line?.charged ?? 0) - (line?.refunded ?? 0);
    expect([publicStatus(ended), kept]).toEqual(kept > 0 ? ['succeeded', 1234] : ['cancelled', 0]);
  },
  60_000,
);
