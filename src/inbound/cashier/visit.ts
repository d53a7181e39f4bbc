import type { FastifyReply, FastifyRequest } from 'fastify';
import { type CurrencyForm, currencyForm } from '../../../cashier/amounts.ts';
import { chosenLanguage, exactly, type Language } from '../../../cashier/languages.ts';
import type { PageFrame } from '../../../cashier/page-frame.ts';
import { minorUnitDigits } from '../../domain/money.ts';
import { amountStepOf, isWalletName, type WalletName, walletOfUserAgent } from '../../domain/wallets.ts';
import type { CashierContext } from './context.ts';

/** The browser that asks, as far as it concerns the pages. */
export interface Visit {
  /** As it stands in the address. */
  readonly code: string;
  readonly language: Language;
  readonly frame: PageFrame;
  /** The wallet in whose browser the page is opened, or for which the simulated one stands in. */
  readonly payer: { readonly wallet: WalletName; readonly userAgent: string } | null;
  /** The page token that this browser paid with last on this code. */
  readonly attemptToken: string | null;
  /** The query that keeps the simulated wallet on the next page. */
  readonly keptQuery: string;
}

const languageCookie = 'shoudan_lang';
const attemptCookie = 'shoudan_attempt';
const languageDays = 365;
const attemptDays = 1;

/**
 * What a wallet's own browser says, for trying a store's code in any other one. Only in the sandbox, where the
 * simulator plays the wallet.
 */
const simulatedUserAgents: { readonly [wallet in WalletName]?: string } = {
  alipay_plus:
    'Mozilla/5.0 (Linux; Android 9; LYA-AL00 Build/HUAWEILYA-AL00L; wv) AppleWebKit/537.36 (KHTML, like Gecko) ' +
    'Version/4.0 Chrome/70.0.3538.110 Mobile Safari/537.36 NebulaSDK/1.8.100112 Nebula ' +
    'AlipayDefined(nt:WIFI,ws:360|0|3.0) AliApp(APHK/2.6.0.160) AlipayClientHK/2.6.0.160 Language/zh-HK ' +
    'useStatusBar/true isConcaveScreen/true AlipayClient/10.1.32.600 Alipay Language/zh-Hans',
};

export function visitOf(context: CashierContext, request: FastifyRequest): Visit {
  const cookies = cookiesOf(request);
  const query = new URLSearchParams(request.url.split('?')[1] ?? '');
  const language = chosenLanguage({
    query: query.get('lang'),
    cookie: cookies.get(languageCookie) ?? null,
    accepted: request.headers['accept-language'] ?? null,
  });
  const { code = '' } = request.params as { readonly code?: string };
  const as = query.get('as') ?? '';
  const simulated = context.sandbox && isWalletName(as) ? simulatedUserAgents[as] : undefined;
  const keptQuery = simulated === undefined ? '' : `?as=${as}`;
  return {
    code,
    language,
    frame: {
      language,
      otherLanguageUrl: otherLanguageUrl(context, request, code, language, keptQuery),
      assets: {
        css: context.pathPrefix + context.assets.css.path,
        js: context.pathPrefix + context.assets.js.path,
      },
      supportName: context.supportName,
    },
    payer: payerOf(simulated ?? request.headers['user-agent'] ?? ''),
    attemptToken: cookies.get(attemptCookie) ?? null,
    keptQuery,
  };
}

function payerOf(userAgent: string): Visit['payer'] {
  const wallet = walletOfUserAgent(userAgent);
  return wallet === null ? null : { wallet, userAgent };
}

/** This page in the other language; what a form was answered with is no address, so that leads to the form. */
function otherLanguageUrl(
  context: CashierContext,
  request: FastifyRequest,
  code: string,
  language: Language,
  keptQuery: string,
): string {
  const [path = ''] = request.url.split('?');
  // A path that began with two slashes would be another site's address.
  const asked = context.pathPrefix + path.replace(/^\/+/, '/');
  const here = request.method === 'POST' && code !== '' ? entryPath(context, code) : asked;
  const other = language === 'en' ? 'zh-CN' : 'en';
  return `${here}${keptQuery === '' ? '?' : `${keptQuery}&`}lang=${other}`;
}

/** Where the pages stand for browsers: a proxy's prefix comes before the routes' own. PAY-14. */
function pagesPath(context: CashierContext): string {
  return `${context.pathPrefix}/c`;
}

export function entryPath(context: CashierContext, code: string): string {
  return `${pagesPath(context)}/${encodeURIComponent(code)}`;
}

export function resultPath(context: CashierContext, code: string, token: string): string {
  return `${entryPath(context, code)}/result/${token}`;
}

export function statusPath(context: CashierContext, code: string, token: string): string {
  return `${entryPath(context, code)}/status/${token}`;
}

/** Keeps the language that was asked for by the address. */
export function keepLanguage(context: CashierContext, request: FastifyRequest, reply: FastifyReply): void {
  const asked = exactly(new URLSearchParams(request.url.split('?')[1] ?? '').get('lang'));
  if (asked === null) return;
  setCookie(context, reply, `${languageCookie}=${asked}`, pagesPath(context), languageDays);
}

/** Keeps which attempt this browser began, for its next visit to the code. */
export function keepAttempt(context: CashierContext, reply: FastifyReply, code: string, token: string): void {
  setCookie(context, reply, `${attemptCookie}=${token}`, entryPath(context, code), attemptDays);
}

function setCookie(
  context: CashierContext,
  reply: FastifyReply,
  pair: string,
  path: string,
  days: number,
): void {
  const secure = context.publicUrl.startsWith('https:') ? '; Secure' : '';
  reply.header(
    'set-cookie',
    `${pair}; Path=${path}; Max-Age=${days * 86_400}; HttpOnly; SameSite=Lax${secure}`,
  );
}

function cookiesOf(request: FastifyRequest): ReadonlyMap<string, string> {
  const pairs = (request.headers.cookie ?? '').split(';').map((pair) => pair.trim().split('='));
  return new Map(pairs.flatMap(([name, value]) => (name && value !== undefined ? [[name, value]] : [])));
}

/** How amounts of a currency are typed and shown where this wallet takes them. PAY-07. */
export function currencyFormOf(currency: string, wallet: WalletName): CurrencyForm {
  return currencyForm(currency, minorUnitDigits(currency) ?? 0, amountStepOf(wallet, currency));
}
