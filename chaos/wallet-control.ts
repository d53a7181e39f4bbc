/** One line of the wallet's ledger: what it took from the payer and gave back, in minor units. */
export interface LedgerLine {
  readonly wallet: string;
  readonly payment_request_id: string;
  readonly currency: string;
  readonly amount: number;
  readonly charged: number;
  readonly refunded: number;
  readonly cancelled: boolean;
}

/**
 * What goes wrong at the wallet, each in the same share of its calls. All but the last of a call's faults carry it out, so
 * that a cancel which nobody sends again would arrive all the same; `not_processed` is the call that never does.
 */
export const walletFaults = [
  { api: '*', fault: 'system_error' },
  { api: '*', fault: 'no_answer' },
  { api: '*', fault: 'reset' },
  { api: '*', fault: 'arrives_late' },
  { api: '*', fault: 'not_processed' },
  { api: 'notification', fault: 'lost_notification' },
] as const;

/** Behind the simulated wallets' counter. */
export interface WalletControl {
  readonly url: string;
  /** Throws when the wallet refuses; its words are in the message. */
  ask<Answer>(method: 'GET' | 'POST' | 'PUT' | 'DELETE', path: string, body?: object): Promise<Answer>;
  /** The payer acts; false when the wallet does not let it. */
  payer(requestId: string, action: 'scan' | 'confirm' | 'refuse'): Promise<boolean>;
  setFaults(share: number, seed: number): Promise<void>;
  /** From now on what arrives late comes after so long. */
  setLateness(share: number, delayMs: number, seed: number): Promise<void>;
  clearFaults(): Promise<void>;
  /** The faults that the last calls have met, a thousand of them at most. */
  recentFaults(): Promise<{ readonly calls: number; readonly faults: ReadonlyMap<string, number> }>;
  ledger(): Promise<readonly LedgerLine[]>;
}

export function walletControl(url: string): WalletControl {
  const ask: WalletControl['ask'] = async (method, path, body) => {
    const answer = await fetch(`${url}/control/${path}`, {
      method,
      signal: AbortSignal.timeout(60_000),
      ...(body === undefined
        ? {}
        : { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }),
    });
    const text = await answer.text();
    if (!answer.ok) throw new Error(`${method} /control/${path}: ${answer.status} ${text}`);
    return JSON.parse(text);
  };
  return {
    url,
    ask,
    async payer(requestId, action) {
      try {
        await ask('POST', `payments/${requestId}/${action}`, {});
        return true;
      } catch {
        return false;
      }
    },
    async setFaults(share, seed) {
      if (share === 0) return;
      for (const [index, fault] of walletFaults.entries()) {
        await ask('POST', 'faults', { ...fault, probability: share, seed: seed + index });
      }
    },
    async setLateness(share, delayMs, seed) {
      if (share === 0) return;
      const rule = { api: '*', fault: 'arrives_late', delay_ms: delayMs, probability: share, seed };
      await ask('POST', 'faults', rule);
    },
    clearFaults: async () => void (await ask('DELETE', 'faults')),
    async recentFaults() {
      const calls = await ask<readonly { readonly fault: string | null }[]>('GET', 'requests?limit=1000');
      const faults = new Map<string, number>();
      for (const { fault } of calls) if (fault !== null) faults.set(fault, (faults.get(fault) ?? 0) + 1);
      return { calls: calls.length, faults };
    },
    ledger: () => ask('GET', 'ledger'),
  };
}
