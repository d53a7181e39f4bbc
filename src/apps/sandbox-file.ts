import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** What a trial needs to know, written to `sandbox.json` in the data folder. */
export interface Sandbox {
  readonly gateway_url: string;
  readonly simulator_url: string;
  readonly api_key: string;
  readonly merchant_id: string;
  readonly smid: string;
  readonly store_id: string;
  readonly terminal_id: string;
  /** The page that payers of the store's entry code see. */
  readonly entry_code_url: string;
  readonly webhook_secret: string;
  /** A code per wallet that never expires, of a payer whose funds never end. */
  readonly payment_codes: { readonly [wallet: string]: string };
}

export const sandboxFile = 'sandbox.json';

/** The sandbox as the last start wrote it, or `null`. */
export function readSandbox(dataDir: string): Sandbox | null {
  try {
    return JSON.parse(readFileSync(join(dataDir, sandboxFile), 'utf8')) as Sandbox;
  } catch {
    return null;
  }
}
