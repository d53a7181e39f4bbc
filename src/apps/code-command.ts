import { appendFileSync, writeFileSync } from 'node:fs';
import type { Queryable } from '../adapters/postgres/database.ts';
import {
  createEntryCode,
  findListedEntryCode,
  type ListedEntryCode,
  listEntryCodes,
  setEntryCodeEnabled,
} from '../adapters/postgres/entry-codes.ts';
import { type OperatorAction, withOperatorAction } from '../adapters/postgres/operator-actions.ts';
import type { RegisteredMerchant } from '../adapters/postgres/registered-merchants.ts';
import { offersProduct } from '../domain/policy.ts';
import { isWalletName } from '../domain/wallets.ts';
import type { GivenTo } from '../inbound/cli/commands.ts';
import { CommandFailure, exitCodes } from '../inbound/cli/exit-codes.ts';
import { qrSvg, qrText } from '../inbound/cli/qr-text.ts';
import { fields, jsonText, printable, table } from '../inbound/cli/terminal-text.ts';
import type { Terminal } from './command-line.ts';
import { namedMerchant } from './named-merchant.ts';
import { operatorOf } from './operator.ts';
import { entryCodeUrl } from './public-urls.ts';
import { readSettings, type Settings } from './settings.ts';
import { withDatabase } from './with-database.ts';

/** `shoudan code create`: a store's code in a currency that can be paid with such codes. PAY-01. */
export async function createCode({ options }: GivenTo<'code create'>, terminal: Terminal): Promise<number> {
  const settings = readSettings(terminal.env);
  const operator = operatorOf('code create', options.by);
  // Before anything is made: a code that could not be printed would hang nowhere.
  if (options.svg !== undefined) toFile(options.svg, (path) => appendFileSync(path, ''));
  const made = await withDatabase(settings, async (database) => {
    const merchant = await namedMerchant(database, options.merchant);
    if (!merchant.stores.some(({ id }) => id === options.store)) {
      throw new CommandFailure(
        exitCodes.failed,
        `merchant ${merchant.id} has no store ${printable(options.store)}: \`shoudan merchant show\` lists its stores`,
      );
    }
    const currency = payableCurrency(merchant, options.currency);
    const code = await withOperatorAction(database, operator, async (connection) => {
      const wanted = { merchantId: merchant.id, storeId: options.store, currency };
      const result = await createEntryCode(connection, wanted);
      if (result === null) throw new Error(`store ${options.store} of merchant ${merchant.id} is gone`);
      return { result, action: codeAction('code create', null, result) };
    });
    for (const lack of lacksOf(merchant, currency)) terminal.err(`shoudan: ${lack}\n`);
    return code;
  });
  showWhole(settings, terminal, made, options);
  return exitCodes.done;
}

/** `shoudan code list`. */
export async function listCodes({ options }: GivenTo<'code list'>, terminal: Terminal): Promise<number> {
  const settings = readSettings(terminal.env);
  const codes = await withDatabase(settings, async (database) => {
    await namedMerchant(database, options.merchant);
    return listEntryCodes(database, options.merchant, options.store ?? null);
  });
  if (options.json) terminal.out(jsonText({ data: codes.map((code) => codeDocument(settings, code)) }));
  else if (codes.length === 0) terminal.out('no entry code yet: `shoudan code create`\n');
  else {
    const rows = codes.map((code) => [
      code.code,
      code.storeId,
      code.currency,
      code.createdAt.toISOString(),
      code.disabledAt?.toISOString() ?? '',
    ]);
    terminal.out(table(['code', 'store', 'currency', 'created', 'disabled'], rows));
  }
  return exitCodes.done;
}

/** `shoudan code show`. */
export async function showCode(given: GivenTo<'code show'>, terminal: Terminal): Promise<number> {
  const settings = readSettings(terminal.env);
  const code = await withDatabase(settings, (database) => knownCode(database, given.arguments.code));
  showWhole(settings, terminal, code, given.options);
  return exitCodes.done;
}

/** `shoudan code disable`. */
export function disableCode(given: GivenTo<'code disable'>, terminal: Terminal): Promise<number> {
  return setEnabled('code disable', given, terminal, false);
}

/** `shoudan code enable`. */
export function enableCode(given: GivenTo<'code enable'>, terminal: Terminal): Promise<number> {
  return setEnabled('code enable', given, terminal, true);
}

async function setEnabled(
  command: 'code disable' | 'code enable',
  given: GivenTo<'code disable'>,
  terminal: Terminal,
  enabled: boolean,
): Promise<number> {
  const settings = readSettings(terminal.env);
  const operator = operatorOf(command, given.options.by);
  const changed = await withDatabase(settings, (database) =>
    withOperatorAction(database, operator, async (connection) => {
      const before = await knownCode(connection, given.arguments.code);
      const result = await setEntryCodeEnabled(connection, before.merchantId, before.code, enabled);
      if (result === null) throw new Error(`entry code ${before.code} is gone`);
      return { result, action: codeAction(command, before, result) };
    }),
  );
  terminal.out(
    given.options.json
      ? jsonText(codeDocument(settings, changed))
      : `entry code ${changed.code} is ${enabled ? 'in use' : 'out of use'}\n`,
  );
  return exitCodes.done;
}

/** By the code as it is printed, or by the address that a scan of it gives. */
async function knownCode(database: Queryable, given: string): Promise<ListedEntryCode> {
  const text = given.replace(/^.*\//, '').toUpperCase();
  const code = await findListedEntryCode(database, text);
  if (code !== null) return code;
  throw new CommandFailure(
    exitCodes.failed,
    `no entry code ${printable(text)} is known: \`shoudan code list\` shows those of a merchant`,
  );
}

/** The currency that was named, or the only one that the merchant takes with entry codes. */
function payableCurrency(merchant: RegisteredMerchant, named: string | undefined): string {
  const payable = [...new Set(entryBindings(merchant).map(({ currency }) => currency))];
  if (named !== undefined && payable.includes(named)) return named;
  const complaint =
    payable.length === 0
      ? 'takes nothing that an entry code can be paid with: bind alipay_plus with `shoudan merchant add --bind`'
      : named === undefined
        ? `takes ${payable.join(', ')} with entry codes: choose one with --currency`
        : `does not take ${printable(named)} with entry codes, only ${payable.join(', ')}`;
  const [only] = payable;
  if (named === undefined && payable.length === 1 && only !== undefined) return only;
  throw new CommandFailure(exitCodes.failed, `merchant ${merchant.id} ${complaint}`);
}

function entryBindings({ bindings }: RegisteredMerchant): RegisteredMerchant['bindings'] {
  return bindings.filter(({ wallet }) => isWalletName(wallet) && offersProduct(wallet, 'entry_code'));
}

/** Why payments with the code would be refused, as things stand. */
function lacksOf(merchant: RegisteredMerchant, currency: string): string[] {
  const onboarded = entryBindings(merchant).some(
    (binding) => binding.currency === currency && binding.subMerchantId !== null,
  );
  return [
    ...(onboarded ? [] : ['the merchant is not onboarded yet: payments with this code will be refused']),
    ...(merchant.mcc === null
      ? ['the merchant has no category: payments with this code will be refused until --mcc is set']
      : []),
  ];
}

function showWhole(
  settings: Settings,
  terminal: Terminal,
  code: ListedEntryCode,
  options: { readonly svg: string | undefined; readonly json: boolean },
): void {
  const url = entryCodeUrl(settings, code.code);
  if (options.svg !== undefined) toFile(options.svg, (path) => writeFileSync(path, qrSvg(url)));
  terminal.out(options.json ? jsonText(codeDocument(settings, code)) : codeText(code, url));
  if (options.svg !== undefined) terminal.err(`the QR is in ${printable(options.svg)}\n`);
}

function codeAction(action: string, before: ListedEntryCode | null, after: ListedEntryCode): OperatorAction {
  const document = ({ storeId, currency, disabledAt }: ListedEntryCode) => ({
    store_id: storeId,
    currency,
    disabled_at: disabledAt?.toISOString() ?? null,
  });
  return {
    action,
    merchantId: after.merchantId,
    subject: 'entry_code',
    subjectId: after.code,
    note: null,
    before: before === null ? null : document(before),
    after: document(after),
  };
}

function toFile(path: string, write: (path: string) => void): void {
  try {
    write(path);
  } catch (error) {
    const reason = error instanceof Error && 'code' in error ? String(error.code) : 'unwritable';
    throw new CommandFailure(exitCodes.failed, `--svg ${printable(path)} cannot be written (${reason})`);
  }
}

function codeText(code: ListedEntryCode, url: string): string {
  return `${fields([
    ['code', code.code],
    ['merchant', code.merchantId],
    ['store', code.storeId],
    ['currency', code.currency],
    ['address', url],
    ['created', code.createdAt.toISOString()],
    ['disabled', code.disabledAt?.toISOString() ?? null],
  ])}\n${qrText(url)}`;
}

function codeDocument(settings: Settings, code: ListedEntryCode) {
  return {
    code: code.code,
    url: entryCodeUrl(settings, code.code),
    merchant_id: code.merchantId,
    store_id: code.storeId,
    currency: code.currency,
    created_at: code.createdAt.toISOString(),
    disabled_at: code.disabledAt?.toISOString() ?? null,
  };
}
