import { createPublicKey, generateKeyPairSync, type KeyObject, randomBytes, sign, verify } from 'node:crypto';
import type { Connection } from '../adapters/postgres/database.ts';
import {
  type AuditDocument,
  type OperatorAction,
  withOperatorAction,
} from '../adapters/postgres/operator-actions.ts';
import {
  type AccountKey,
  acceptedKeysMax,
  addOurKey,
  addWalletKey,
  type KeyHolder,
  type KeyName,
  listAccountKeys,
  lockAccount,
  privateKeyOf,
  retireOurKey,
  retireWalletKey,
  useOurKey,
} from '../adapters/postgres/wallet-account-keys.ts';
import {
  findWalletAccount,
  listWalletAccounts,
  type WalletAccount,
} from '../adapters/postgres/wallet-accounts.ts';
import type { Sealing } from '../adapters/sealing.ts';
import { isWalletName, type WalletName } from '../domain/wallets.ts';
import type { GivenTo } from '../inbound/cli/commands.ts';
import { CommandFailure, exitCodes, usageError } from '../inbound/cli/exit-codes.ts';
import { fields, jsonText, printable, table } from '../inbound/cli/terminal-text.ts';
import { consoleFormOf, fingerprintOf, pemOf, preparedKeys, textOfFile } from './account-keys.ts';
import type { Terminal } from './command-line.ts';
import { sealingOf } from './master-key.ts';
import { operatorOf } from './operator.ts';
import { readSettings, type Settings } from './settings.ts';
import { withDatabase } from './with-database.ts';

interface NamedAccount {
  readonly wallet: string;
  readonly name: string;
}

type KeyCommand = 'account key add' | 'account key use' | 'account key retire';

/** `shoudan account key list`: every key of an account by its fingerprint, never a private one. */
export async function listKeys(
  { options }: GivenTo<'account key list'>,
  terminal: Terminal,
): Promise<number> {
  const settings = readSettings(terminal.env);
  const account = { wallet: options.wallet, name: options.name };
  const sealing = sealingOf(settings);
  const keys = await withDatabase(settings, async (database) => {
    if (!(await listWalletAccounts(database)).some(isNamedLike(account))) throw unknownAccount(account);
    return listAccountKeys(database, sealing, account);
  });
  terminal.out(
    options.json
      ? jsonText({ data: keys.map((key) => keyDocument(account, key)) })
      : table(
          ['whose', 'version', 'state', 'fingerprint', 'added', 'since'],
          keys.map((key) => [
            key.holder,
            key.version.toString(),
            key.state,
            shownFingerprint(key),
            key.createdAt.toISOString(),
            key.changedAt.toISOString(),
          ]),
        ),
  );
  return exitCodes.done;
}

/** `shoudan account key add`: one more key of ours, which signs nothing yet, or of the wallet's, which is believed at once. */
export async function addKey({ options }: GivenTo<'account key add'>, terminal: Terminal): Promise<number> {
  const { generate, json } = options;
  const privateFile = options['private-key-file'];
  const publicFile = options['wallet-public-key-file'];
  if ([generate, privateFile !== undefined, publicFile !== undefined].filter(Boolean).length !== 1) {
    throw usageError(
      'account key add needs one of --generate, --private-key-file and --wallet-public-key-file: which key is added',
      'account key add',
    );
  }
  const version = givenVersion('account key add', options['key-version']);
  if (publicFile !== undefined && version !== undefined) {
    throw usageError(
      "--key-version is for a key of ours: leave it out for the wallet's, which is counted here",
      'account key add',
    );
  }
  const operator = operatorOf('account key add', options.by);
  const settings = readSettings(terminal.env);
  const sealing = sealingOf(settings);
  const named = { wallet: options.wallet, name: options.name };
  const given =
    publicFile !== undefined
      ? { holder: 'wallet' as const, key: walletKeyText(publicFile) }
      : {
          holder: 'ours' as const,
          key: privateFile === undefined ? newPrivateKey() : textOfFile('private-key-file', privateFile),
        };
  const added = await withDatabase(settings, (database) =>
    withOperatorAction(database, operator, async (connection) => {
      const account = await lockedAccount(connection, sealing, named, given.holder);
      const keys = await listAccountKeys(connection, sealing, named);
      const name = { holder: given.holder, version: version ?? nextVersion(keys, given.holder) };
      const complain = (complaint: string) => usageError(complaint, 'account key add');
      const key = checkedKey(account, given, settings, complain);
      requireNewKey(keys, name, publicPemOf(key));
      if (given.holder === 'ours') {
        const text = key.export({ type: 'pkcs8', format: 'pem' }).toString();
        await addOurKey(connection, sealing, named, name.version, text);
      } else await addWalletKey(connection, named, name.version, pemOf(key));
      const result = await keyNamed(connection, sealing, named, name);
      return { result, action: keyAction('account key add', named, null, [result]) };
    }),
  );
  const publicKey = added.publicKey ?? '';
  terminal.out(
    json
      ? jsonText({ ...keyDocument(named, added), console_form: consoleFormOf(publicKey) })
      : fields([
          ['account', `${named.wallet} ${named.name}`],
          ['key', `${added.holder} ${added.version} is added: ${added.state}`],
          ['fingerprint', shownFingerprint(added)],
          ...(added.holder === 'ours' ? [['public key', consoleFormOf(publicKey)] as const] : []),
          ['next', nextStep(named, added)],
        ]),
  );
  return exitCodes.done;
}

/** `shoudan account key use`: another key of ours signs, once it has been seen to sign what its public half verifies. */
export async function useKey({ options }: GivenTo<'account key use'>, terminal: Terminal): Promise<number> {
  const version = requiredVersion('account key use', options['key-version']);
  const operator = operatorOf('account key use', options.by);
  const settings = readSettings(terminal.env);
  const sealing = sealingOf(settings);
  const named = { wallet: options.wallet, name: options.name };
  const used = await withDatabase(settings, (database) =>
    withOperatorAction(database, operator, async (connection) => {
      if (!(await lockAccount(connection, named))) throw unknownAccount(named);
      const name = { holder: 'ours', version } as const;
      const keys = await listAccountKeys(connection, sealing, named);
      const known = requireKey(keys, named, name);
      if (known.state === 'signing') return { result: known, action: null };
      if (known.state === 'retired') {
        throw failure(
          `key ours ${version} of ${accountText(named)} is retired, and its private half is gone: add a new one`,
        );
      }
      requireSigning((await privateKeyOf(connection, sealing, named, version)) ?? '');
      await useOurKey(connection, named, version);
      const after = await listAccountKeys(connection, sealing, named);
      const action = keyAction('account key use', named, keys, after);
      return { result: requireKey(after, named, name), action };
    }),
  );
  terminal.out(
    options.json
      ? jsonText(keyDocument(named, used))
      : fields([
          ['account', `${named.wallet} ${named.name}`],
          ['key', `${used.holder} ${used.version} signs`],
          ['fingerprint', shownFingerprint(used)],
          ['since', `${used.changedAt.toISOString()}; gateways that run take it up within 5 seconds`],
        ]),
  );
  return exitCodes.done;
}

/** `shoudan account key retire`: neither the key that signs nor the last one that is believed. */
export async function retireKey(
  { options }: GivenTo<'account key retire'>,
  terminal: Terminal,
): Promise<number> {
  const version = requiredVersion('account key retire', options['key-version']);
  const holder = options.of;
  if (holder !== 'ours' && holder !== 'wallet') {
    throw usageError(`--of ${printable(holder)} is neither ours nor wallet`, 'account key retire');
  }
  const operator = operatorOf('account key retire', options.by);
  const settings = readSettings(terminal.env);
  const sealing = sealingOf(settings);
  const named = { wallet: options.wallet, name: options.name };
  const retired = await withDatabase(settings, (database) =>
    withOperatorAction(database, operator, async (connection) => {
      if (!(await lockAccount(connection, named))) throw unknownAccount(named);
      const keys = await listAccountKeys(connection, sealing, named);
      const known = requireKey(keys, named, { holder, version });
      if (known.state === 'retired') return { result: known, action: null };
      requireRetirable(keys, named, known);
      if (holder === 'ours') await retireOurKey(connection, named, version, known.publicKey);
      else await retireWalletKey(connection, named, version);
      const after = await listAccountKeys(connection, sealing, named);
      const action = keyAction('account key retire', named, keys, after);
      return { result: requireKey(after, named, known), action };
    }),
  );
  terminal.out(
    options.json
      ? jsonText(keyDocument(named, retired))
      : fields([
          ['account', `${named.wallet} ${named.name}`],
          ['key', `${retired.holder} ${retired.version} is retired`],
          ['fingerprint', shownFingerprint(retired)],
        ]),
  );
  return exitCodes.done;
}

function walletKeyText(path: string): string {
  const text = textOfFile('wallet-public-key-file', path);
  if (!text.includes('PRIVATE KEY')) return text;
  throw usageError(
    "--wallet-public-key-file holds a private key: give the wallet's public key",
    'account key add',
  );
}

function newPrivateKey(): string {
  return generateKeyPairSync('rsa', {
    modulusLength: 2048,
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
    publicKeyEncoding: { type: 'spki', format: 'pem' },
  }).privateKey;
}

/** The account, held until the change is made. Its private key is read only where the given key is the wallet's. */
async function lockedAccount(
  connection: Connection,
  sealing: Sealing,
  named: NamedAccount,
  holder: KeyHolder,
): Promise<WalletAccount & { readonly wallet: WalletName }> {
  if (!(await lockAccount(connection, named))) throw unknownAccount(named);
  const listed = (await listWalletAccounts(connection)).find(isNamedLike(named));
  const account =
    holder === 'wallet'
      ? await findWalletAccount(connection, sealing, named.wallet, named.name)
      : listed === undefined
        ? null
        : { ...listed, privateKey: '' };
  if (account === null || !isWalletName(account.wallet)) throw unknownAccount(named);
  return { ...account, wallet: account.wallet };
}

/** The given key as the wallet's adapter reads it: ours has signed what its public half verifies. */
function checkedKey(
  account: WalletAccount & { readonly wallet: WalletName },
  given: { readonly holder: KeyHolder; readonly key: string },
  settings: Settings,
  complain: (complaint: string) => CommandFailure,
): KeyObject {
  switch (given.holder) {
    case 'ours': {
      const { privateKey } = preparedKeys({ ...account, privateKey: given.key }, settings, complain);
      requireSigning(privateKey.export({ type: 'pkcs8', format: 'pem' }).toString());
      return privateKey;
    }
    case 'wallet':
      return preparedKeys(
        { ...account, walletPublicKey: given.key, furtherWalletKeys: undefined },
        settings,
        complain,
      ).walletPublicKey;
    default:
      return given.holder satisfies never;
  }
}

function requireSigning(privateKey: string): void {
  const probe = randomBytes(64);
  if (!verify('sha256', probe, createPublicKey(privateKey), sign('sha256', probe, privateKey))) {
    throw failure('the private key signs nothing that its public half verifies: give another one');
  }
}

function requireNewKey(keys: readonly AccountKey[], name: KeyName, publicKey: string): void {
  if (keys.some((key) => key.holder === name.holder && key.version === name.version)) {
    throw failure(
      `key ${name.holder} ${name.version} is there already: leave --key-version out, or give another one`,
    );
  }
  const same = keys.find((key) => key.state !== 'retired' && key.publicKey === publicKey);
  if (same !== undefined && same.holder !== name.holder) {
    throw failure(
      name.holder === 'wallet'
        ? `--wallet-public-key-file holds our own public key (${same.version}): give the wallet's (支付宝公钥)`
        : `the private key belongs to the wallet's public key ${same.version}: make one of our own with --generate`,
    );
  }
  if (same !== undefined) {
    throw failure(`this key is there already: ${same.holder} ${same.version}, ${same.state}`);
  }
  const live = keys.filter(({ holder, state }) => holder === name.holder && state !== 'retired');
  if (live.length >= acceptedKeysMax) {
    throw failure(
      `${live.length} keys of ${name.holder} are in use (${live.map(({ version }) => version).join(', ')}): retire one first`,
    );
  }
}

function requireRetirable(keys: readonly AccountKey[], named: NamedAccount, key: AccountKey): void {
  const call = `${key.holder} ${key.version} of ${accountText(named)}`;
  if (key.state === 'signing') {
    throw failure(`key ${call} signs: have another one sign first (\`shoudan account key use\`)`);
  }
  const others = keys.filter(
    ({ holder, state, version }) => holder === key.holder && state === 'accepted' && version !== key.version,
  );
  if (key.holder === 'wallet' && others.length === 0) {
    throw failure(`key ${call} is the only one that its answers are verified with: add the new one first`);
  }
}

function requireKey(keys: readonly AccountKey[], named: NamedAccount, name: KeyName): AccountKey {
  const known = keys.find((key) => key.holder === name.holder && key.version === name.version);
  if (known !== undefined) return known;
  throw failure(
    `${accountText(named)} has no key ${name.holder} ${name.version}: \`shoudan account key list\` shows those that it has`,
  );
}

async function keyNamed(
  connection: Connection,
  sealing: Sealing,
  named: NamedAccount,
  name: KeyName,
): Promise<AccountKey> {
  return requireKey(await listAccountKeys(connection, sealing, named), named, name);
}

function nextVersion(keys: readonly AccountKey[], holder: KeyHolder): number {
  return Math.max(0, ...keys.filter((key) => key.holder === holder).map(({ version }) => version)) + 1;
}

function givenVersion(command: KeyCommand, text: string | undefined): number | undefined {
  return text === undefined ? undefined : requiredVersion(command, text);
}

function requiredVersion(command: KeyCommand, text: string): number {
  if (/^[1-9]\d{0,8}$/.test(text)) return Number(text);
  throw usageError(`--key-version ${printable(text)} is not a number from 1 to 999999999`, command);
}

function nextStep({ wallet, name }: NamedAccount, { holder, version }: AccountKey): string {
  return holder === 'ours'
    ? `give the public key to the wallet, then \`shoudan account key use --wallet ${wallet} --name ${name} --key-version ${version}\``
    : 'compare the fingerprint with what the wallet shows; gateways that run take it up within 5 seconds';
}

/** What differs is kept of both: the keys whose state was changed, by name, with their fingerprints. */
function keyAction(
  action: KeyCommand,
  { wallet, name }: NamedAccount,
  before: readonly AccountKey[] | null,
  after: readonly AccountKey[],
): OperatorAction {
  const subjectId = `${wallet}/${name}`;
  const states = (keys: readonly AccountKey[]): AuditDocument =>
    Object.fromEntries(
      keys.map((key) => [`${key.holder} ${key.version}`, `${key.state} ${shownFingerprint(key)}`]),
    );
  return {
    action,
    merchantId: null,
    subject: 'account',
    subjectId,
    note: null,
    before: before === null ? null : states(before),
    after: states(after),
  };
}

function shownFingerprint({ publicKey }: AccountKey): string {
  return publicKey === null ? 'cannot be read' : fingerprintOf(publicKey);
}

function publicPemOf(key: KeyObject): string {
  return pemOf(key.type === 'private' ? createPublicKey(key) : key);
}

function isNamedLike(account: NamedAccount): (other: NamedAccount) => boolean {
  return (other) => other.wallet === account.wallet && other.name === account.name;
}

function unknownAccount({ wallet, name }: NamedAccount): CommandFailure {
  return failure(
    `${printable(wallet)} has no account ${printable(name)}: \`shoudan account list\` shows those that it has`,
  );
}

function accountText({ wallet, name }: NamedAccount): string {
  return `${wallet} account ${name}`;
}

function failure(message: string): CommandFailure {
  return new CommandFailure(exitCodes.failed, message);
}

function keyDocument({ wallet, name }: NamedAccount, key: AccountKey) {
  return {
    wallet,
    account: name,
    of: key.holder,
    key_version: key.version,
    state: key.state,
    fingerprint: key.publicKey === null ? null : fingerprintOf(key.publicKey),
    public_key: key.publicKey,
    created_at: key.createdAt.toISOString(),
    changed_at: key.changedAt.toISOString(),
  };
}
