import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';

/** A file that pages name, under an address that changes with its content, so that browsers may keep it for ever. */
export interface Asset {
  readonly path: string;
  readonly contentType: string;
  readonly body: string;
}

export interface Assets {
  readonly css: Asset;
  readonly js: Asset;
}

/** The pages' own files, as they are when the gateway starts. */
export function readAssets(): Assets {
  return {
    css: asset('cashier', 'css', 'text/css; charset=utf-8'),
    js: asset('cashier', 'js', 'text/javascript; charset=utf-8'),
  };
}

function asset(name: string, extension: 'css' | 'js', contentType: string): Asset {
  const file = new URL(`../../../cashier/assets/${name}.${extension}`, import.meta.url);
  const body = readFileSync(file, 'utf8');
  const digest = createHash('sha256').update(body).digest('hex').slice(0, 16);
  return { path: `/c/assets/${name}-${digest}.${extension}`, contentType, body };
}
