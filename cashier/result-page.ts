import { type CurrencyForm, moneyText } from './amounts.ts';
import { type Html, html } from './html.ts';
import { type IconName, icon } from './icons.ts';
import { type PageFrame, page } from './page-frame.ts';
import { type CancelReason, type Charge, type FailureReason, type Texts, textsOf } from './texts.ts';

/** What has become of a payment, as its payer is told. */
export type Outcome =
  /** `walletUrl` leads on to the wallet while it still waits for the payer; `null` before it has answered. */
  | { readonly kind: 'waiting'; readonly walletUrl: string | null }
  | { readonly kind: 'succeeded'; readonly paidMinor: bigint }
  | { readonly kind: 'refunded'; readonly paidMinor: bigint; readonly refundedMinor: bigint }
  | { readonly kind: 'failed'; readonly reason: FailureReason; readonly charge: Charge }
  /** A cancel is under way, and money may have moved. */
  | { readonly kind: 'undoing' }
  | { readonly kind: 'cancelled'; readonly reason: CancelReason; readonly charge: Charge };

export interface ResultView {
  readonly outcome: Outcome;
  readonly storeName: string;
  readonly merchantName: string;
  readonly subject: string | null;
  readonly currency: CurrencyForm;
  readonly amountMinor: bigint;
  readonly paidAt: Date | null;
  readonly orderNo: string;
  readonly walletTransactionId: string | null;
  readonly entryUrl: string;
  readonly statusUrl: string;
}

const refreshS = 4;

/**
 * What the page would show, in a few characters: an open page fetches itself anew when its own differs from the one
 * that the status names.
 */
export function outcomeMark(outcome: Outcome): string {
  switch (outcome.kind) {
    case 'waiting':
      return outcome.walletUrl === null ? 'waiting' : 'waiting-wallet';
    case 'refunded':
      return `refunded-${outcome.refundedMinor}`;
    case 'cancelled':
      return `cancelled-${outcome.reason}-${outcome.charge}`;
    case 'failed':
      return `failed-${outcome.charge}`;
    case 'succeeded':
    case 'undoing':
      return outcome.kind;
    default:
      return outcome satisfies never;
  }
}

/** Whether nothing more will become of it, as far as a payer waits for it. */
function isEnded(outcome: Outcome): boolean {
  return outcome.kind !== 'waiting' && outcome.kind !== 'undoing';
}

/** The result of one attempt: what the gateway knows, and never what the address claims. PAY-11, PAY-12. */
export function resultPage(frame: PageFrame, view: ResultView): string {
  const texts = textsOf(frame.language);
  const { outcome } = view;
  const shown = appearance(outcome, texts);
  const ended = isEnded(outcome);
  const sum = moneyText(view.amountMinor, view.currency);
  const main = html`<main class="result" data-mark="${outcomeMark(outcome)}"${ended ? null : html` data-status="${view.statusUrl}"`}>
<div id="outcome" role="status" class="outcome ${shown.tone}">
${icon(shown.icon)}
<h1>${shown.title}</h1>
<p class="sum${sum.length > 17 ? ' long' : ''}">${sum}</p>
${shown.lines.map((line) => html`<p>${line}</p>`)}
</div>
<div id="details">
${onward(view, texts)}<dl class="details">
${rows(view, texts)}</dl>
</div>
</main>`;
  return page(frame, { title: `${shown.title} · ${view.storeName}`, main, ...(ended ? {} : { refreshS }) });
}

interface Appearance {
  readonly icon: IconName;
  readonly tone: 'good' | 'bad' | 'calm';
  readonly title: string;
  readonly lines: readonly string[];
}

function appearance(outcome: Outcome, texts: Texts): Appearance {
  switch (outcome.kind) {
    case 'waiting':
      return outcome.walletUrl === null
        ? { icon: 'waiting', tone: 'calm', title: texts.walletSilent, lines: [texts.walletSilentText] }
        : { icon: 'waiting', tone: 'calm', title: texts.waiting, lines: [texts.waitingText] };
    case 'succeeded':
      return { icon: 'done', tone: 'good', title: texts.succeeded, lines: [] };
    case 'refunded': {
      const whole = outcome.refundedMinor >= outcome.paidMinor;
      const title = whole ? texts.refundedWhole : texts.refundedPart;
      return { icon: 'returned', tone: 'calm', title, lines: [texts.refundText] };
    }
    case 'failed':
      return {
        icon: 'failed',
        tone: 'bad',
        title: texts.failed,
        lines: [texts.failureReasons[outcome.reason], texts.charges[outcome.charge]],
      };
    case 'undoing':
      return { icon: 'waiting', tone: 'calm', title: texts.undoing, lines: [texts.undoingText] };
    case 'cancelled':
      return {
        icon: 'cancelled',
        tone: 'calm',
        title: texts.cancelled,
        lines: [texts.cancelReasons[outcome.reason], texts.charges[outcome.charge]],
      };
    default:
      return outcome satisfies never;
  }
}

function onward(view: ResultView, texts: Texts): Html | null {
  const { outcome } = view;
  switch (outcome.kind) {
    case 'waiting':
      if (outcome.walletUrl === null) return null;
      return html`<p class="onward"><a class="second" href="${outcome.walletUrl}">${texts.continueInWallet}</a></p>
`;
    case 'failed':
    case 'cancelled':
      return html`<p class="onward"><a class="main" href="${view.entryUrl}">${texts.tryAgain}</a></p>
`;
    case 'succeeded':
    case 'refunded':
    case 'undoing':
      return null;
    default:
      return outcome satisfies never;
  }
}

function rows(view: ResultView, texts: Texts): Html[] {
  const { outcome, currency } = view;
  const paid = outcome.kind === 'succeeded' || outcome.kind === 'refunded' ? outcome.paidMinor : null;
  const refunded = outcome.kind === 'refunded' ? outcome.refundedMinor : null;
  const money = (minor: bigint | null): string | null => (minor === null ? null : moneyText(minor, currency));
  return [
    row(texts.orderAmount, money(view.amountMinor)),
    row(texts.amountPaid, money(paid)),
    row(texts.amountRefunded, money(refunded)),
    row(texts.merchant, view.merchantName),
    row(texts.store, view.storeName),
    row(texts.goods, view.subject),
    row(texts.paidAt, view.paidAt === null ? null : timeOf(view.paidAt)),
    row(texts.orderNo, view.orderNo),
    row(texts.walletTransactionId, view.walletTransactionId),
  ].filter((one) => one !== null);
}

function row(name: string, value: string | Html | null): Html | null {
  if (value === null) return null;
  return html`<div><dt>${name}</dt><dd>${value}</dd></div>
`;
}

/** In UTC, which the script turns into the time of the payer's own clock. */
function timeOf(at: Date): Html {
  const iso = at.toISOString();
  return html`<time datetime="${iso}">${iso.slice(0, 19).replace('T', ' ')} UTC</time>`;
}
