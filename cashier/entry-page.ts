import { type AmountFault, amountText, type CurrencyForm, moneyText } from './amounts.ts';
import { type Html, html, nothing } from './html.ts';
import { deleteIcon } from './icons.ts';
import { type PageFrame, page } from './page-frame.ts';
import { type Texts, textsOf } from './texts.ts';

export interface EntryView {
  readonly storeName: string;
  readonly merchantName: string;
  readonly currency: CurrencyForm;
  readonly maxMinor: bigint;
  /** Where the form goes. */
  readonly payUrl: string;
  /** One per page load; a repetition after a fault keeps it. Money case 11. */
  readonly token: string;
  /** What was typed before, with what is wrong with it. */
  readonly typed: string;
  readonly fault: AmountFault | 'page_too_old' | null;
  /** This browser's open payment on this code. */
  readonly openPayment: { readonly minor: bigint; readonly url: string } | null;
  /** A sentence for a sandbox, where no real money moves. */
  readonly sandbox: boolean;
}

/** Characters of a store's name beyond which it is written smaller: it would take three lines of a small phone. */
const longName = 40;

/** Where a payer types the amount and confirms it. It works without JavaScript; with it there is a keypad. PAY-01. */
export function entryPage(frame: PageFrame, view: EntryView): string {
  const texts = textsOf(frame.language);
  const { currency, fault } = view;
  const max = moneyText(view.maxMinor, currency);
  const mode = currency.typedDecimals === 0 ? 'numeric' : 'decimal';
  const typedAs = currency.typedDecimals === 0 ? '0' : `0.${'0'.repeat(currency.typedDecimals)}`;
  const main = html`<main class="entry">
${openPaymentBanner(view, texts)}<header class="payee">
<p class="quiet">${texts.payTo}</p>
<h1 class="name${view.storeName.length > longName ? ' long' : ''}">${view.storeName}</h1>
${view.merchantName === view.storeName ? null : html`<p class="quiet">${view.merchantName}</p>`}
</header>
<form method="post" action="${view.payUrl}" id="pay" novalidate data-confirm="${texts.confirm}"
 data-confirm-amount="${texts.confirmAmount('{}')}" data-opening="${texts.opening}" data-currency="${currency.code}"
 data-decimals="${currency.typedDecimals}" data-max="${amountText(view.maxMinor, currency).replaceAll(',', '')}">
<input type="hidden" name="token" value="${view.token}">
<div class="field${fault === null ? '' : ' wrong'}">
<label for="amount">${texts.amountLabel(currency.code)}</label>
<div class="amount"><span class="currency" aria-hidden="true">${currency.code}</span><input id="amount" name="amount"
 type="text" inputmode="${mode}" autocomplete="off" autocapitalize="off" spellcheck="false" enterkeyhint="done"
 maxlength="20" placeholder="${typedAs}" value="${view.typed}" aria-describedby="hint" aria-invalid="${fault === null ? 'false' : 'true'}"></div>
${hint(view, max, texts)}
</div>
<div class="dock">
${keypad(currency, texts)}
<button type="submit" class="main" id="confirm">${texts.confirm}</button>
</div>
<p id="said" class="unseen" aria-live="polite"></p>
</form>
</main>`;
  return page(frame, { title: texts.entryTitle(view.storeName), main });
}

function openPaymentBanner(view: EntryView, texts: Texts): Html {
  const { openPayment } = view;
  if (openPayment === null) return nothing;
  return html`<p class="banner" role="status"><span>${texts.openPayment(moneyText(openPayment.minor, view.currency))}</span>
<a href="${openPayment.url}">${texts.seeIt}</a></p>
`;
}

/** What is wrong with the amount, or where the payer is; always there, so that nothing moves when it speaks. */
function hint(view: EntryView, max: string, texts: Texts): Html {
  if (view.fault !== null) {
    return html`<p id="hint" class="hint" role="alert">${faultText(view.fault, view.currency, max, texts)}</p>`;
  }
  return html`<p id="hint" class="hint">${view.sandbox ? texts.sandboxOnly : null}</p>`;
}

function faultText(
  fault: AmountFault | 'page_too_old',
  currency: CurrencyForm,
  max: string,
  texts: Texts,
): string {
  switch (fault) {
    case 'page_too_old':
      return texts.pageTooOld;
    case 'too_many_decimals':
      return texts.tooManyDecimals(currency.typedDecimals);
    case 'too_large':
      return texts.tooLarge(max);
    case 'missing':
    case 'not_an_amount':
    case 'zero':
      return texts.amountFaults[fault];
    default:
      return fault satisfies never;
  }
}

/** Hidden until the script that serves its keys has started. */
function keypad(currency: CurrencyForm, texts: Texts): Html {
  const digit = (key: string): Html => html`<button type="button" data-key="${key}">${key}</button>`;
  const point =
    currency.typedDecimals === 0
      ? html`<span></span>`
      : html`<button type="button" data-key="." aria-label="${texts.point}">.</button>`;
  return html`<div class="keypad" id="keypad" role="group" aria-label="${texts.keypad}" hidden>${[
    ...['1', '2', '3', '4', '5', '6', '7', '8', '9'].map(digit),
    point,
    digit('0'),
    html`<button type="button" data-key="delete" aria-label="${texts.deleteDigit}">${deleteIcon}</button>`,
  ]}</div>`;
}
