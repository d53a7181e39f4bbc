import { currencyForm } from './amounts.ts';
import { type EntryView, entryPage } from './entry-page.ts';
import type { Language } from './languages.ts';
import { noticePage, otherBrowserPage, walletOpensPage } from './notice-pages.ts';
import type { PageFrame } from './page-frame.ts';
import { type Outcome, type ResultView, resultPage } from './result-page.ts';
import { type CancelReason, type Charge, type FailureReason, type NoticeName, textsOf } from './texts.ts';

/* Every page once, with what merchants and wallets may have called things. */

/** Texts that come from others: merchants, operators, wallets. */
export interface ForeignTexts {
  readonly store: string;
  readonly merchant: string;
  readonly subject: string;
  readonly support: string;
  readonly orderNo: string;
  readonly walletTransactionId: string;
  /** What a payer typed, or claims to have. */
  readonly typed: string;
}

export const ordinaryTexts: ForeignTexts = {
  store: 'Tea House Central',
  merchant: 'Jade Tea Trading Co., Ltd.',
  subject: 'One pot of Longjing',
  support: 'Example Bank',
  orderNo: 'E7Q2ZK9M4XW8B1TN6RV3HJ5CDPA0GFSY',
  walletTransactionId: '20260302190741120200188000123456789',
  typed: '',
};

const usd = currencyForm('USD', 2, 1n);

export function exampleFrame(language: Language, support: string): PageFrame {
  return {
    language,
    otherLanguageUrl: '/c/CODE?lang=xx',
    assets: { css: '/c/assets/cashier.css', js: '/c/assets/cashier.js' },
    supportName: support,
  };
}

export function exampleEntry(texts: ForeignTexts, fields: Partial<EntryView> = {}): EntryView {
  return {
    storeName: texts.store,
    merchantName: texts.merchant,
    currency: usd,
    maxMinor: 1_000_000n,
    payUrl: '/c/CODE/pay',
    token: 'T'.repeat(72),
    typed: texts.typed,
    fault: null,
    openPayment: null,
    sandbox: false,
    ...fields,
  };
}

export function exampleResult(
  texts: ForeignTexts,
  outcome: Outcome,
  fields: Partial<ResultView> = {},
): ResultView {
  return {
    outcome,
    storeName: texts.store,
    merchantName: texts.merchant,
    subject: texts.subject,
    currency: usd,
    amountMinor: 1234n,
    paidAt: null,
    orderNo: texts.orderNo,
    walletTransactionId: texts.walletTransactionId,
    entryUrl: '/c/CODE',
    statusUrl: '/c/CODE/status/TOKEN',
    ...fields,
  };
}

/** The names that a table of texts has, which is all of them. */
function namesOf<Name extends string>(texts: { readonly [name in Name]: unknown }): Name[] {
  return Object.keys(texts) as Name[];
}

const { failureReasons, cancelReasons, charges, notices } = textsOf('en');
const everyCharge = namesOf<Charge>(charges);

const outcomes: readonly Outcome[] = [
  { kind: 'waiting', walletUrl: null },
  { kind: 'waiting', walletUrl: 'https://wallet.example/?a=1&b="2"' },
  { kind: 'succeeded', paidMinor: 1234n },
  { kind: 'refunded', paidMinor: 1234n, refundedMinor: 1234n },
  { kind: 'refunded', paidMinor: 1234n, refundedMinor: 500n },
  { kind: 'undoing' },
  ...namesOf<FailureReason>(failureReasons).map(
    (reason) => ({ kind: 'failed', reason, charge: 'none' }) as const,
  ),
  ...namesOf<CancelReason>(cancelReasons).flatMap((reason) =>
    everyCharge.map((charge) => ({ kind: 'cancelled', reason, charge }) as const),
  ),
];

/** Every page in this language, by a name. */
export function everyPage(language: Language, texts: ForeignTexts): ReadonlyMap<string, string> {
  const frame = exampleFrame(language, texts.support);
  const entries: ReadonlyArray<readonly [string, EntryView]> = [
    ['entry', exampleEntry(texts)],
    [
      'entry with an open payment',
      exampleEntry(texts, { openPayment: { minor: 500n, url: '/c/CODE/result/T' } }),
    ],
    [
      'entry with a fault',
      exampleEntry(texts, { fault: 'too_many_decimals', typed: `${texts.typed}12.345` }),
    ],
    [
      'entry in yen, in the sandbox',
      exampleEntry(texts, { currency: currencyForm('JPY', 0, 1n), sandbox: true }),
    ],
  ];
  return new Map([
    ...entries.map(([name, view]) => [name, entryPage(frame, view)] as const),
    ...outcomes.map(
      (outcome, index) =>
        [`result ${index}: ${outcome.kind}`, resultPage(frame, exampleResult(texts, outcome))] as const,
    ),
    ...namesOf<NoticeName>(notices).map(
      (notice) => [notice, noticePage(frame, notice, { kind: 'start', url: '/c/CODE' })] as const,
    ),
    ['wallet opens', walletOpensPage(frame, 'https://wallet.example/?a=1&b="2"')],
    [
      'other browser',
      otherBrowserPage(frame, {
        storeName: texts.store,
        wallets: ['alipay_plus', 'alipay_open'],
        alipayLink: 'alipays://platformapi/startapp',
        simulatedUrl: '/c/CODE?as=alipay_plus',
      }),
    ],
  ]);
}
