import type { Logger } from 'pino';
import { type ProcessLoad, watchProcessLoad } from '../adapters/process-load.ts';
import { type Admission, createAdmission, type OverloadReason } from '../inbound/rest/admission.ts';
import type { Gateway } from './gateway.ts';
import type { Settings } from './settings.ts';

export interface AdmissionWatch {
  readonly onRefused?: (reason: OverloadReason) => void;
  readonly log?: Pick<Logger, 'warn'>;
}

/** A crowd is refused many times a second, and named so often. */
const namedEveryMs = 10_000;

/** The one admission of this process, for payments by REST and from payers' pages, with the load that it goes by. */
export function openAdmission(
  settings: Pick<Settings, 'maxPaymentsInFlight'>,
  gateway: Pick<Gateway, 'database' | 'engine'>,
  { onRefused, log }: AdmissionWatch = {},
): { readonly admission: Admission; readonly load: ProcessLoad } {
  const { clock, entropy } = gateway.engine;
  const load = watchProcessLoad({ database: gateway.database });
  let namedAtMs = Number.NEGATIVE_INFINITY;
  const admission = createAdmission({
    paymentsMax: settings.maxPaymentsInFlight,
    strain: load.strain,
    monotonicMs: clock.monotonicMs,
    random: () => Buffer.from(entropy.bytes(4)).readUInt32BE() / 2 ** 32,
    onRefused(reason, merchantId) {
      onRefused?.(reason);
      if (reason !== 'merchant_in_flight' || clock.monotonicMs() < namedAtMs + namedEveryMs) return;
      namedAtMs = clock.monotonicMs();
      log?.warn({ merchant: merchantId }, 'a merchant has its share of the payments in flight');
    },
  });
  return { admission, load };
}
