import { html } from './html.ts';
import { page } from './page.ts';
import { type Language, type Texts, textsIn } from './texts.ts';

export type PayableState = 'waiting' | 'paid' | 'failed' | 'cancelled';

/** A payment of either wallet, as its payer sees it. */
export interface Payable {
  readonly merchantName: string;
  readonly storeName: string;
  readonly description: string;
  readonly money: string;
  readonly state: PayableState;
  /** Whose phone it may be. */
  readonly payers: readonly PayerChoice[];
  /** Where `…/confirm` and `…/refuse` are posted to. */
  readonly path: string;
  /** Where the merchant wants the payer back. */
  readonly backUrl: string | null;
}

export interface PayerChoice {
  readonly payerId: string;
  readonly label: string;
  readonly isChosen: boolean;
}

/** The wallet's payment page: what is to be paid, and two buttons that work without scripts. `refusal` says what went wrong. */
export function paymentPage(language: Language, payable: Payable, refusal: string | null): string {
  const texts = textsIn[language];
  const { merchantName, storeName, description, money, state } = payable;
  const main = html`<h1>${texts.pay} ${merchantName}</h1>
<p class="amount">${money}</p>
<dl><dt>${texts.store}</dt><dd>${storeName}</dd><dt>${texts.order}</dt><dd>${description}</dd></dl>
${refusal === null ? null : html`<p class="wrong" role="alert">${refusal}</p>`}
${state === 'waiting' ? decision(payable, texts) : outcome(payable, texts)}`;
  return page(language, money, main);
}

function decision({ payers, path }: Payable, texts: Texts) {
  return html`<form method="post" action="${path}/confirm">
<label for="payer_id">${texts.payer}</label>
<select id="payer_id" name="payer_id">${payers.map(
    ({ payerId, label, isChosen }) =>
      html`<option value="${payerId}"${isChosen ? html` selected` : null}>${label}</option>`,
  )}</select>
<button class="main" id="confirm">${texts.confirm}</button>
<button id="refuse" formaction="${path}/refuse">${texts.refuse}</button>
</form>`;
}

function outcome({ state, backUrl }: Payable, texts: Texts) {
  const words = {
    waiting: texts.waiting,
    paid: texts.paid,
    failed: texts.failed,
    cancelled: texts.cancelled,
  };
  return html`<p class="state" id="state">${words[state]}</p>
${backUrl === null ? null : html`<a class="button" href="${backUrl}">${texts.back}</a>`}
<a class="button" href="/phone">${texts.phone}</a>`;
}
