import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { html } from './html.ts';

/** What a browser reads out of escaped text. */
function read(markup: string): string {
  return markup
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>')
    .replaceAll('&quot;', '"')
    .replaceAll('&#39;', "'")
    .replaceAll('&#96;', '`')
    .replaceAll('&amp;', '&');
}

const hostile = fc.stringMatching(/^[<>"'`&;=/ a-z\p{L}\p{Cc}-]{0,40}$/u);

describe('a value on a page', () => {
  test('never becomes markup, in an element or in an attribute, and reads as it was', () => {
    fc.assert(
      fc.property(fc.oneof(hostile, fc.string({ unit: 'binary' })), (text) => {
        const { markup } = html`<p title="${text}">${text}</p>`;
        const match = /^<p title="([^"<>]*)">([^"<>]*)<\/p>$/.exec(markup);
        expect(match).not.toBeNull();
        expect(match?.[1]).toBe(match?.[2]);
        expect(read(match?.[2] ?? '')).toBe(
          text.toWellFormed().replace(/[\p{Cc}\u200e\u200f\u202a-\u202e\u2066-\u2069]/gu, ' '),
        );
      }),
    );
  });

  test('that is markup already stays it, alone or in a list', () => {
    const one = html`<b>${'<i>'}</b>`;
    expect(html`<p>${one}${[one, one]}${null}${3}</p>`.markup).toBe(
      `<p>${'<b>&lt;i&gt;</b>'.repeat(3)}3</p>`,
    );
  });

  test('that looks like markup, but was not made as it, is text', () => {
    const forged: string = JSON.parse('"<script>alert(1)</script>"');
    expect(html`${forged}`.markup).toBe('&lt;script&gt;alert(1)&lt;/script&gt;');
  });

  test('turns no writing direction around it', () => {
    expect(html`${'Tea \u202e9.99\u202c'}`.markup).toBe('Tea  9.99 ');
  });
});
