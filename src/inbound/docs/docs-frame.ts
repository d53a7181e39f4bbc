import { type Html, html } from '../../../cashier/html.ts';
import type { Language } from '../../../cashier/languages.ts';
import { docsTexts } from './docs-texts.ts';

/** What every page of the reference stands in. Its addresses are relative, so that it works behind any prefix. */
export interface DocsFrame {
  readonly language: Language;
  /** The way up to where `/docs` is served: `./`, or `../` one level below. */
  readonly root: string;
  readonly assets: { readonly css: string; readonly js: string };
}

export interface DocsContent {
  readonly title: string;
  /** The page's own address below the root: `docs`, `docs/problems`. */
  readonly path: 'docs' | 'docs/problems';
  readonly contents: Html;
  readonly main: Html;
}

export function docsPage({ language, root, assets }: DocsFrame, content: DocsContent): string {
  const texts = docsTexts(language);
  const other: Language = language === 'en' ? 'zh-CN' : 'en';
  const link = (path: DocsContent['path'], name: string): Html =>
    html`<a href="${root}${path}?lang=${language}"${content.path === path ? html` aria-current="page"` : null}>${name}</a>`;
  return html`<!doctype html>
<html lang="${language}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${content.title} · Shoudan</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="${root}${assets.css}">
<script src="${root}${assets.js}" defer></script>
</head>
<body data-root="${root}" data-sending="${texts.sending}" data-key-missing="${texts.keyMissing}"
 data-no-answer="${texts.noAnswer}" data-copied="${texts.copied}">
<header class="top">
<p class="name">Shoudan · 收单</p>
<nav aria-label="${texts.title}">${[link('docs', texts.title), link('docs/problems', texts.problemsTitle)]}<a href="${root}openapi.json">${texts.document}</a><a href="?lang=${other}" lang="${other}" hreflang="${other}">${docsTexts(other).ownName}</a></nav>
</header>
<div class="columns">
<details class="contents" open><summary>${texts.contents}</summary>
<nav aria-label="${texts.contents}">${content.contents}</nav>
</details>
<main>
${content.main}
</main>
</div>
</body>
</html>
`.markup;
}

/** A sentence whose parts between backticks are code. */
export function prose(text: string): Html {
  const parts = text
    .split('`')
    .map((part, index) => (index % 2 === 1 ? html`<code>${part}</code>` : html`${part}`));
  return html`${parts}`;
}
