import { generateKeyPairSync, type KeyObject, randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { madePayment } from '../../test/journal-contract/journal-under-test.ts';
import { createChannelKey, idOfKey } from '../adapters/postgres/api-keys.ts';
import { createCancelJournal } from '../adapters/postgres/cancel-journal.ts';
import { createChannel } from '../adapters/postgres/channels.ts';
import { inTransaction } from '../adapters/postgres/database.ts';
import { createEntryCode } from '../adapters/postgres/entry-codes.ts';
import { keepTroubledAnswer } from '../adapters/postgres/kept-answers.ts';
import { createApiKey, saveMerchant } from '../adapters/postgres/merchant-records.ts';
import { createStrayNotifications } from '../adapters/postgres/notifications.ts';
import { openedTestDatabase } from '../adapters/postgres/opened-test-database.fixture.ts';
import { createPaymentJournal } from '../adapters/postgres/payment-journal.ts';
import { addOurKey } from '../adapters/postgres/wallet-account-keys.ts';
import { saveWalletAccount } from '../adapters/postgres/wallet-accounts.ts';
import { createSealing } from '../adapters/sealing.ts';
import { attemptCore } from '../domain/ids.ts';
import { newReversal, type Payment } from '../domain/payment.ts';
import { type AuditedCommand, type CommandName, commandNames, specOf } from '../inbound/cli/commands.ts';
import { type Ended, shoudan as run } from './scripted-gateway.fixture.ts';

/*
 * Every command that does something as an operator leaves a row in the audit log, or does nothing. A command says itself what
 * it does (`effect`); those that say that they read are held to that too.
 */

const sealing = createSealing(Buffer.alloc(32, 7));
const { url, database } = await openedTestDatabase();
const ours = generateKeyPairSync('rsa', { modulusLength: 2048 });
const theirs = generateKeyPairSync('rsa', { modulusLength: 2048 });
let folder: string;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'shoudan-audit-'));
  await saveWalletAccount(database, sealing, {
    wallet: 'alipay_plus',
    name: 'main',
    appId: 'client',
    gatewayUrl: 'https://wallet.example',
    privateKey: pem(ours.privateKey),
    walletPublicKey: pem(theirs.publicKey),
  });
  await saveMerchant(database, sealing, {
    id: 'M1',
    name: 'Tea House',
    mcc: '5411',
    notifyUrl: null,
    orderCodes: null,
    stores: [{ id: 'S1', name: 'Front', mcc: null, terminalIds: [] }],
    bindings: [{ wallet: 'alipay_plus', currency: 'USD', account: 'main', subMerchantId: 'P1' }],
  });
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function shoudan(words: readonly string[], databaseUrl = url): Promise<Ended> {
  return run(words, {
    DATABASE_URL: databaseUrl,
    SHOUDAN_DATA_DIR: folder,
    SHOUDAN_MASTER_KEY: '07'.repeat(32),
    SHOUDAN_FURTHER_MASTER_KEYS: '08'.repeat(32),
  });
}

function pem(key: KeyObject): string {
  return key.export({ type: key.type === 'private' ? 'pkcs8' : 'spki', format: 'pem' }).toString();
}

function keyFile(name: string, key: KeyObject): string {
  const path = join(folder, name);
  writeFileSync(path, pem(key));
  return path;
}

let made = 0;
/** A name that no other example has. */
function fresh(prefix: string): string {
  made += 1;
  return `${prefix}${made}`;
}

/** A payment whose cancel the wallet does not confirm. */
async function unsignedKey(): Promise<string> {
  return idOfKey(await createApiKey(database, { environment: 'sandbox', merchantId: 'M1', label: 'signs' }));
}

function signerFile(): string {
  const path = join(folder, 'signer.pem');
  writeFileSync(path, generateKeyPairSync('ed25519').publicKey.export({ type: 'spki', format: 'pem' }));
  return path;
}

async function signedKey(): Promise<string> {
  const id = await unsignedKey();
  const add = ['merchant', 'signer', 'add', id, '--keyid', 'pos', '--public-key-file', signerFile()];
  await run(add, { DATABASE_URL: url });
  return id;
}

async function unresolved(): Promise<string> {
  const { rows } = await database.query<{ readonly no: number }>(
    `select short_no::int as no from merchants where id = 'M1'`,
  );
  const now = new Date();
  const blank = { ...madePayment(now), merchantId: 'M1', merchantOrderNo: fresh('order') };
  const core = attemptCore({
    merchantShortNo: rows[0]?.no ?? 0,
    at: now,
    terminalId: 'T1',
    amount: blank.amount,
    merchantOrderNo: blank.merchantOrderNo,
    random: randomBytes(15),
  });
  const journal = createPaymentJournal(database);
  const opened = await journal.openPayment({ ...blank, id: `pay_${core}` }, [], null, []);
  if (opened.kind !== 'opened') throw new Error(`the payment was not opened: ${opened.kind}`);
  const after: Payment = {
    ...opened.payment,
    state: 'reversing',
    reversal: newReversal('merchant'),
    nextStep: { action: 'cancel', dueAt: new Date(now.getTime() + 600_000) },
    attention: { reason: 'cancel_unresolved', since: now },
  };
  await journal.recordPayment({ before: opened.payment, after, events: [], announcements: [] });
  return after.id;
}

async function exhaustedDelivery(): Promise<string> {
  const paymentId = await unresolved();
  const id = fresh('evt_x');
  await database.query(
    `insert into deliveries (merchant_id, id, type, subject, subject_id, payment_id, url, state, created_at)
     values ('M1', $1, 'payment.succeeded', 'payment', $2, $2, 'https://shop.example/', 'exhausted', now())`,
    [id, paymentId],
  );
  return id;
}

async function disabledEndpoint(): Promise<string> {
  const endpoint = `https://shop.example/${fresh('hook')}`;
  await database.query(
    `insert into endpoints (merchant_id, url, failing_since, failures, last_failure, disabled_at)
     values ('M1', $1, now() - interval '5 days', 31, 'the endpoint answered 503', now())`,
    [endpoint],
  );
  return endpoint;
}

async function stray(): Promise<string> {
  const requestId = fresh('P');
  const told = { wallet: 'alipay_plus', account: 'main', requestId, says: 'paid 350 USD' } as const;
  await createStrayNotifications(database, sealing).keep({ ...told, raw: Buffer.from('{}') });
  return requestId;
}

/** A key of ours that is ready to sign, as the words that name it. */
async function readyKey(): Promise<readonly string[]> {
  const { rows } = await database.query<{ readonly next: number }>(
    `select max(version) + 1 as next from wallet_account_keys where wallet = 'alipay_plus' and holder = 'ours'`,
  );
  const version = rows[0]?.next ?? 1;
  // The one that an example before has had sign is given up, so that there is room.
  await database.query(
    `update wallet_account_keys set state = 'retired', private_key = null
     where wallet = 'alipay_plus' and holder = 'ours' and state = 'accepted'`,
  );
  await inTransaction(database, (connection) =>
    addOurKey(connection, sealing, { wallet: 'alipay_plus', name: 'main' }, version, pem(newPrivateKey())),
  );
  return ['--wallet', 'alipay_plus', '--name', 'main', '--key-version', `${version}`];
}

/** Whether one of the keys that were changed is named and stands so. */
function oneKeyIs(state: RegExp): (document: Readonly<Record<string, string>>) => boolean {
  return (document) =>
    Object.entries(document).some(([name, value]) => /^(ours|wallet) \d+$/.test(name) && state.test(value));
}

function newPrivateKey(): KeyObject {
  return generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey;
}

async function channel(): Promise<string> {
  const id = fresh('C');
  await createChannel(database, { id, name: 'North', parent: null, source: '2088000000000001' });
  return id;
}

async function entryCode(): Promise<string> {
  const code = await createEntryCode(database, { merchantId: 'M1', storeId: 'S1', currency: 'USD' });
  if (code === null) throw new Error('no code was made');
  return code.code;
}

interface Example {
  /** Lays ready what the command acts upon, and answers with the command line after the command. */
  readonly words: () => Promise<readonly string[]> | readonly string[];
  readonly subject: RegExp;
  readonly merchant: string | null;
  readonly note?: string;
  readonly before?: object | null;
  readonly after?: object;
}

const policy = ['--merchant', 'M1', '--wallet', 'alipay_plus', '--product', 'payment_code'];

const examples: { readonly [name in AuditedCommand]: Example } = {
  'account add': {
    words: () => [
      ...['--wallet', 'alipay_open', '--name', fresh('a'), '--app-id', '2021000000000001'],
      ...['--gateway-url', 'https://openapi.example.com/gateway.do'],
      ...['--private-key-file', keyFile('ours.pem', ours.privateKey)],
      ...['--wallet-public-key-file', keyFile('theirs.pem', theirs.publicKey)],
    ],
    subject: /^account alipay_open\/a\d+$/,
    merchant: null,
    before: null,
    after: { app_id: '2021000000000001', our_key_fingerprint: expect.stringMatching(/^sha256:/) },
  },
  'account set': {
    words: () => [
      ...['--wallet', 'alipay_plus', '--name', 'main'],
      ...['--support-contact', fresh('Wang, +86 10 5555 000')],
    ],
    subject: /^account alipay_plus\/main$/,
    merchant: null,
    after: { support_contact: expect.stringContaining('Wang') },
  },
  'account key add': {
    words: async () => {
      await readyKey();
      return ['--wallet', 'alipay_plus', '--name', 'main', '--generate'];
    },
    subject: /^account alipay_plus\/main$/,
    merchant: null,
    before: null,
    after: expect.toSatisfy(oneKeyIs(/^accepted sha256:[0-9a-f]{16}$/)),
  },
  'account key use': {
    words: readyKey,
    subject: /^account alipay_plus\/main$/,
    merchant: null,
    before: expect.toSatisfy(oneKeyIs(/^signing sha256:/)),
    after: expect.toSatisfy(oneKeyIs(/^signing sha256:/)),
  },
  'account key retire': {
    words: async () => ['--of', 'ours', ...(await readyKey())],
    subject: /^account alipay_plus\/main$/,
    merchant: null,
    before: expect.toSatisfy(oneKeyIs(/^accepted sha256:/)),
    after: expect.toSatisfy(oneKeyIs(/^retired sha256:/)),
  },
  'master-key rotate': {
    // Sealed without a further key, so that it is not marked.
    words: async () => {
      await stray();
      return [];
    },
    subject: /^master_key [0-9a-f]{8}$/,
    merchant: null,
    before: null,
    after: { to_seal: expect.objectContaining({ stray_notifications: expect.any(Number) }) },
  },
  'channel add': {
    words: () => ['--id', fresh('C'), '--name', 'North', '--source', '2088000000000001'],
    subject: /^channel C\d+$/,
    merchant: null,
    before: null,
    after: { name: 'North', parent: null, source: '2088000000000001', closed_at: null },
  },
  'channel set': {
    words: async () => ['--id', await channel(), '--source', '2088000000000002'],
    subject: /^channel C\d+$/,
    merchant: null,
    before: { source: '2088000000000001' },
    after: { source: '2088000000000002' },
  },
  'channel move': {
    words: async () => ['--id', await channel(), '--to', await channel()],
    subject: /^channel C\d+$/,
    merchant: null,
    before: { parent: null },
    after: { parent: expect.stringMatching(/^C\d+$/) },
  },
  'channel close': {
    words: async () => {
      const id = await channel();
      await createChannelKey(database, { environment: 'sandbox', channelId: id, label: 'ops' });
      return ['--id', id];
    },
    subject: /^channel C\d+$/,
    merchant: null,
    before: { closed_at: null },
    after: { closed_at: expect.any(String), revoked_keys: 1 },
  },
  'merchant add': {
    words: () => ['--id', 'M1', '--store', 'S2:Back', '--terminal', `S2:${fresh('T')}`],
    subject: /^merchant M1$/,
    merchant: 'M1',
    after: { stores: [expect.objectContaining({ id: 'S2', name: 'Back' })] },
  },
  'merchant source set': {
    words: async () => {
      const [id, smid] = [fresh('M'), fresh('S')];
      const open = { wallet: 'alipay_open', currency: 'CNY', account: 'china', subMerchantId: smid };
      await saveWalletAccount(database, sealing, {
        wallet: 'alipay_open',
        name: 'china',
        appId: '2021000000000001',
        gatewayUrl: 'https://wallet.example',
        privateKey: pem(ours.privateKey),
        walletPublicKey: pem(theirs.publicKey),
      });
      await saveMerchant(database, sealing, {
        id,
        name: 'Tea House',
        mcc: null,
        notifyUrl: null,
        orderCodes: null,
        stores: [],
        bindings: [{ ...open, source: '2088000000000001' }],
      });
      return ['--from', '2088000000000001', '--to', '2088000000000002'];
    },
    subject: /^source 2088000000000002$/,
    merchant: null,
    before: { source: '2088000000000001' },
    after: {
      source: '2088000000000002',
      corrected: 1,
      corrected_merchants: [expect.stringMatching(/^M\d+$/)],
    },
  },
  'merchant policy set': {
    words: () => [...policy, '--set', `pay_answer=${20 + (made++ % 5)}s`],
    subject: /^merchant M1$/,
    merchant: 'M1',
    after: { 'alipay_plus payment_code': { payAnswerMs: expect.any(Number) } },
  },
  'merchant policy clear': {
    words: async () => {
      await run(['merchant', 'policy', 'set', ...policy, '--set', 'pay_answer=25s'], { DATABASE_URL: url });
      return ['--merchant', 'M1'];
    },
    subject: /^merchant M1$/,
    merchant: 'M1',
    before: { 'alipay_plus payment_code': { payAnswerMs: 25_000 } },
    after: { 'alipay_plus payment_code': null },
  },
  'merchant key add': {
    words: () => ['--merchant', 'M1', '--label', 'till'],
    subject: /^api_key [0-9a-f]{16}$/,
    merchant: 'M1',
    before: null,
    after: { scope: 'merchant', label: 'till', requests_per_s: null },
  },
  'merchant key limit': {
    words: async () => {
      const key = { environment: 'sandbox', merchantId: 'M1', label: 'busy' };
      return [idOfKey(await createApiKey(database, key)), '--rate', '50/s'];
    },
    subject: /^api_key [0-9a-f]{16}$/,
    merchant: 'M1',
    before: { requests_per_s: null },
    after: { requests_per_s: 50 },
  },
  'merchant signer add': {
    words: async () => [await unsignedKey(), '--keyid', 'pos', '--public-key-file', signerFile()],
    subject: /^api_key [0-9a-f]{16}$/,
    merchant: 'M1',
    before: null,
    after: { keyid: 'pos', public_key: expect.stringMatching(/^[0-9a-f]{64}$/) },
  },
  'merchant signer remove': {
    words: async () => [await signedKey(), '--keyid', 'pos'],
    subject: /^api_key [0-9a-f]{16}$/,
    merchant: 'M1',
    before: { keyid: 'pos' },
    after: { keyid: null },
  },
  'merchant signer require': {
    words: async () => [await signedKey()],
    subject: /^api_key [0-9a-f]{16}$/,
    merchant: 'M1',
    before: { signature_required: false },
    after: { signature_required: true },
  },
  'merchant key revoke': {
    words: async () => {
      const key = { environment: 'sandbox', merchantId: 'M1', label: 'lost' };
      return [idOfKey(await createApiKey(database, key))];
    },
    subject: /^api_key [0-9a-f]{16}$/,
    merchant: 'M1',
    before: { revoked_at: null },
    after: { revoked_at: expect.any(String) },
  },
  'code create': {
    words: () => ['--merchant', 'M1', '--store', 'S1'],
    subject: /^entry_code [0-9A-Z]{20}$/,
    merchant: 'M1',
    before: null,
    after: { store_id: 'S1', currency: 'USD' },
  },
  'code disable': {
    words: async () => [await entryCode()],
    subject: /^entry_code [0-9A-Z]{20}$/,
    merchant: 'M1',
    before: { disabled_at: null },
    after: { disabled_at: expect.any(String) },
  },
  'code enable': {
    words: async () => {
      const code = await entryCode();
      await database.query('update entry_codes set disabled_at = now() where code = $1', [code]);
      return [code];
    },
    subject: /^entry_code [0-9A-Z]{20}$/,
    merchant: 'M1',
    before: { disabled_at: expect.any(String) },
    after: { disabled_at: null },
  },
  retry: {
    words: async () => [await unresolved()],
    subject: /^payment pay_/,
    merchant: 'M1',
    after: { due: 'now' },
  },
  'inspect answers': {
    words: async () => {
      const paymentId = await unresolved();
      const told = { merchantId: 'M1', paymentId, refundId: null, call: 'cancel', answer: 'unclear' };
      const raw = Buffer.from('{"buyer_user_id":"2088102146225135"}');
      await keepTroubledAnswer(database, sealing, { ...told, walletCode: '20000', raw });
      return [paymentId, '--raw'];
    },
    subject: /^payment pay_/,
    merchant: 'M1',
    before: null,
    after: { raw: true, answers: 1 },
  },
  resolve: {
    words: async () => [await unresolved(), '--as', 'given_back', '--evidence', 'mail 4711'],
    subject: /^payment pay_/,
    merchant: 'M1',
    note: 'mail 4711',
    before: { status: 'processing', needs_attention: 'cancel_unresolved' },
    after: { as: 'given_back', status: 'cancelled', needs_attention: null },
  },
  'endpoint enable': {
    words: async () => [await disabledEndpoint()],
    subject: /^endpoint https:\/\/shop\.example\/hook\d+$/,
    merchant: 'M1',
    before: { enabled: false, failures: 31, last_failure: 'the endpoint answered 503' },
    after: { enabled: true },
  },
  'delivery replay': {
    words: async () => [await exhaustedDelivery()],
    subject: /^delivery evt_x\d+$/,
    merchant: 'M1',
    after: { replayed: 1, deliveries: [expect.stringMatching(/^evt_x\d+$/)] },
  },
  'held clear': {
    words: async () => {
      const requestId = fresh('P');
      await createCancelJournal(database).holdCancelOfRequest('M1', requestId, []);
      return [requestId, '--note', 'cancelled at the wallet'];
    },
    subject: /^held_cancel P\d+$/,
    merchant: 'M1',
    note: 'cancelled at the wallet',
    before: { cleared_at: null },
    after: { cleared_at: expect.any(String) },
  },
  'stray clear': {
    words: async () => [await stray(), '--note', 'refunded at the wallet'],
    subject: /^stray_notification P\d+$/,
    merchant: null,
    note: 'refunded at the wallet',
    after: { account: 'main', cleared: ['paid 350 USD'] },
  },
};

const audited = Object.keys(examples) as AuditedCommand[];

interface Logged {
  readonly no: string;
  readonly by: string;
  readonly action: string;
  readonly subject: string;
  readonly subject_id: string;
  readonly before: object | null;
  readonly after: object | null;
}

async function logged(...filter: readonly string[]): Promise<readonly Logged[]> {
  return JSON.parse((await shoudan(['audit', 'list', '--json', ...filter])).out).data;
}

/** Everything that the database holds, as one text a table. */
async function everything(): Promise<Record<string, string>> {
  const { rows } = await database.query<{ readonly name: string }>(
    `select c.relname as name from pg_class c
     where c.relnamespace = 'public'::regnamespace and c.relkind = 'r' order by 1`,
  );
  const found: Record<string, string> = {};
  for (const { name } of rows) {
    const held = await database.query<{ readonly text: string | null }>(
      `select string_agg(t::text, E'\\n' order by t::text) as text from ${name} t`,
    );
    found[name] = held.rows[0]?.text ?? '';
  }
  return found;
}

/** `resolve` is not done without a name. */
function by(name: AuditedCommand): readonly string[] {
  return name === 'resolve' ? ['--by', userInfo().username] : [];
}

// proves RES-13
describe('what an operator does', () => {
  it('every command that says so has an example here, and takes --by', () => {
    expect(commandNames.filter((name) => specOf(name).effect === 'audited').toSorted()).toEqual(
      audited.toSorted(),
    );
    for (const name of audited) expect(Object.keys(specOf(name).options), name).toContain('by');
  });

  it.each(audited)(
    '`shoudan %s` leaves one row that says who, what, of what, and what has changed',
    async (name) => {
      const { words, subject, merchant, note = null, before, after } = examples[name];
      const line = [...name.split(' '), ...(await words()), '--by', 'Wang Fang'];
      const [last] = await logged('--limit', '1');
      const ended = await shoudan(line);
      expect(ended).toMatchObject({ exitCode: 0, err: '' });
      const since = (await logged()).filter(({ no }) => BigInt(no) > BigInt(last?.no ?? 0));
      const mine = since.filter(({ action }) => action === name);
      expect(mine).toMatchObject([
        { by: 'Wang Fang', means: 'cli', action: name, merchant_id: merchant, note },
      ]);
      const [row] = mine;
      expect(`${row?.subject} ${row?.subject_id}`).toMatch(subject);
      if (before === null) expect(row?.before).toBeNull();
      else if (before !== undefined) expect(row?.before).toMatchObject(before);
      if (after !== undefined) expect(row?.after).toMatchObject(after);
      expect(JSON.stringify(since)).not.toMatch(/PRIVATE KEY|whsec_|sk_sandbox_/);
    },
  );

  it.each(audited)('without --by, `shoudan %s` is the machine’s user’s', async (name) => {
    const line = [...name.split(' '), ...(await examples[name].words()), ...by(name)];
    expect((await shoudan(line)).exitCode).toBe(0);
    const [row] = await logged('--limit', '1');
    expect(row).toMatchObject({ action: name, by: userInfo().username });
  });

  it.each(audited)('`shoudan %s` that cannot be logged changes nothing and tells nothing', async (name) => {
    const line = [...name.split(' '), ...(await examples[name].words()), ...by(name)];
    await database.query(
      `create function refuse() returns trigger language plpgsql as $$ begin raise exception 'no row'; end $$;
       create trigger refuse before insert on operator_actions for each row execute function refuse()`,
    );
    try {
      const before = await everything();
      expect(await shoudan(line)).toMatchObject({ exitCode: 1, out: '' });
      expect(await everything()).toEqual(before);
    } finally {
      await database.query('drop trigger refuse on operator_actions; drop function refuse()');
    }
  });

  it('what is refused leaves no row', async () => {
    const before = await logged();
    expect((await shoudan(['retry', `pay_${'0'.repeat(31)}`])).exitCode).toBe(3);
    expect((await shoudan(['endpoint', 'enable', 'https://nobody.example/'])).exitCode).toBe(1);
    expect((await shoudan(['merchant', 'key', 'revoke', '0123456789abcdef'])).exitCode).toBe(1);
    const wrong = [...policy, '--set', 'pay_answer=1ms'];
    expect((await shoudan(['merchant', 'policy', 'set', ...wrong])).exitCode).toBe(1);
    expect(await logged()).toEqual(before);
  });

  it.each([
    ['no name at all', ' '],
    ['two lines', 'Li\nWei'],
    ['a name without end', 'x'.repeat(101)],
  ])('%s is nobody’s name', async (_what, name) => {
    const ended = await shoudan(['merchant', 'key', 'add', '--merchant', 'M1', '--by', name]);
    expect(ended).toMatchObject({ exitCode: 2, out: '' });
    expect(ended.err).toContain('--by must be 1 to 100 characters on one line');
  });

  it('another private key is seen by its fingerprint, and kept nowhere', async () => {
    const other = generateKeyPairSync('rsa', { modulusLength: 2048 });
    const words = await examples['account add'].words();
    await shoudan(['account', 'add', ...words]);
    const swapped = words.map((word) =>
      word.endsWith('ours.pem') ? keyFile('other.pem', other.privateKey) : word,
    );
    expect(await shoudan(['account', 'add', ...swapped, '--replace'])).toMatchObject({
      exitCode: 0,
      err: '',
    });
    const [row] = await logged('--limit', '1');
    expect(Object.keys(row?.before ?? {})).toEqual(['our_key_fingerprint']);
    expect(row?.before).not.toEqual(row?.after);
  });
});

describe('shoudan audit list', () => {
  it('shows a page and says how the next is had', async () => {
    const first = JSON.parse((await shoudan(['audit', 'list', '--limit', '2', '--json'])).out);
    expect(first.data).toHaveLength(2);
    const next = await shoudan(['audit', 'list', '--limit', '1', '--before', first.next_cursor, '--json']);
    expect(BigInt(JSON.parse(next.out).data[0].no)).toBeLessThan(BigInt(first.data[1].no));
    const { out, err } = await shoudan(['audit', 'list', '--limit', '2']);
    expect(out).toMatch(/^no +at +by +means +action +merchant +of +note +before +after\n/);
    expect(err).toBe(`shoudan: there is more: --before ${first.next_cursor}\n`);
    const none = await shoudan(['audit', 'list', '--subject', 'nobody']);
    expect(none).toMatchObject({ exitCode: 0, out: 'nothing was done\n', err: '' });
  });

  it.each([
    [['--limit', '0'], '--limit'],
    [['--limit', '1001'], '--limit'],
    [['--before', 'x'], '--before'],
    [['--since', 'yesterday'], '--since'],
  ])('refuses %j', async (words, named) => {
    const ended = await shoudan(['audit', 'list', ...words]);
    expect(ended).toMatchObject({ exitCode: 2, out: '' });
    expect(ended.err).toContain(named);
  });
});

describe('a command that says that it reads', () => {
  const readers: { readonly [name in CommandName]?: () => Promise<readonly string[]> | readonly string[] } = {
    'account list': () => [],
    'account key list': () => ['--wallet', 'alipay_plus', '--name', 'main'],
    'channel list': () => [],
    'channel show': async () => ['--id', await channel()],
    'merchant list': () => [],
    'merchant show': () => ['--id', 'M1'],
    'merchant policy show': () => ['--merchant', 'M1'],
    'merchant key list': () => [],
    'merchant signer list': async () => [await unsignedKey()],
    'code list': () => ['--merchant', 'M1'],
    'code show': async () => [await entryCode()],
    'inspect queue': () => [],
    'inspect attention': () => [],
    'inspect policy': () => ['--merchant', 'M1'],
    'endpoint list': () => [],
    'delivery list': () => [],
    'held list': () => [],
    'audit list': () => [],
    'stray list': () => [],
  };

  it.each(commandNames.filter((name) => specOf(name).effect === 'reads'))(
    '`shoudan %s` works on a database that takes no change',
    async (name) => {
      const words = await readers[name]?.();
      if (words === undefined) throw new Error(`${name} has no example here`);
      const readOnly = `${url}?options=-c%20default_transaction_read_only%3Don`;
      const ended = await shoudan([...name.split(' '), ...words], readOnly);
      expect(ended).toMatchObject({ exitCode: 0, err: '' });
    },
  );

  it('and is found out where it does change something', async () => {
    const readOnly = `${url}?options=-c%20default_transaction_read_only%3Don`;
    const ended = await shoudan(['merchant', 'key', 'add', '--merchant', 'M1'], readOnly);
    expect(ended).toMatchObject({ exitCode: 1, out: '' });
    expect(ended.err).toContain('read-only transaction');
  });
});
