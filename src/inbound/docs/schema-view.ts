import { type Html, html } from '../../../cashier/html.ts';
import type { Language } from '../../../cashier/languages.ts';
import type { OpenApiDocument, Schema } from '../rest/openapi-form.ts';
import { prose } from './docs-frame.ts';
import { docsTexts } from './docs-texts.ts';
import { fieldTextsZhCn } from './field-texts-zh-cn.ts';

/** A sentence of the description in the reader's language. */
export function inLanguage(english: string, language: Language): string {
  return language === 'en' ? english : (fieldTextsZhCn[english] ?? english);
}

interface Row {
  readonly name: string;
  readonly schema: Schema;
  readonly required: boolean;
}

/** Fields of an object, and of the objects in it, each with its type and what it means. */
export function fieldList(document: OpenApiDocument, schema: Schema, language: Language): Html {
  const rows = rowsOf(document, schema, '');
  if (rows.length === 0) return html``;
  return html`<dl class="fields">${rows.map((row) => fieldRow(document, row, language))}</dl>`;
}

export function fieldRow(
  document: OpenApiDocument,
  { name, schema, required }: Row,
  language: Language,
): Html {
  const { description = '', pattern } = resolved(document, schema);
  return html`<div><dt><code>${name}</code> <span class="type">${typeText(document, schema)}</span>${
    required ? html` <span class="required">${docsTexts(language).required}</span>` : null
  }</dt><dd>${prose(inLanguage(schema.description ?? description, language))}${
    pattern === undefined ? null : html` <code class="pattern">${pattern}</code>`
  }</dd></div>`;
}

function rowsOf(document: OpenApiDocument, schema: Schema, prefix: string): Row[] {
  const { properties = {}, required = [], items } = objectIn(document, schema);
  if (items !== undefined) return rowsOf(document, items, `${prefix}[].`.replace('.[]', '[]'));
  return Object.entries(properties).flatMap(([name, property]) => {
    const path = `${prefix}${name}`;
    const own = { name: path, schema: property, required: required.includes(name) };
    return [own, ...rowsOf(document, property, `${path}.`)];
  });
}

/** What a schema refers to; of a choice with `null`, what is not null. */
function objectIn(document: OpenApiDocument, schema: Schema): Schema {
  const found = resolved(document, schema);
  const choice = found.anyOf?.find(({ type }) => type !== 'null');
  return choice === undefined ? found : objectIn(document, choice);
}

function resolved(document: OpenApiDocument, schema: Schema): Schema {
  if (schema.$ref === undefined) return schema;
  const name = schema.$ref.slice('#/components/schemas/'.length);
  return document.components.schemas[name] ?? schema;
}

function typeText(document: OpenApiDocument, schema: Schema): string {
  if (schema.$ref !== undefined) return typeText(document, resolved(document, schema));
  if (schema.anyOf !== undefined) return schema.anyOf.map((one) => typeText(document, one)).join(' | ');
  if (schema.enum !== undefined) return schema.enum.map((one) => JSON.stringify(one)).join(' | ');
  if (schema.const !== undefined) return JSON.stringify(schema.const);
  const type = [schema.type ?? 'any'].flat().join(' | ');
  return schema.format === undefined ? type : `${type} (${schema.format})`;
}
