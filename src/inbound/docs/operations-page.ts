import { type Html, html } from '../../../cashier/html.ts';
import type { OpenApiDocument, Operation, Parameter } from '../rest/openapi-form.ts';
import { type OperationWords, type TagName, tags } from '../rest/operation-words.ts';
import type { ProblemCode } from '../rest/problems.ts';
import { type DocsFrame, docsPage, prose } from './docs-frame.ts';
import { type DocsTexts, docsTexts } from './docs-texts.ts';
import { fieldList, fieldRow, inLanguage } from './schema-view.ts';

interface Shown {
  readonly method: string;
  readonly path: string;
  readonly operation: Operation;
  readonly words: OperationWords;
}

/** `/docs`: every operation with what it takes, what it answers, and an example that runs. */
export function operationsPage(
  frame: DocsFrame,
  document: OpenApiDocument,
  words: readonly OperationWords[],
): string {
  const { language } = frame;
  const texts = docsTexts(language);
  const byId = new Map(words.map((one) => [one.id, one]));
  const shown = Object.entries(document.paths).flatMap(([path, item]) =>
    Object.entries(item).flatMap(([method, operation]) => {
      const own = byId.get(operation.operationId);
      return own === undefined ? [] : [{ method: method.toUpperCase(), path, operation, words: own }];
    }),
  );
  const byTag = Map.groupBy(shown, ({ words: { tag } }) => tag);
  const main = html`<h1>${texts.title}</h1>
<p class="lead">${texts.lead}</p>
<ul class="rules">${texts.rules.map((rule) => html`<li>${prose(rule)}</li>`)}</ul>
<form class="key" id="key-form"><label for="key">${texts.keyLabel}</label>
<input id="key" type="password" autocomplete="off" autocapitalize="off" spellcheck="false">
<p class="hint">${texts.keyHint}</p><noscript><p class="hint">${texts.noScript}</p></noscript></form>
${[...byTag].map(([tag, ofTag]) => section(frame, document, tag, ofTag))}
${deliveries(frame, document)}`;
  return docsPage(frame, {
    title: texts.title,
    path: 'docs',
    contents: html`${[...byTag].map(
      ([tag, ofTag]) =>
        html`<p>${tags[tag].title[language]}</p>${ofTag.map(
          ({ operation, words: { summary } }) =>
            html`<a href="#${operation.operationId}">${summary[language]}</a>`,
        )}`,
    )}<a href="#deliveries">${texts.deliveries}</a>`,
    main,
  });
}

function section(frame: DocsFrame, document: OpenApiDocument, tag: TagName, shown: readonly Shown[]): Html {
  const { title, description } = tags[tag];
  return html`<section><h2>${title[frame.language]}</h2><p>${description[frame.language]}</p>
${shown.map((one) => article(frame, document, one))}</section>
`;
}

function article(frame: DocsFrame, document: OpenApiDocument, shown: Shown): Html {
  const { method, path, operation, words } = shown;
  const texts = docsTexts(frame.language);
  const body = operation.requestBody?.content['application/json'];
  return html`<article id="${operation.operationId}">
<h3>${words.summary[frame.language]}</h3>
<p class="route"><span class="method ${method.toLowerCase()}">${method}</span> <code>${path}</code></p>
<p>${prose(words.description[frame.language])}</p>
<div class="halves"><div>
${
  operation.parameters.length === 0
    ? null
    : html`<h4>${texts.parameters}</h4><dl class="fields">${operation.parameters.map((one) =>
        fieldRow(document, parameterRow(one), frame.language),
      )}</dl>`
}${body === undefined ? null : html`<h4>${texts.body}</h4>${fieldList(document, body.schema, frame.language)}`}
<h4>${texts.answers}</h4>
${Object.entries(operation.responses).map(([status, answer]) => answerView(frame, document, status, answer))}
</div>${tryIt(texts, shown, frame)}</div>
</article>
`;
}

function parameterRow({ name, schema, required, description }: Parameter) {
  return { name, required, schema: { ...schema, description } };
}

function answerView(
  frame: DocsFrame,
  document: OpenApiDocument,
  status: string,
  { description, content = {} }: Operation['responses'][string],
): Html {
  const texts = docsTexts(frame.language);
  const good = content['application/json'];
  if (good !== undefined) {
    return html`<details class="answer"><summary><span class="status good">${status}</span> ${prose(inLanguage(description, frame.language))}</summary>
${fieldList(document, good.schema, frame.language)}<h5>${texts.example}</h5><pre tabindex="0">${jsonLines(good.example)}</pre></details>`;
  }
  const codes = content['application/problem+json']?.schema.allOf?.flatMap(
    ({ properties }) => (properties?.['code']?.enum ?? []) as readonly ProblemCode[],
  );
  return html`<div class="answer codes"><span class="status">${status}</span>${(codes ?? []).map(
    (code) => html`<a href="${frame.root}docs/problems?lang=${frame.language}#${code}">${code}</a>`,
  )}</div>`;
}

/** The example as a form; the script fills in the key and sends it to the gateway that serves the page. */
function tryIt(texts: DocsTexts, { method, path, operation, words }: Shown, { language }: DocsFrame): Html {
  const examples = Object.entries(words.requestExamples);
  const id = operation.operationId;
  return html`<form class="try" data-method="${method}" data-path="${path}">
<h4>${texts.tryIt}</h4>
${operation.parameters.map(
  ({
    name,
    in: place,
    example,
  }) => html`<label>${name}<input name="${name}" data-in="${place}" autocomplete="off"
 autocapitalize="off" spellcheck="false" value="${name === 'Prefer' && method === 'POST' ? `${example}` : ''}"></label>`,
)}${
  examples.length < 2
    ? null
    : html`<label>${texts.example}<select name="example">${examples.map(
        ([name, { summary, value }]) =>
          html`<option value="${JSON.stringify(value)}" data-name="${name}">${summary[language]}</option>`,
      )}</select></label>`
}${
  examples.length === 0
    ? null
    : html`<label>${texts.body}<textarea name="body" rows="12" spellcheck="false" autocomplete="off">${jsonLines(examples[0]?.[1].value)}</textarea></label>`
}
<div class="curl"><pre tabindex="0" id="${id}-curl"></pre><button type="button" class="copy">${texts.copy}</button></div>
<button type="submit" class="send">${texts.send}</button>
<div class="result" role="status" aria-live="polite"></div>
</form>`;
}

function deliveries(frame: DocsFrame, document: OpenApiDocument): Html {
  const texts = docsTexts(frame.language);
  const events = Object.entries(document.webhooks);
  const schema = events[0]?.[1].post?.requestBody?.content['application/json']?.schema;
  return html`<section><h2 id="deliveries">${texts.deliveries}</h2><p>${texts.deliveriesLead}</p>
<p>${events.map(([name]) => html`<code class="event">${name}</code> `)}</p>
<dl class="fields">${(events[0]?.[1].post?.parameters ?? []).map((one) =>
    fieldRow(document, parameterRow(one), frame.language),
  )}</dl>
${
  schema === undefined
    ? null
    : html`<details class="answer"><summary>${texts.fields}</summary>${fieldList(document, schema, frame.language)}</details>`
}${events.map(
  ([name, { post }]) =>
    html`<details class="answer"><summary><code>${name}</code></summary><pre tabindex="0">${jsonLines(post?.requestBody?.content['application/json']?.example)}</pre></details>`,
)}</section>`;
}

/** JSON as people read it. Line ends are markup here: in a value they would be taken for controls. */
function jsonLines(value: unknown): Html {
  const lines = JSON.stringify(value, null, 2).split('\n');
  return html`${lines.map((line, index) => (index === 0 ? html`${line}` : html`\n${line}`))}`;
}
