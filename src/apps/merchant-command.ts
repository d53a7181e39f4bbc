import { complaintAboutMerchantUrl } from '../adapters/merchants/public-addresses.ts';
import { type ListedChannel, lockChannels } from '../adapters/postgres/channels.ts';
import { type Connection, type Database, violatedConstraint } from '../adapters/postgres/database.ts';
import {
  lockMerchant,
  type MerchantRecord,
  type SavedMerchant,
  saveMerchant,
} from '../adapters/postgres/merchant-records.ts';
import { type AuditDocument, withOperatorAction } from '../adapters/postgres/operator-actions.ts';
import { findPolicyOverrides } from '../adapters/postgres/policy-overrides.ts';
import {
  findRegisteredMerchant,
  type ListedMerchant,
  listMerchants,
  type RegisteredBinding,
  type RegisteredMerchant,
} from '../adapters/postgres/registered-merchants.ts';
import { type ListedAccount, listWalletAccounts } from '../adapters/postgres/wallet-accounts.ts';
import { wantsSource } from '../domain/wallets.ts';
import type { GivenTo } from '../inbound/cli/commands.ts';
import { CommandFailure, exitCodes } from '../inbound/cli/exit-codes.ts';
import { type MerchantWish, merchantWish, mergedMerchant } from '../inbound/cli/merchant-options.ts';
import { sourcedBindings, type UsualSource } from '../inbound/cli/merchant-sources.ts';
import { fields, jsonText, table } from '../inbound/cli/terminal-text.ts';
import type { Terminal } from './command-line.ts';
import { sealingOf } from './master-key.ts';
import { namedChannel, openChannel } from './named-channel.ts';
import { namedMerchant } from './named-merchant.ts';
import { operatorOf } from './operator.ts';
import { refuseLongerOrderCodes } from './policy-check.ts';
import { readSettings, type Settings } from './settings.ts';
import { withDatabase } from './with-database.ts';

/** `shoudan merchant add`: registers a merchant, or adds to one. The delivery secret is shown at its birth alone. */
export async function addMerchant({ options }: GivenTo<'merchant add'>, terminal: Terminal): Promise<number> {
  const settings = readSettings(terminal.env);
  const wish = merchantWish(options, (url) => complaintAboutUrl(settings, url));
  const operator = operatorOf('merchant add', options.by);
  const sealing = sealingOf(settings);
  return withDatabase(settings, async (database) => {
    const accounts = await namedAccounts(database, wish);
    const { saved, after, warnings } = await withOperatorAction(database, operator, async (connection) => {
      await lockChannels(connection);
      await lockMerchant(connection, wish.id);
      const before = await findRegisteredMerchant(connection, wish.id);
      const channel = await channelOf(connection, wish, before);
      const { bindings, warnings } = sourcedBindings(wish, before?.bindings ?? [], (binding) =>
        usualSource(channel, accounts, binding),
      );
      const merchant = { ...mergedMerchant(wish, before), channelId: channel?.id ?? null, bindings };
      if (merchant.orderCodes !== null) {
        const overrides = (await findPolicyOverrides(connection, wish.id)) ?? {};
        refuseLongerOrderCodes(overrides, merchant.orderCodes.expiryMs);
      }
      const saved = await savedOrTaken(merchant, () => saveMerchant(connection, sealing, merchant));
      const after = await namedMerchant(connection, wish.id);
      return {
        result: { saved, after, warnings },
        action: {
          action: 'merchant add',
          merchantId: wish.id,
          subject: 'merchant',
          subjectId: wish.id,
          note: null,
          before: before === null ? null : merchantState(before, wish),
          after: merchantState(after, wish),
        },
      };
    });
    if (touchesSources(wish)) for (const warning of warnings) terminal.err(`shoudan: ${warning}\n`);
    const deliverySecret = saved.isNew ? saved.deliverySecret : null;
    terminal.out(
      options.json
        ? jsonText({ ...merchantDocument(after), registered: saved.isNew, delivery_secret: deliverySecret })
        : merchantText(after) + secretText(deliverySecret),
    );
    return exitCodes.done;
  });
}

/** The channel that the merchant belongs to from now on; `null`: the acquirer. One that is closed keeps those that it has. */
async function channelOf(
  connection: Connection,
  wish: MerchantWish,
  before: RegisteredMerchant | null,
): Promise<ListedChannel | null> {
  const known = before?.channelId ?? null;
  const id = wish.channelId === undefined ? known : wish.channelId;
  if (id === null) return null;
  return id === known ? namedChannel(connection, 'channel', id) : openChannel(connection, 'channel', id);
}

/** Who has brought a merchant unless somebody says otherwise: its channel, or the acquirer, who sells by the account. ONB-10. */
function usualSource(
  channel: ListedChannel | null,
  accounts: readonly ListedAccount[],
  { wallet, account }: Pick<RegisteredBinding, 'wallet' | 'account'>,
): UsualSource | null {
  if (channel !== null) return { pid: channel.source, of: `that of channel ${channel.id}` };
  const seller = accounts.find((known) => known.wallet === wallet && known.name === account)?.sellerId;
  return seller == null ? null : { pid: seller, of: `the seller of account ${account}` };
}

function touchesSources({ channelId, source, bindings }: MerchantWish): boolean {
  return channelId !== undefined || source !== undefined || bindings.length > 0;
}

/** As the audit log has it: of many stores and wallets those that were wished for. */
function merchantState(merchant: RegisteredMerchant, wish: MerchantWish): AuditDocument {
  const { id: _, short_no: __, created_at: ___, stores, bindings, ...others } = merchantDocument(merchant);
  const storeIds = new Set([
    ...wish.stores.map(({ id }) => id),
    ...wish.storeMccs.map(({ storeId }) => storeId),
    ...wish.terminals.map(({ storeId }) => storeId),
  ]);
  return {
    ...others,
    stores: stores.filter(({ id }) => storeIds.has(id)),
    bindings: bindings.filter(
      ({ wallet, currency }) =>
        wish.source !== undefined ||
        wish.bindings.some((wished) => wished.wallet === wallet && wished.currency === currency),
    ),
  };
}

/** More than a page of them is asked for page by page, so that no list is too long to be held. */
const pageLength = 500;

/** `shoudan merchant list`. */
export async function listAllMerchants(
  { options }: GivenTo<'merchant list'>,
  terminal: Terminal,
): Promise<number> {
  const channelId = options.channel ?? null;
  const merchants = await withDatabase(readSettings(terminal.env), async (database) => {
    if (channelId !== null) await namedChannel(database, 'channel', channelId);
    const all: ListedMerchant[] = [];
    for (;;) {
      const page = await listMerchants(database, all.at(-1)?.id ?? '', pageLength, channelId);
      all.push(...page);
      if (page.length < pageLength) return all;
    }
  });
  if (options.json) {
    const data = merchants.map((merchant) => ({
      id: merchant.id,
      name: merchant.name,
      channel_id: merchant.channelId,
      mcc: merchant.mcc,
      notify_url: merchant.notifyUrl,
      order_codes: orderCodesDocument(merchant),
      store_count: merchant.storeCount,
      created_at: merchant.createdAt.toISOString(),
    }));
    terminal.out(jsonText({ data }));
  } else if (merchants.length === 0) {
    terminal.out(
      channelId === null ? 'no merchant yet: `shoudan merchant add`\n' : `no merchant of ${channelId} yet\n`,
    );
  } else {
    const rows = merchants.map(({ id, name, channelId, mcc, notifyUrl, orderCodes, storeCount }) => [
      id,
      name,
      channelId ?? '',
      mcc ?? '',
      `${storeCount}`,
      orderCodes === null ? 'off' : `${orderCodes.expiryMs / 1000} s`,
      notifyUrl ?? '',
    ]);
    terminal.out(table(['id', 'name', 'channel', 'category', 'stores', 'order codes', 'notify url'], rows));
  }
  return exitCodes.done;
}

/** `shoudan merchant show`. */
export async function showMerchant(
  { options }: GivenTo<'merchant show'>,
  terminal: Terminal,
): Promise<number> {
  const merchant = await withDatabase(readSettings(terminal.env), (database) =>
    namedMerchant(database, options.id),
  );
  terminal.out(options.json ? jsonText(merchantDocument(merchant)) : merchantText(merchant));
  return exitCodes.done;
}

/** What the gateway would say of a `notify_url`: https and public in production, some web address in the sandbox. */
function complaintAboutUrl(settings: Settings, url: string): string | null {
  if (settings.environment === 'production') return complaintAboutMerchantUrl(url);
  const parsed = URL.parse(url);
  return parsed?.protocol === 'https:' || parsed?.protocol === 'http:' ? null : 'is no http or https URL';
}

/** All accounts, those that the wallets are bound to among them. */
async function namedAccounts(database: Database, wish: MerchantWish): Promise<readonly ListedAccount[]> {
  const accounts = await listWalletAccounts(database);
  for (const { wallet, account } of wish.bindings) {
    if (accounts.some((known) => known.wallet === wallet && known.name === account)) continue;
    throw new CommandFailure(
      exitCodes.failed,
      `${wallet} has no account ${account}: \`shoudan account list\` shows those that it has`,
    );
  }
  return accounts;
}

/** One smid is one merchant: the database refuses a second one. ONB-03. */
async function savedOrTaken(
  merchant: MerchantRecord,
  save: () => Promise<SavedMerchant>,
): Promise<SavedMerchant> {
  try {
    return await save();
  } catch (error) {
    if (violatedConstraint(error) !== 'wallet_bindings_one_merchant_per_smid') throw error;
    const smids = merchant.bindings.map(({ subMerchantId }) => subMerchantId).filter((smid) => smid !== null);
    throw new CommandFailure(
      exitCodes.failed,
      `smid ${smids.join(' or ')} is bound to another merchant, and one smid is one merchant: nothing was saved`,
    );
  }
}

function merchantText(merchant: RegisteredMerchant): string {
  const stores = merchant.stores.map(({ id, name, mcc, terminalIds }) => [
    id,
    name,
    mcc ?? '',
    terminalIds.join(', '),
  ]);
  const bindings = merchant.bindings.map(({ wallet, currency, account, subMerchantId, source }) => [
    wallet,
    currency,
    account,
    subMerchantId ?? 'not onboarded yet',
    source ?? (wantsSource(wallet) ? 'not known' : ''),
  ]);
  return [
    fields([
      ['merchant', merchant.id],
      ['name', merchant.name],
      ['channel', merchant.channelId],
      ['category', merchant.mcc],
      ['order codes', orderCodesText(merchant)],
      ['notify url', merchant.notifyUrl],
      ['created', merchant.createdAt.toISOString()],
    ]),
    stores.length === 0 ? '' : `\nstores\n${table(['id', 'name', 'category', 'terminals'], stores, '  ')}`,
    bindings.length === 0
      ? ''
      : `\nwallets\n${table(['wallet', 'currency', 'account', 'smid', 'source'], bindings, '  ')}`,
  ].join('');
}

function orderCodesDocument({ orderCodes }: Pick<RegisteredMerchant, 'orderCodes'>) {
  if (orderCodes === null) return null;
  return { scene: orderCodes.scene, expiry_seconds: orderCodes.expiryMs / 1000 };
}

function orderCodesText({ orderCodes }: RegisteredMerchant): string {
  return orderCodes === null ? 'off' : `for ${orderCodes.scene}, each ${orderCodes.expiryMs / 1000} s`;
}

function secretText(deliverySecret: string | null): string {
  if (deliverySecret === null) return '';
  return `\nThe secret that signs its deliveries, shown this once:\n  ${deliverySecret}\n`;
}

function merchantDocument(merchant: RegisteredMerchant) {
  return {
    id: merchant.id,
    short_no: merchant.shortNo,
    name: merchant.name,
    channel_id: merchant.channelId,
    mcc: merchant.mcc,
    notify_url: merchant.notifyUrl,
    order_codes: orderCodesDocument(merchant),
    stores: merchant.stores.map(({ id, name, mcc, terminalIds }) => ({
      id,
      name,
      mcc,
      terminal_ids: terminalIds,
    })),
    bindings: merchant.bindings.map(({ wallet, currency, account, subMerchantId, source }) => ({
      wallet,
      currency,
      account,
      smid: subMerchantId,
      source,
    })),
    created_at: merchant.createdAt.toISOString(),
  };
}
