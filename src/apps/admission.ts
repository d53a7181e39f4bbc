import { type ProcessLoad, watchProcessLoad } from '../adapters/process-load.ts';
import { type Admission, createAdmission, type OverloadReason } from '../inbound/rest/admission.ts';
import type { Gateway } from './gateway.ts';
import type { Settings } from './settings.ts';

/** The one admission of this process, for payments by REST and from payers' pages, with the load that it goes by. */
export function openAdmission(
  settings: Pick<Settings, 'maxPaymentsInFlight'>,
  gateway: Pick<Gateway, 'database' | 'engine'>,
  onRefused: (reason: OverloadReason) => void = () => {},
): { readonly admission: Admission; readonly load: ProcessLoad } {
  const { clock, entropy } = gateway.engine;
  const load = watchProcessLoad({ database: gateway.database });
  const admission = createAdmission({
    paymentsMax: settings.maxPaymentsInFlight,
    strain: load.strain,
    monotonicMs: clock.monotonicMs,
    random: () => Buffer.from(entropy.bytes(4)).readUInt32BE() / 2 ** 32,
    onRefused,
  });
  return { admission, load };
}
