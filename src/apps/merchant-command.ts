import { complaintAboutMerchantUrl } from '../adapters/merchants/public-addresses.ts';
import { type Database, violatedConstraint } from '../adapters/postgres/database.ts';
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
  type RegisteredMerchant,
} from '../adapters/postgres/registered-merchants.ts';
import { listWalletAccounts } from '../adapters/postgres/wallet-accounts.ts';
import { createSealing } from '../adapters/sealing.ts';
import type { GivenTo } from '../inbound/cli/commands.ts';
import { CommandFailure, exitCodes } from '../inbound/cli/exit-codes.ts';
import { type MerchantWish, merchantWish, mergedMerchant } from '../inbound/cli/merchant-options.ts';
import { fields, jsonText, table } from '../inbound/cli/terminal-text.ts';
import type { Terminal } from './command-line.ts';
import { masterKeyOf } from './master-key.ts';
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
  const sealing = createSealing(masterKeyOf(settings));
  return withDatabase(settings, async (database) => {
    await requireAccounts(database, wish);
    const { saved, after } = await withOperatorAction(database, operator, async (connection) => {
      await lockMerchant(connection, wish.id);
      const before = await findRegisteredMerchant(connection, wish.id);
      const merchant = mergedMerchant(wish, before);
      if (merchant.orderCodes !== null) {
        const overrides = (await findPolicyOverrides(connection, wish.id)) ?? {};
        refuseLongerOrderCodes(overrides, merchant.orderCodes.expiryMs);
      }
      const saved = await savedOrTaken(merchant, () => saveMerchant(connection, sealing, merchant));
      const after = await namedMerchant(connection, wish.id);
      return {
        result: { saved, after },
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
    const deliverySecret = saved.isNew ? saved.deliverySecret : null;
    terminal.out(
      options.json
        ? jsonText({ ...merchantDocument(after), registered: saved.isNew, delivery_secret: deliverySecret })
        : merchantText(after) + secretText(deliverySecret),
    );
    return exitCodes.done;
  });
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
    bindings: bindings.filter(({ wallet, currency }) =>
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
  const merchants = await withDatabase(readSettings(terminal.env), async (database) => {
    const all: ListedMerchant[] = [];
    for (;;) {
      const page = await listMerchants(database, all.at(-1)?.id ?? '', pageLength);
      all.push(...page);
      if (page.length < pageLength) return all;
    }
  });
  if (options.json) {
    const data = merchants.map((merchant) => ({
      id: merchant.id,
      name: merchant.name,
      mcc: merchant.mcc,
      notify_url: merchant.notifyUrl,
      order_codes: orderCodesDocument(merchant),
      store_count: merchant.storeCount,
      created_at: merchant.createdAt.toISOString(),
    }));
    terminal.out(jsonText({ data }));
  } else if (merchants.length === 0) {
    terminal.out('no merchant yet: `shoudan merchant add`\n');
  } else {
    const rows = merchants.map(({ id, name, mcc, notifyUrl, orderCodes, storeCount }) => [
      id,
      name,
      mcc ?? '',
      `${storeCount}`,
      orderCodes === null ? 'off' : `${orderCodes.expiryMs / 1000} s`,
      notifyUrl ?? '',
    ]);
    terminal.out(table(['id', 'name', 'category', 'stores', 'order codes', 'notify url'], rows));
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

async function requireAccounts(database: Database, wish: MerchantWish): Promise<void> {
  const accounts = await listWalletAccounts(database);
  for (const { wallet, account } of wish.bindings) {
    if (accounts.some((known) => known.wallet === wallet && known.name === account)) continue;
    throw new CommandFailure(
      exitCodes.failed,
      `${wallet} has no account ${account}: \`shoudan account list\` shows those that it has`,
    );
  }
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
  const bindings = merchant.bindings.map(({ wallet, currency, account, subMerchantId }) => [
    wallet,
    currency,
    account,
    subMerchantId ?? 'not onboarded yet',
  ]);
  return [
    fields([
      ['merchant', merchant.id],
      ['name', merchant.name],
      ['category', merchant.mcc],
      ['order codes', orderCodesText(merchant)],
      ['notify url', merchant.notifyUrl],
      ['created', merchant.createdAt.toISOString()],
    ]),
    stores.length === 0 ? '' : `\nstores\n${table(['id', 'name', 'category', 'terminals'], stores, '  ')}`,
    bindings.length === 0
      ? ''
      : `\nwallets\n${table(['wallet', 'currency', 'account', 'smid'], bindings, '  ')}`,
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
    mcc: merchant.mcc,
    notify_url: merchant.notifyUrl,
    order_codes: orderCodesDocument(merchant),
    stores: merchant.stores.map(({ id, name, mcc, terminalIds }) => ({
      id,
      name,
      mcc,
      terminal_ids: terminalIds,
    })),
    bindings: merchant.bindings.map(({ wallet, currency, account, subMerchantId }) => ({
      wallet,
      currency,
      account,
      smid: subMerchantId,
    })),
    created_at: merchant.createdAt.toISOString(),
  };
}
