import { type Html, html } from './html.ts';
import { icon } from './icons.ts';
import { type PageFrame, page } from './page-frame.ts';
import { type NamedWallet, type NoticeName, textsOf } from './texts.ts';

/** One thing to say, and where to go from here, when there is somewhere. */
export function noticePage(
  frame: PageFrame,
  notice: NoticeName,
  onward: { readonly kind: 'look_again' | 'start'; readonly url: string } | null,
): string {
  const texts = textsOf(frame.language);
  const { title, text } = texts.notices[notice];
  const link =
    onward === null
      ? null
      : html`
<p class="onward"><a class="main" href="${onward.url}">${onward.kind === 'start' ? texts.backToStart : texts.lookAgain}</a></p>`;
  const main = html`<main class="notice">
<div class="outcome calm">
${icon('notice')}
<h1>${title}</h1>
<p>${text}</p>
</div>${link}
</main>`;
  return page(frame, { title, main });
}

/** The body of the redirection to the wallet, for a browser that does not follow it by itself. */
export function walletOpensPage(frame: PageFrame, walletUrl: string): string {
  const texts = textsOf(frame.language);
  const main = html`<main class="notice">
<div class="outcome calm">
${icon('phone')}
<h1>${texts.walletOpens}</h1>
</div>
<p class="onward"><a class="main" href="${walletUrl}">${texts.openWallet}</a></p>
</main>`;
  return page(frame, { title: texts.walletOpens, main });
}

export interface OtherBrowserView {
  readonly storeName: string;
  readonly wallets: readonly NamedWallet[];
  /** Opens this page inside the Alipay app, where that is one of the wallets. PAY-17. */
  readonly alipayLink: string | null;
  /** Goes on as if this were the simulated wallet's browser; in the sandbox only. */
  readonly simulatedUrl: string | null;
}

/** For a browser that belongs to no wallet: says which wallets work. PAY-04. */
export function otherBrowserPage(frame: PageFrame, view: OtherBrowserView): string {
  const texts = textsOf(frame.language);
  const open: Html | null =
    view.alipayLink === null
      ? null
      : html`
<p class="onward"><a class="main" href="${view.alipayLink}">${texts.openInAlipay}</a></p>
<p class="quiet centred">${texts.scanAgain}</p>`;
  const simulated: Html | null =
    view.simulatedUrl === null
      ? null
      : html`
<div class="sandbox">
<p>${texts.sandboxOnly}</p>
<p><a class="second" href="${view.simulatedUrl}">${texts.continueAsSimulated}</a></p>
</div>`;
  const main = html`<main class="notice">
<div class="outcome calm">
${icon('phone')}
<p class="quiet store">${view.storeName}</p>
<h1>${texts.otherBrowser}</h1>
<p>${texts.otherBrowserText}</p>
</div>
<section class="wallets">
<h2>${texts.worksWith}</h2>
<ul>${view.wallets.map((wallet) => html`<li>${texts.wallets[wallet]}</li>`)}</ul>
</section>${open}${simulated}
</main>`;
  return page(frame, { title: `${texts.otherBrowser} · ${view.storeName}`, main });
}

/** A link that opens a page of ours inside the Alipay app. PAY-17. */
export function alipayAppLink(pageUrl: string): string {
  return `alipays://platformapi/startapp?appId=20000067&url=${encodeURIComponent(pageUrl)}`;
}
