import { createPublicKey } from 'node:crypto';
import type { Connection } from '../adapters/postgres/database.ts';
import {
  type AuditDocument,
  type OperatorAction,
  withOperatorAction,
} from '../adapters/postgres/operator-actions.ts';
import {
  findWalletAccount,
  type ListedAccount,
  listWalletAccounts,
  saveWalletAccount,
  setSupportContact,
  type WalletAccount,
} from '../adapters/postgres/wallet-accounts.ts';
import { type Sealing, SealingError } from '../adapters/sealing.ts';
import { isWalletName, type WalletName, walletNames } from '../domain/wallets.ts';
import { type AccountOptions, accountOptions, shownOptions } from '../inbound/cli/account-options.ts';
import type { GivenTo } from '../inbound/cli/commands.ts';
import { CommandFailure, exitCodes, usageError } from '../inbound/cli/exit-codes.ts';
import { fields, jsonText, printable, table } from '../inbound/cli/terminal-text.ts';
import { writtenLine } from '../inbound/cli/written-line.ts';
import { fingerprintOf, pemOf, preparedKeys, textOfFile } from './account-keys.ts';
import type { Terminal } from './command-line.ts';
import { sealingOf } from './master-key.ts';
import { operatorOf } from './operator.ts';
import { notifyUrlOf } from './public-urls.ts';
import { readSettings, type Settings } from './settings.ts';
import { withDatabase } from './with-database.ts';

/** `shoudan account add`: an account as the wallet adapter will use it, checked by that adapter before it is kept. */
export async function addAccount({ options }: GivenTo<'account add'>, terminal: Terminal): Promise<number> {
  const settings = readSettings(terminal.env);
  const given = checkedAccount(options, settings);
  const operator = operatorOf('account add', options.by);
  const sealing = sealingOf(settings);
  return withDatabase(settings, async (database) => {
    const { account, saved, isThere } = await withOperatorAction(database, operator, async (connection) => {
      const known = (await listWalletAccounts(connection)).find(isNamedLike(given));
      requireAddable(given, known, options.replace);
      const before = known === undefined ? null : await accountState(connection, sealing, known);
      const account = { ...keptOptions(known), ...given };
      await saveWalletAccount(connection, sealing, account);
      const saved = await savedAccount(connection, account);
      return {
        result: { account, saved, isThere: known !== undefined },
        action: accountAction('account add', saved, before, await accountState(connection, sealing, saved)),
      };
    });
    terminal.out(
      options.json
        ? jsonText({
            ...accountDocument(saved),
            notify_url: notifyUrlOf(settings, account.wallet, saved.name),
            replaced: isThere,
          })
        : fields([
            ['account', `${saved.wallet} ${saved.name} is ${isThere ? 'replaced' : 'added'}`],
            ['app id', saved.appId],
            ...shownOptions(account.wallet, saved).map(
              ({ label, value, unset }) => [label, value ?? unset] as const,
            ),
            ['gateway', saved.gatewayUrl],
            ['wallet key', fingerprintOf(saved.walletPublicKey)],
            ['support', saved.supportContact ?? 'nobody is named'],
            ['notify url', notifyUrlOf(settings, account.wallet, saved.name)],
          ]),
    );
    return exitCodes.done;
  });
}

/** `shoudan account set`: whom to call. RES-19. */
export async function setAccount({ options }: GivenTo<'account set'>, terminal: Terminal): Promise<number> {
  const contact = supportContact('account set', options['support-contact']) ?? null;
  const operator = operatorOf('account set', options.by);
  const named = { wallet: options.wallet, name: options.name };
  const saved = await withDatabase(readSettings(terminal.env), (database) =>
    withOperatorAction(database, operator, async (connection) => {
      const known = (await listWalletAccounts(connection)).find(isNamedLike(named));
      if (known === undefined || !(await setSupportContact(connection, named, contact))) {
        throw new CommandFailure(
          exitCodes.failed,
          `${printable(named.wallet)} has no account ${printable(named.name)}: ` +
            '`shoudan account list` shows those that it has',
        );
      }
      const state = (of: string | null) => ({ support_contact: of });
      const action = accountAction('account set', known, state(known.supportContact), state(contact));
      return { result: await savedAccount(connection, named), action };
    }),
  );
  terminal.out(
    options.json
      ? jsonText(accountDocument(saved))
      : fields([
          ['account', `${saved.wallet} ${saved.name}`],
          ['support', saved.supportContact ?? 'nobody is named'],
        ]),
  );
  return exitCodes.done;
}

/** `shoudan account list`. */
export async function listAccounts(
  { options }: GivenTo<'account list'>,
  terminal: Terminal,
): Promise<number> {
  const accounts = await withDatabase(readSettings(terminal.env), listWalletAccounts);
  if (options.json) terminal.out(jsonText({ data: accounts.map(accountDocument) }));
  else if (accounts.length === 0) terminal.out('no wallet account yet: `shoudan account add`\n');
  else {
    terminal.out(
      table(
        ['wallet', 'name', 'app id', 'gateway', 'wallet key', 'options', 'support', 'updated'],
        accounts.map((account) => [
          account.wallet,
          account.name,
          account.appId,
          account.gatewayUrl,
          fingerprintOf(account.walletPublicKey),
          setOptions(account),
          account.supportContact ?? '-',
          account.updatedAt.toISOString(),
        ]),
      ),
    );
  }
  return exitCodes.done;
}

function checkedAccount(
  options: GivenTo<'account add'>['options'],
  settings: Settings,
): WalletAccount & { readonly wallet: WalletName } {
  const { wallet, name } = options;
  const complain = (complaint: string): CommandFailure => usageError(complaint, 'account add');
  if (!isWalletName(wallet)) {
    throw complain(`--wallet ${printable(wallet)} is none of ${walletNames.join(', ')}`);
  }
  if (!/^[0-9A-Za-z_-]{1,32}$/.test(name)) {
    throw complain(`--name ${printable(name)} is not 1 to 32 letters, digits, _ or -`);
  }
  const walletKeyText = textOfFile('wallet-public-key-file', options['wallet-public-key-file']);
  if (walletKeyText.includes('PRIVATE KEY')) {
    throw complain("--wallet-public-key-file holds a private key: give the wallet's public key");
  }
  const account = {
    wallet,
    name,
    appId: options['app-id'].trim(),
    ...accountOptions(wallet, options),
    ...givenContact(options['support-contact']),
    gatewayUrl: options['gateway-url'],
    privateKey: textOfFile('private-key-file', options['private-key-file']),
    walletPublicKey: walletKeyText,
  };
  const { privateKey, walletPublicKey } = preparedKeys(account, settings, complain);
  // The usual mix-up at the platforms: both keys are called "public key" there.
  if (pemOf(createPublicKey(privateKey)) === pemOf(walletPublicKey)) {
    throw complain("--wallet-public-key-file holds our own public key: give the wallet's (支付宝公钥)");
  }
  return {
    ...account,
    privateKey: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    walletPublicKey: pemOf(walletPublicKey),
  };
}

/** Throws what stands against adding an account, or replacing the one that is there. */
function requireAddable(
  { wallet, name, appId }: WalletAccount,
  known: ListedAccount | undefined,
  replace: boolean,
): void {
  if (known === undefined) return;
  if (known.appId !== appId) {
    // Open payments would be inquired and cancelled where nobody knows them, and end as unpaid.
    throw new CommandFailure(
      exitCodes.failed,
      `${wallet} account ${name} is application ${known.appId}, and its payments are known there ` +
        'alone: add another application under another name',
    );
  }
  if (replace) return;
  throw new CommandFailure(
    exitCodes.failed,
    `${wallet} has an account ${name} already: choose another name, or add --replace`,
  );
}

async function savedAccount(
  connection: Connection,
  account: Pick<WalletAccount, 'wallet' | 'name'>,
): Promise<ListedAccount> {
  const saved = (await listWalletAccounts(connection)).find(isNamedLike(account));
  if (saved === undefined) throw new Error(`account ${account.wallet}/${account.name} was not saved`);
  return saved;
}

/** Whom to call, as it was given: `null` takes it away, `undefined` leaves it. */
function supportContact(
  command: 'account add' | 'account set',
  text: string | undefined,
): string | null | undefined {
  if (text === undefined) return undefined;
  return text === '' ? null : writtenLine(command, 'support-contact', text, 200);
}

function givenContact(text: string | undefined): Pick<WalletAccount, 'supportContact'> {
  const contact = supportContact('account add', text);
  return contact === undefined ? {} : { supportContact: contact };
}

function accountAction(
  action: string,
  { wallet, name }: ListedAccount,
  before: AuditDocument | null,
  after: AuditDocument,
): OperatorAction {
  const subjectId = `${wallet}/${name}`;
  return { action, merchantId: null, subject: 'account', subjectId, note: null, before, after };
}

/** An account as the audit log may have it: of the private key its public half's fingerprint. */
async function accountState(
  connection: Connection,
  sealing: Sealing,
  account: ListedAccount,
): Promise<AuditDocument> {
  const {
    wallet,
    name,
    created_at: _,
    updated_at: __,
    wallet_public_key: ___,
    ...shown
  } = accountDocument(account);
  return { ...shown, our_key_fingerprint: await ourFingerprint(connection, sealing, { wallet, name }) };
}

async function ourFingerprint(
  connection: Connection,
  sealing: Sealing,
  { wallet, name }: Pick<WalletAccount, 'wallet' | 'name'>,
): Promise<string> {
  try {
    const account = await findWalletAccount(connection, sealing, wallet, name);
    return account === null ? 'none' : fingerprintOf(account.privateKey);
  } catch (error) {
    // Sealed under another master key: that is often why an account is replaced.
    if (error instanceof SealingError) return 'cannot be read';
    throw error;
  }
}

function isNamedLike(account: Pick<WalletAccount, 'wallet' | 'name'>): (other: ListedAccount) => boolean {
  return (other) => other.wallet === account.wallet && other.name === account.name;
}

/** The options that an account which is replaced keeps. */
function keptOptions(
  known: ListedAccount | undefined,
): Partial<AccountOptions & Pick<WalletAccount, 'supportContact'>> {
  if (known === undefined) return {};
  const { sellerId, settlementCurrency, merchantRegion, keyVersion, supportContact: contact } = known;
  return { sellerId, settlementCurrency, merchantRegion, keyVersion, supportContact: contact };
}

/** The options that are set, in one line. */
function setOptions(account: ListedAccount): string {
  const shown = isWalletName(account.wallet) ? shownOptions(account.wallet, account) : [];
  const set = shown.filter(({ value }) => value !== null);
  return set.map(({ label, value }) => `${label} ${value}`).join(', ') || '-';
}

function accountDocument(account: ListedAccount) {
  return {
    wallet: account.wallet,
    name: account.name,
    app_id: account.appId,
    seller_id: account.sellerId,
    settlement_currency: account.settlementCurrency,
    merchant_region: account.merchantRegion,
    key_version: account.keyVersion,
    gateway_url: account.gatewayUrl,
    wallet_public_key: account.walletPublicKey,
    wallet_public_key_fingerprint: fingerprintOf(account.walletPublicKey),
    support_contact: account.supportContact,
    created_at: account.createdAt.toISOString(),
    updated_at: account.updatedAt.toISOString(),
  };
}
