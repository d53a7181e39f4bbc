import { html } from '../../../cashier/html.ts';
import { problemCatalogue, problemCodesByStatus } from '../rest/problem-catalogue.ts';
import { codeAnswer, problemType } from '../rest/problems.ts';
import { type DocsFrame, docsPage, prose } from './docs-frame.ts';
import { docsTexts } from './docs-texts.ts';

/** `/docs/problems`: every code with its cause and what to do, each under an anchor of its own. */
export function problemsPage(frame: DocsFrame): string {
  const { language } = frame;
  const texts = docsTexts(language);
  const codes = problemCodesByStatus();
  return docsPage(frame, {
    title: texts.problemsTitle,
    path: 'docs/problems',
    contents: html`${codes.map((code) => html`<a href="#${code}">${code}</a>`)}`,
    main: html`<h1>${texts.problemsTitle}</h1>
<p class="lead">${prose(texts.problemsLead)}</p>
${codes.map((code) => {
  const { status, title, transient } = codeAnswer(code);
  const { titleZh, cause, cure } = problemCatalogue[code];
  return html`<article class="problem" id="${code}">
<h2><span class="status">${status}</span> <code>${code}</code></h2>
<p class="problem-title">${language === 'en' ? title : titleZh}</p>
<dl><div><dt>${texts.cause}</dt><dd>${prose(cause[language])}</dd></div>
<div><dt>${texts.cure}</dt><dd>${prose(cure[language])}</dd></div></dl>
<p class="hint">${transient ? texts.transient : texts.notTransient} <code>${problemType(code)}</code></p>
</article>
`;
})}`,
  });
}
