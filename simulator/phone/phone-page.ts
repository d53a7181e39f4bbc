import { html } from './html.ts';
import { page } from './page.ts';
import { type Language, type Texts, textsIn } from './texts.ts';

export interface PhonePayer {
  readonly payerId: string;
  readonly label: string;
  readonly codes: readonly {
    readonly code: string;
    readonly isReusable: boolean;
    readonly until: string | null;
  }[];
  readonly waiting: readonly { readonly path: string; readonly words: string }[];
}

/** What came of a scan that led nowhere: an entry code's URL, or nothing that the wallet knows. */
export type Scanned = { readonly kind: 'entry_code'; readonly url: string } | { readonly kind: 'unreadable' };

/** The simulated phone: a field to scan with, and every payer's codes and payments that wait. */
export function phonePage(
  language: Language,
  payers: readonly PhonePayer[],
  scanned: Scanned | null,
): string {
  const texts = textsIn[language];
  const main = html`<h1>${texts.title}</h1>
<form method="post" action="/phone/scan">
<label for="text">${texts.scan}</label>
<input id="text" name="text" required autocomplete="off" placeholder="${texts.scanHint}">
<button class="main">${texts.scanButton}</button>
</form>
${scanned === null ? null : scannedPart(scanned, texts)}
<h2>${texts.payers}</h2>
<ul>${payers.map((payer) => payerPart(payer, texts))}</ul>`;
  return page(language, texts.title, main);
}

function scannedPart(scanned: Scanned, texts: Texts) {
  if (scanned.kind === 'unreadable') return html`<p class="wrong" role="alert">${texts.unreadable}</p>`;
  return html`<p>${texts.entryCode}</p><a class="button" href="${scanned.url}">${scanned.url}</a>`;
}

function payerPart({ payerId, label, codes, waiting }: PhonePayer, texts: Texts) {
  return html`<li id="${payerId}"><div>${label}</div>
${codes.map(
  ({ code, isReusable, until }) =>
    html`<div><code>${code}</code> <span class="small">${isReusable ? texts.reusable : null}${
      until === null ? null : `${texts.until} ${until}`
    }</span></div>`,
)}
${waiting.map(({ path, words }) => html`<a class="button" href="${path}">${texts.waiting}: ${words}</a>`)}
<form method="post" action="/phone/codes"><input type="hidden" name="payer_id" value="${payerId}"><button>${texts.newCode}</button></form></li>`;
}
