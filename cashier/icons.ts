import { type Html, html } from './html.ts';

export type IconName = 'done' | 'failed' | 'cancelled' | 'returned' | 'waiting' | 'notice' | 'phone';

const shapes: { readonly [name in IconName]: Html } = {
  done: html`<path d="M20 33l8 8 16-18"/>`,
  failed: html`<path d="M23 23l18 18M41 23L23 41"/>`,
  cancelled: html`<path d="M22 32h20"/>`,
  returned: html`<path d="M28 21l-9 9 9 9M20 30h17a8 8 0 0 1 0 16h-6"/>`,
  waiting: html`<circle class="track" cx="32" cy="32" r="26"/><path class="turning" d="M32 6a26 26 0 0 1 26 26"/>`,
  notice: html`<path d="M32 19v16M32 44v.5"/>`,
  phone: html`<path d="M25 17h14a2 2 0 0 1 2 2v26a2 2 0 0 1-2 2H25a2 2 0 0 1-2-2V19a2 2 0 0 1 2-2zM31 42h2"/>`,
};

/** A picture that repeats what the words beside it say; nothing is read aloud for it. */
export function icon(name: IconName): Html {
  return html`<svg class="icon ${name}" viewBox="0 0 64 64" width="64" height="64" aria-hidden="true" focusable="false">${shapes[name]}</svg>`;
}

/** The key that takes the last digit away. */
export const deleteIcon: Html = html`<svg viewBox="0 0 28 28" width="28" height="28" aria-hidden="true" focusable="false"><path d="M10 6h14v16H10l-7-8zM13.500 10.500l7 7M20.500 10.500l-7 7"/></svg>`;
