/** Text that is HTML already. Only {@link html} makes it, so that nothing unescaped gets onto a page. */
export interface Html {
  readonly markup: string;
}

/** What may stand between `${` and `}`: text, which is escaped, finished parts, lists of them, or nothing. */
export type Part = string | number | Html | null | readonly Html[];

/**
 * HTML with every value escaped, for the content of an element and for an attribute in double quotes. Nothing else
 * may take a value: no script, no style, no attribute without quotes.
 */
export function html(strings: TemplateStringsArray, ...parts: readonly Part[]): Html {
  let markup = strings[0] ?? '';
  parts.forEach((part, index) => {
    markup += markupOf(part) + (strings[index + 1] ?? '');
  });
  return { markup };
}

export const nothing: Html = { markup: '' };

function markupOf(part: Part): string {
  if (part === null) return '';
  if (typeof part === 'string') return escaped(part);
  if (typeof part === 'number') return escaped(`${part}`);
  if ('markup' in part) return part.markup;
  return part.map(({ markup }) => markup).join('');
}

const entities: { readonly [character: string]: string } = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
  '`': '&#96;',
};

/** Besides the markup's own characters: controls, and marks that turn the direction of the text around them. */
function escaped(text: string): string {
  return text
    .toWellFormed()
    .replace(/[\p{Cc}\u200e\u200f\u202a-\u202e\u2066-\u2069]/gu, ' ')
    .replace(/[&<>"'`]/g, (character) => entities[character] ?? '');
}
