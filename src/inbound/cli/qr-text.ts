import { renderSVG, renderUnicodeCompact } from 'uqr';

/**
 * A QR for a terminal of light letters on dark, two rows to a line. On a dark-on-light one it is inverted, which
 * cameras read too.
 */
export function qrText(content: string): string {
  return `${renderUnicodeCompact(content, { border: 2 })}\n`;
}

/** A QR for print, readable with a quarter of it worn off, within the quiet zone that the standard wants. */
export function qrSvg(content: string): string {
  return `${renderSVG(content, { ecc: 'Q', border: 4 })}\n`;
}
