import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { type Queryable, violatedConstraint } from '../adapters/postgres/database.ts';
import { createMerchantDirectory } from '../adapters/postgres/merchant-directory.ts';
import { saveMerchant } from '../adapters/postgres/merchant-records.ts';
import { openedTestDatabase } from '../adapters/postgres/opened-test-database.fixture.ts';
import { saveWalletAccount } from '../adapters/postgres/wallet-accounts.ts';
import { createSealing } from '../adapters/sealing.ts';
import { type Ended, shoudan as run } from './scripted-gateway.fixture.ts';

const sealing = createSealing(Buffer.alloc(32, 7));
const { url, database } = await openedTestDatabase();
const folder = mkdtempSync(join(tmpdir(), 'shoudan-channels-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const ours = '2088000000000001';
const theirs = '2088000000000002';

beforeEach(async () => {
  await database.query('truncate merchants, channels, channel_keys, wallet_accounts cascade');
  await saveWalletAccount(database, sealing, {
    wallet: 'alipay_open',
    name: 'main',
    appId: '2021000000000001',
    sellerId: ours,
    gatewayUrl: 'https://wallet.example/gateway.do',
    privateKey: 'private',
    walletPublicKey: 'public',
  });
});

function shoudan(line: string): Promise<Ended> {
  return run(line.split(' '), {
    DATABASE_URL: url,
    SHOUDAN_DATA_DIR: folder,
    SHOUDAN_MASTER_KEY: '07'.repeat(32),
  });
}

/** Done, and what it answers. */
async function done(line: string) {
  const ended = await shoudan(`${line} --json`);
  expect(ended).toMatchObject({ exitCode: 0, err: '' });
  return JSON.parse(ended.out);
}

async function refused(line: string, exitCode: number, why: string): Promise<void> {
  const ended = await shoudan(line);
  expect(ended).toMatchObject({ exitCode, out: '' });
  expect(ended.err).toContain(why);
  expect(ended.err.trimEnd().split('\n')).toHaveLength(1);
}

async function tree(): Promise<void> {
  await done(`channel add --id east --name East --source ${theirs}`);
  await done(`channel add --id tills --name Tills --source 2088000000000003 --parent east`);
  await done(`channel add --id west --name West --source 2088000000000004`);
}

// proves ONB-04
describe('shoudan channel', () => {
  it('adds a channel, shows it, and lists all as a tree', async () => {
    expect(await done(`channel add --id east --name East --source ${theirs}`)).toEqual({
      id: 'east',
      name: 'East',
      source: theirs,
      parent: null,
      path: ['east'],
      channel_count: 0,
      merchant_count: 0,
      created_at: expect.any(String),
      closed_at: null,
    });
    await done('channel add --id west --name West --source 2088000000000004');
    await done('channel add --id tills --name Tills --source 2088000000000003 --parent east');
    await done('merchant add --id M1 --name Shop --channel tills');
    const shown = await shoudan('channel show --id tills');
    expect(shown.out).toMatch(
      /^channel {4}tills\nname {7}Tills\nsource {5}2088000000000003\nplace {6}acquirer > east > tills\nchannels {3}0\nmerchants {2}1\n/,
    );
    expect((await shoudan('channel list')).out).toBe(
      'id       name   source            channels  merchants  closed\n' +
        'east     East   2088000000000002  1         0\n' +
        '  tills  Tills  2088000000000003  0         1\n' +
        'west     West   2088000000000004  0         0\n',
    );
    const { data } = await done('channel list');
    expect(data.map(({ id }: { readonly id: string }) => id)).toEqual(['east', 'tills', 'west']);
  });

  it('says what to do when there is none', async () => {
    expect((await shoudan('channel list')).out).toBe('no channel yet: `shoudan channel add`\n');
    await refused('channel show --id nobody', 1, '--id nobody is no channel: `shoudan channel list` shows');
  });

  it.each([
    ['add --id a-b --name N --source 2088000000000001', 2, '--id a-b is not 1 to 32 digits and letters'],
    ['add --id n --name N --source 2088', 2, '--source 2088 is not the 16 digits of a PID'],
    ['add --id n --name N', 2, '--source'],
    ['add --id n --name N --source 2088000000000001 --parent nobody', 1, '--parent nobody is no channel'],
    ['add --id east --name N --source 2088000000000001', 1, '--id east is a channel already'],
    ['set --id east', 2, 'needs --name or --source'],
    ['set --id nobody --name N', 1, '--id nobody is no channel'],
    ['set --id east --source x', 2, '--source x is not the 16 digits of a PID'],
    ['move --id east --to tills', 1, '--to tills is below channel east, and no channel is below itself'],
    ['move --id east --to east', 1, '--to east is the channel itself'],
    ['move --id east --to nobody', 1, '--to nobody is no channel'],
    ['move --id nobody --to east', 1, '--id nobody is no channel'],
    ['close --id nobody', 1, '--id nobody is no channel'],
    ['close --id east', 1, '--id east has 1 channels and 0 merchants below it: put them elsewhere first'],
  ])('%s is refused and changes nothing', async (line, exitCode, why) => {
    await tree();
    const before = await done('channel list');
    await refused(`channel ${line}`, exitCode, why);
    expect(await done('channel list')).toEqual(before);
  });

  it('moves a branch, and the directory follows with every merchant in it', async () => {
    await tree();
    await done('merchant add --id M1 --name Shop --channel tills');
    const channels = async () => (await createMerchantDirectory(database, sealing).find('M1'))?.channels;
    expect(await channels()).toEqual(['tills', 'east']);
    expect(await done('channel move --id east --to west')).toMatchObject({ path: ['west', 'east'] });
    expect(await channels()).toEqual(['tills', 'east', 'west']);
    const toTop = await run(['channel', 'move', '--id', 'tills', '--to', '', '--json'], {
      DATABASE_URL: url,
    });
    expect(JSON.parse(toTop.out)).toMatchObject({ parent: null, path: ['tills'] });
    expect(await channels()).toEqual(['tills']);
  });

  it('closes what is empty, for good: its keys end, and nothing is put below it any more', async () => {
    await tree();
    await done('merchant add --id M1 --name Shop --channel tills');
    const { api_key: apiKey, id } = await done('merchant key add --channel tills --label till');
    const scope = async () =>
      (await createMerchantDirectory(database, sealing).findKey(apiKey))?.scope ?? null;
    expect(await scope()).toEqual({ kind: 'channel', channelId: 'tills' });
    await refused('channel close --id tills', 1, '--id tills has 0 channels and 1 merchants below it');
    await done('merchant add --id M1 --channel west');
    expect(await done('channel close --id tills')).toMatchObject({
      closed_at: expect.any(String),
      revoked_keys: 1,
    });
    expect(await scope()).toBeNull();
    const { data } = await done('merchant key list --channel tills');
    expect(data).toMatchObject([
      { id, scope: 'channel', channel_id: 'tills', revoked_at: expect.any(String) },
    ]);
    const again = await shoudan('channel close --id tills');
    expect(again).toMatchObject({
      exitCode: 0,
      out: 'channel tills is closed, and 0 of its keys are revoked\n',
    });
    for (const line of [
      'merchant add --id M2 --name Other --channel tills',
      `channel add --id n --name N --source ${ours} --parent tills`,
      'channel move --id west --to tills',
      'channel move --id tills --to west',
      'merchant key add --channel tills',
    ]) {
      await refused(line, 1, 'tills is closed since ');
    }
    expect((await done('merchant list')).data).toHaveLength(1);
  });

  it('a merchant that is added while its channel is closed does not slip in', async () => {
    await done(`channel add --id east --name East --source ${theirs}`);
    const ended = await Promise.all([
      shoudan('channel close --id east'),
      shoudan('merchant add --id M1 --name Shop --channel east'),
      shoudan('merchant key add --channel east'),
      shoudan(`channel add --id below --name Below --source ${ours} --parent east`),
    ]);
    expect(ended.some(({ exitCode }) => exitCode === 0)).toBe(true);
    const east = await done('channel show --id east');
    if (east.closed_at === null) return;
    expect(east).toMatchObject({ channel_count: 0, merchant_count: 0 });
    const { data } = await done('merchant key list --channel east');
    for (const key of data) expect(key.revoked_at).toEqual(expect.any(String));
  });
});

describe('merchants of channels', () => {
  it('are listed by branch', async () => {
    await tree();
    await done('merchant add --id M1 --name A --channel tills');
    await done('merchant add --id M2 --name B --channel east');
    await done('merchant add --id M3 --name C');
    const of = async (line: string) =>
      (await done(`merchant list ${line}`.trimEnd())).data.map(
        (merchant: { readonly id: string; readonly channel_id: string | null }) =>
          `${merchant.id} ${merchant.channel_id}`,
      );
    expect(await of('')).toEqual(['M1 tills', 'M2 east', 'M3 null']);
    expect(await of('--channel east')).toEqual(['M1 tills', 'M2 east']);
    expect(await of('--channel west')).toEqual([]);
    await refused('merchant list --channel nobody', 1, '--channel nobody is no channel');
    expect((await shoudan('merchant list --channel west')).out).toBe('no merchant of west yet\n');
  });

  // proves ONB-02, ONB-10
  it('have the source of their channel, the acquirer’s own that of the account’s seller', async () => {
    await tree();
    const bind = '--bind alipay_open:CNY:main:';
    const of = async (line: string) => (await done(`merchant add ${line}`)).bindings[0].source;
    expect(await of(`--id M1 --name A ${bind}20881`)).toBe(ours);
    expect(await of(`--id M2 --name B ${bind}20882 --channel east`)).toBe(theirs);
    const other = await shoudan(`merchant add --id M3 --name C ${bind}20883 --channel east --source ${ours}`);
    expect(other).toMatchObject({ exitCode: 0 });
    expect(other.out).toMatch(/smid +source\n +alipay_open +CNY +main +20883 +2088000000000001\n/);
    expect(other.err).toBe(
      `shoudan: the source of alipay_open CNY is ${ours}, and that of channel east is ${theirs}: ` +
        `\`--source ${theirs}\` unless somebody else has brought the merchant\n`,
    );
    // Who has brought it may have stayed the same when it moves.
    const moved = await shoudan('merchant add --id M2 --channel west --json');
    expect(JSON.parse(moved.out)).toMatchObject({ channel_id: 'west', bindings: [{ source: theirs }] });
    expect(moved.err).toContain('that of channel west is 2088000000000004');
    expect(await of('--id M2 --source 2088000000000004')).toBe('2088000000000004');
  });

  // proves ONB-02
  it('have it corrected all at once, by way of their channel', async () => {
    await tree();
    for (const [id, more] of [
      ['M1', '--channel east'],
      ['M2', '--channel east'],
      ['M3', '--channel west'],
    ]) {
      await done(`merchant add --id ${id} --name N --bind alipay_open:CNY:main:S${id} ${more}`);
    }
    await shoudan(
      `merchant add --id M4 --name N --bind alipay_open:CNY:main:S4 --channel east --source ${ours}`,
    );
    const set = await done('channel set --id east --source 2088000000000009');
    expect(set).toMatchObject({ source: '2088000000000009', corrected_merchants: ['M1', 'M2'] });
    const sourceOf = async (id: string) => (await done(`merchant show --id ${id}`)).bindings[0].source;
    expect(await sourceOf('M1')).toBe('2088000000000009');
    expect(await sourceOf('M3')).toBe('2088000000000004');
    expect(await sourceOf('M4')).toBe(ours);
    const text = await shoudan(`channel set --id east --source ${theirs}`);
    expect(text.out).toContain('\nthe source of 2 merchants was corrected\n');
    const { data } = await done('audit list --subject east --limit 1');
    expect(data).toMatchObject([
      {
        action: 'channel set',
        before: { source: '2088000000000009' },
        after: { source: theirs, corrected: 2, corrected_merchants: ['M1', 'M2'] },
      },
    ]);
  });

  // proves ONB-02, ONB-10
  it('have it corrected by branch, for the acquirer’s own, and where there is none yet', async () => {
    await tree();
    const right = '2088000000000009';
    for (const [id, more] of [
      ['M1', '--channel tills'],
      ['M2', '--channel east'],
      ['M3', '--channel west'],
      ['M4', ''],
    ]) {
      const bind = `--bind alipay_open:CNY:main:S${id} --source ${ours}`;
      await shoudan(`merchant add --id ${id} --name N ${bind} ${more}`.trimEnd());
    }
    const sources = async () => {
      const { rows } = await database.query<{ readonly text: string }>(
        `select string_agg(coalesce(right(source, 1), '-'), '' order by merchant_id) as text
         from wallet_bindings where wallet = 'alipay_open'`,
      );
      return rows[0]?.text;
    };
    expect(await sources()).toBe('1111');
    const branch = await shoudan(`merchant source set --from ${ours} --to ${theirs} --channel east --json`);
    expect(JSON.parse(branch.out)).toEqual({
      source: theirs,
      corrected_merchants: ['M1', 'M2'],
      unusual_merchants: ['M1'],
    });
    expect(branch.err).toContain(`1 of them have another default than ${theirs}`);
    expect(await sources()).toBe('2211');
    const own = await shoudan(`merchant source set --from ${ours} --to ${right} --acquirer`);
    expect(own.out).toBe(`the source of 1 merchants was corrected to ${right}\n`);
    expect(await sources()).toBe('2219');
    // Older than sources; a wallet that asks for none gets none.
    await saveWalletAccount(database, sealing, {
      wallet: 'alipay_plus',
      name: 'main',
      appId: 'client',
      gatewayUrl: 'https://wallet.example',
      privateKey: 'private',
      walletPublicKey: 'public',
    });
    await shoudan('merchant add --id M4 --bind alipay_plus:USD:main:P4');
    await database.query(`update wallet_bindings set source = null where merchant_id in ('M3', 'M4')`);
    const unknown = await run(['merchant', 'source', 'set', '--from', '', '--to', ours, '--json'], {
      DATABASE_URL: url,
    });
    expect(JSON.parse(unknown.out)).toMatchObject({
      corrected_merchants: ['M3', 'M4'],
      unusual_merchants: ['M3'],
    });
    expect(await sources()).toBe('2211');
    const { rows } = await database.query(`select source from wallet_bindings where wallet = 'alipay_plus'`);
    expect(rows).toEqual([{ source: null }]);
    const nothing = await done(`merchant source set --from ${right} --to ${ours}`);
    expect(nothing.corrected_merchants).toEqual([]);
    expect((await done('audit list --subject 2088000000000009')).data).toHaveLength(1);
  });

  it.each([
    [`--from x --to ${ours}`, 2, '--from x is not the 16 digits of a PID'],
    [`--from ${ours} --to 2088`, 2, '--to 2088 is not the 16 digits of a PID'],
    [`--from ${ours} --to ${theirs} --channel nobody`, 1, '--channel nobody is no channel'],
    [`--from ${ours} --to ${theirs} --channel east --acquirer`, 2, 'takes --channel or --acquirer, not both'],
  ])('merchant source set %s is refused', async (words, exitCode, why) => {
    await refused(`merchant source set ${words}`, exitCode, why);
  });

  it('whose source nobody knows are refused, and leave nothing behind', async () => {
    await database.query('update wallet_accounts set seller_id = null');
    await refused(
      'merchant add --id M1 --name N --bind alipay_open:CNY:main:S1',
      1,
      'alipay_open CNY of merchant M1 has no source: say with --source whose PID has brought it',
    );
    expect((await done('merchant list')).data).toEqual([]);
  });
});

// proves ONB-03
describe('a sub-merchant id', () => {
  beforeEach(async () => {
    const account = {
      appId: 'client',
      gatewayUrl: 'https://wallet.example',
      privateKey: 'private',
      walletPublicKey: 'public',
    };
    await saveWalletAccount(database, sealing, { ...account, wallet: 'alipay_plus', name: 'main' });
    await saveWalletAccount(database, sealing, { ...account, wallet: 'alipay_plus', name: 'asia' });
    await saveWalletAccount(database, sealing, {
      ...account,
      wallet: 'alipay_open',
      name: 'second',
      sellerId: ours,
    });
  });

  it.each([
    ['in another currency', 'alipay_plus:USD:main:P1', 'alipay_plus:JPY:main:P1'],
    [
      'through another account, where it is the wallet’s own number',
      'alipay_open:CNY:main:S1',
      'alipay_open:CNY:second:S1',
    ],
  ])('is one merchant’s, %s too', async (_what, first, second) => {
    await done(`merchant add --id M1 --name N --bind ${first}`);
    await refused(
      `merchant add --id M2 --name N --bind ${second}`,
      1,
      'one smid is one merchant: nothing was saved',
    );
    expect((await done('merchant list')).data).toHaveLength(1);
    // The same merchant may have it as often as it likes.
    await done(`merchant add --id M1 --bind ${second}`);
  });

  it('may be another merchant’s at another client, who numbers its merchants itself', async () => {
    await done('merchant add --id M1 --name N --bind alipay_plus:USD:main:P1');
    await done('merchant add --id M2 --name N --bind alipay_plus:USD:asia:P1');
  });

  it('goes to one of two merchants that are bound at once, and the other waits to hear of it', async () => {
    const bound = (connection: Queryable, currency: string) =>
      saveMerchant(connection, sealing, {
        id: `M${currency}`,
        name: 'N',
        mcc: null,
        notifyUrl: null,
        orderCodes: null,
        stores: [],
        bindings: [{ wallet: 'alipay_plus', currency, account: 'main', subMerchantId: 'P1' }],
      });
    const first = await database.connect();
    try {
      await first.query('begin');
      await bound(first, 'USD');
      const second = bound(database, 'JPY').then(() => 'bound', violatedConstraint);
      const asleep = first.query('select pg_sleep(0.2)').then(() => 'waits');
      expect(await Promise.race([second, asleep])).toBe('waits');
      await first.query('commit');
      expect(await second).toBe('wallet_bindings_one_merchant_per_smid');
    } finally {
      first.release();
    }
  });
});

describe('keys of channels', () => {
  it('are made for one holder, several of them, and listed with when they were last used', async () => {
    await tree();
    await done('merchant add --id M1 --name N --channel east');
    const made = await shoudan('merchant key add --channel east --label console');
    expect(made.out).toMatch(
      /^key {4}\w{16}\nfor {4}channel east\nlabel {2}console\nrate {3}default\n\nThe API key, shown this once:\n {2}sk_\S+\n$/,
    );
    const second = await done('merchant key add --channel east --label backup');
    expect(second).toMatchObject({ channel_id: 'east', merchant_id: null, label: 'backup' });
    await done('merchant key add --merchant M1');
    await database.query(
      `update channel_keys set last_used_at = '2026-03-02T04:05:06Z' where label = 'console'`,
    );
    const { data } = await done('merchant key list --channel east');
    expect(data).toMatchObject([
      { scope: 'channel', channel_id: 'east', label: 'console', last_used_at: '2026-03-02T04:05:06.000Z' },
      { id: second.id, label: 'backup', last_used_at: null, revoked_at: null },
    ]);
    expect((await shoudan('merchant key list --channel east')).out).toMatch(
      /^key +for +label +rate +created +last used +revoked\n\w+ +channel east +console +default +\S+ +2026-03-02T04:05:06.000Z\n\w+ +channel east +backup +default +\S+ +never\n$/,
    );
    expect((await done(`merchant key revoke ${second.id}`)).revoked_at).toEqual(expect.any(String));
    expect((await done('merchant key list --channel east')).data[0].revoked_at).toBeNull();
  });

  it.each(['', '--merchant M1 --channel east', '--channel east --acquirer'])(
    'merchant key add %s names no one holder',
    async (holders) => {
      await refused(
        `merchant key add ${holders}`.trimEnd(),
        2,
        'needs one of --merchant, --channel and --acquirer: who the key speaks for',
      );
    },
  );

  it('need a channel that is there', async () => {
    await refused('merchant key add --channel nobody', 1, '--channel nobody is no channel');
  });
});
