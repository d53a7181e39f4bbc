/*
 * Text for a terminal. Names, subjects and a wallet's messages are other people's: what could move the cursor or
 * disguise the line is made visible, and wide characters (商户) count as the two columns that they take.
 */

const unprintable = /[\p{Cc}\p{Cs}\u2028\u2029\u061c\u200b\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff]/gu;

/** On one line and harmless. */
export function printable(text: string): string {
  return text.replace(unprintable, (character) => {
    const code = character.codePointAt(0) ?? 0;
    return `\\u{${code.toString(16)}}`;
  });
}

const wide =
  /[\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6\u{1f300}-\u{1f64f}\u{1f900}-\u{1f9ff}\u{20000}-\u{3fffd}]/u;

/** Columns that a text takes. */
export function columnsOf(text: string): number {
  let columns = 0;
  for (const character of text) {
    if (/\p{Mn}/u.test(character)) continue;
    columns += wide.test(character) ? 2 : 1;
  }
  return columns;
}

function padded(text: string, columns: number): string {
  return text + ' '.repeat(Math.max(0, columns - columnsOf(text)));
}

/** Rows in aligned columns, two spaces between them, under a head unless it is `null`; `indent` stands before each. */
export function table(
  head: readonly string[] | null,
  rows: readonly (readonly string[])[],
  indent = '',
): string {
  const lines = [...(head === null ? [] : [head]), ...rows.map((row) => row.map(printable))];
  const widths: number[] = [];
  for (const line of lines) {
    for (const [column, cell] of line.entries()) {
      widths[column] = Math.max(widths[column] ?? 0, columnsOf(cell));
    }
  }
  return lines
    .map((line) => {
      const cells = line.map((cell, column) => padded(cell, widths[column] ?? 0));
      return `${indent}${cells.join('  ').trimEnd()}\n`;
    })
    .join('');
}

/** Names and values, a line each; what is `null` is left out. */
export function fields(entries: readonly (readonly [name: string, value: string | null])[]): string {
  const present = entries.filter((entry): entry is readonly [string, string] => entry[1] !== null);
  const width = Math.max(...present.map(([name]) => columnsOf(name)));
  return present.map(([name, value]) => `${padded(name, width)}  ${printable(value)}\n`).join('');
}

/** The document that `--json` prints. */
export function jsonText(document: unknown): string {
  return `${JSON.stringify(document, null, 2)}\n`;
}
