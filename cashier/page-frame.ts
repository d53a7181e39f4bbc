import { type Html, html } from './html.ts';
import type { Language } from './languages.ts';
import { textsOf } from './texts.ts';

/** What every page stands in. Addresses are paths of this site, made by whoever serves the pages. */
export interface PageFrame {
  readonly language: Language;
  /** This page in the other language. */
  readonly otherLanguageUrl: string;
  readonly assets: { readonly css: string; readonly js: string };
  /** Who gives technical support, as the payer shall read it. PAY-11. */
  readonly supportName: string;
}

export interface PageContent {
  readonly title: string;
  readonly main: Html;
  /** Seconds after which a browser without JavaScript loads the page again. */
  readonly refreshS?: number;
}

/** A whole document. */
export function page(frame: PageFrame, content: PageContent): string {
  const texts = textsOf(frame.language);
  const other: Language = frame.language === 'en' ? 'zh-CN' : 'en';
  const refresh =
    content.refreshS === undefined
      ? null
      : html`<noscript><meta http-equiv="refresh" content="${content.refreshS}"></noscript>`;
  return html`<!doctype html>
<html lang="${frame.language}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1, viewport-fit=cover">
<meta name="color-scheme" content="light dark">
<meta name="format-detection" content="telephone=no">
<title>${content.title}</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="${frame.assets.css}">
${refresh}<script src="${frame.assets.js}" defer></script>
</head>
<body>
${content.main}
<footer>
<span>${texts.supportedBy(frame.supportName)}</span>
<a href="${frame.otherLanguageUrl}" lang="${other}" hreflang="${other}">${textsOf(other).ownName}</a>
</footer>
</body>
</html>
`.markup;
}
