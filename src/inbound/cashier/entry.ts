import type { FastifyReply, FastifyRequest } from 'fastify';
import { type EntryView, entryPage } from '../../../cashier/entry-page.ts';
import { alipayAppLink, otherBrowserPage } from '../../../cashier/notice-pages.ts';
import type { Payment } from '../../domain/payment.ts';
import { publicStatus } from '../../domain/payment.ts';
import { type WalletName, walletNames } from '../../domain/wallets.ts';
import {
  type EntryResult,
  entryAmountMax,
  findEntry,
  findEntryPayment,
  type OpenEntry,
} from '../../operations/entry-payment.ts';
import { sendNotice, sendPage } from './answers.ts';
import { type CashierContext, tokenKeysOf } from './context.ts';
import { newPageToken, orderNoOf, type PageToken, readPageToken, tokenRandomBytes } from './page-token.ts';
import { currencyFormOf, entryPath, keepLanguage, resultPath, type Visit, visitOf } from './visit.ts';

/** A code that can be paid, in the browser of a wallet that it can be paid with. */
export interface PayableEntry {
  readonly entry: OpenEntry;
  readonly payer: { readonly wallet: WalletName; readonly userAgent: string };
  readonly maxMinor: bigint;
}

/** `GET /c/:code`: where a payer who has scanned the code enters the amount. PAY-01. */
export async function showEntry(
  context: CashierContext,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply> {
  const visit = visitOf(context, request);
  keepLanguage(context, request, reply);
  const payable = payableEntry(context, visit, await findEntry(context.engine, visit.code), reply);
  if (payable === null) return reply;
  return sendEntryPage(context, visit, payable, reply, {
    status: 200,
    token: newToken(context, visit),
    typed: '',
    fault: null,
    open: await openPaymentOf(context, visit, payable.entry),
  });
}

/** The code with the wallet that opened it; where it cannot be paid, the page that says so is sent. */
export function payableEntry(
  context: CashierContext,
  visit: Visit,
  entry: EntryResult,
  reply: FastifyReply,
): PayableEntry | null {
  if (entry.kind !== 'open') {
    sendNotice(reply, visit, entry.kind === 'unknown' ? 'unknown_code' : 'disabled_code');
    return null;
  }
  const maxOf = (wallet: WalletName): bigint | null => entryAmountMax(context.engine, entry, wallet);
  const { payer } = visit;
  const maxMinor = payer === null ? null : maxOf(payer.wallet);
  if (payer !== null && maxMinor !== null) return { entry, payer, maxMinor };

  const wallets = walletNames.filter((wallet) => maxOf(wallet) !== null);
  if (wallets.length === 0) {
    sendNotice(reply, visit, 'store_cannot');
    return null;
  }
  const address = entryPath(context, visit.code);
  const simulated = context.sandbox && wallets.includes('alipay_plus');
  sendPage(
    reply,
    200,
    otherBrowserPage(visit.frame, {
      storeName: entry.store.name,
      wallets,
      // The app opens public addresses only.
      alipayLink: context.publicUrl.startsWith('https:')
        ? alipayAppLink(context.publicOrigin + address)
        : null,
      simulatedUrl: simulated ? `${address}?as=alipay_plus` : null,
    }),
  );
  return null;
}

export function newToken(context: CashierContext, visit: Visit): PageToken {
  const { clock, entropy } = context.engine;
  return newPageToken(context.tokenKey, visit.code, clock.now(), entropy.bytes(tokenRandomBytes));
}

export interface EntryState {
  readonly status: number;
  readonly token: PageToken;
  readonly typed: string;
  readonly fault: EntryView['fault'];
  readonly open: EntryView['openPayment'];
}

export function sendEntryPage(
  context: CashierContext,
  visit: Visit,
  { entry, payer, maxMinor }: PayableEntry,
  reply: FastifyReply,
  state: EntryState,
): FastifyReply {
  const page = entryPage(visit.frame, {
    storeName: entry.store.name,
    merchantName: entry.merchant.name,
    currency: currencyFormOf(entry.code.currency, payer.wallet),
    maxMinor,
    payUrl: `${entryPath(context, visit.code)}/pay${visit.keptQuery}`,
    token: state.token.text,
    typed: state.typed,
    fault: state.fault,
    openPayment: state.open,
    sandbox: context.sandbox,
  });
  return sendPage(reply, state.status, page);
}

/** The payment that this browser has begun on this code and that has not ended. Its cookie proves nothing by itself. */
async function openPaymentOf(
  context: CashierContext,
  visit: Visit,
  entry: OpenEntry,
): Promise<EntryView['openPayment']> {
  if (visit.attemptToken === null) return null;
  const found = await attemptOf(context, visit.code, visit.attemptToken, entry.merchant.id);
  if (found === null || found.payment === null || publicStatus(found.payment) !== 'processing') return null;
  return { minor: found.payment.amount.minor, url: resultPath(context, visit.code, found.token.text) };
}

/** The attempt of a token that this gateway issued for this code; `null` for any other text. */
export async function attemptOf(
  context: CashierContext,
  code: string,
  tokenText: string,
  merchantId: string,
): Promise<{ readonly token: PageToken; readonly payment: Payment | null } | null> {
  const { engine } = context;
  const token = readPageToken(tokenKeysOf(context), code, tokenText, engine.clock.now());
  if (token === null) return null;
  return { token, payment: await findEntryPayment(engine, merchantId, orderNoOf(token)) };
}
