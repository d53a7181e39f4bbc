import type { Page } from 'playwright-core';

/*
 * What is wrong with a page as it is drawn. The scripts are text, since they run in the browser and know its types,
 * not ours.
 */

/** Texts that are too pale for what lies behind them (WCAG AA), as `text: ratio`. */
export function paleTexts(page: Page): Promise<string[]> {
  return page.evaluate<string[]>(`(() => {
    const canvas = document.createElement('canvas').getContext('2d', { willReadFrequently: true });
    const rgba = (colour) => {
      canvas.clearRect(0, 0, 1, 1);
      canvas.fillStyle = colour;
      canvas.fillRect(0, 0, 1, 1);
      const [r, g, b, a] = canvas.getImageData(0, 0, 1, 1).data;
      return { r, g, b, a: a / 255 };
    };
    const behind = (element) => {
      for (let one = element; one; one = one.parentElement) {
        const colour = rgba(getComputedStyle(one).backgroundColor);
        if (colour.a === 1) return colour;
      }
      return { r: 255, g: 255, b: 255, a: 1 };
    };
    const light = ({ r, g, b }) => [r, g, b]
      .map((part) => part / 255)
      .map((part) => (part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4))
      .reduce((sum, part, index) => sum + part * [0.2126, 0.7152, 0.0722][index], 0);
    const pale = [];
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    for (let node = walker.nextNode(); node; node = walker.nextNode()) {
      const element = node.parentElement;
      if (node.data.trim() === '' || element.closest('.unseen, noscript') || !element.getClientRects().length) continue;
      const style = getComputedStyle(element);
      const [text, ground] = [light(rgba(style.color)), light(behind(element))];
      const ratio = (Math.max(text, ground) + 0.05) / (Math.min(text, ground) + 0.05);
      const large = parseFloat(style.fontSize) >= 24 || (parseFloat(style.fontSize) >= 18.66 && +style.fontWeight >= 700);
      if (ratio < (large ? 3 : 4.5)) pale.push(node.data.trim() + ': ' + ratio.toFixed(2));
    }
    return pale;
  })()`);
}

/** Buttons and links that a thumb would miss: less than 44 px in either direction. */
export function smallTargets(page: Page): Promise<string[]> {
  return page.evaluate<string[]>(`[...document.querySelectorAll('a, button, input:not([type=hidden])')]
    .filter((element) => element.getClientRects().length > 0)
    .map((element) => [element, element.getBoundingClientRect()])
    .filter(([, box]) => box.width < 44 || box.height < 43.5)
    .map(([element, box]) => (element.textContent || element.id) + ': ' + box.width + ' × ' + box.height)`);
}

/** How far the button that confirms reaches below the screen, in pixels; 0 where it is in sight, or there is none. */
export async function confirmBelowScreen(page: Page): Promise<number> {
  const bottom = await page.evaluate<number>(
    `document.getElementById('confirm') ? document.getElementById('confirm').getBoundingClientRect().bottom : 0`,
  );
  return Math.max(0, bottom - (page.viewportSize()?.height ?? 0));
}

/** How far the page reaches beyond the phone's right edge, in pixels; 0 where all of it fits. */
export async function overflow(page: Page): Promise<number> {
  // A phone's browser zooms out until all of it fits, so its own width says nothing.
  const width = await page.evaluate<number>('document.documentElement.scrollWidth');
  return width - (page.viewportSize()?.width ?? 0);
}
