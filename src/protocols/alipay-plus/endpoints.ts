/** The calls of AMS that this protocol speaks, by where each stands under `/api/v1/`. Every one is a POST. */
export const endpoints = {
  pay: 'payments/pay',
  inquire_payment: 'payments/inquiryPayment',
  cancel: 'payments/cancel',
  refund: 'payments/refund',
  inquire_refund: 'payments/inquiryRefund',
  register: 'merchants/registration',
  inquire_registration_status: 'merchants/inquiryRegistrationStatus',
  inquire_registration_info: 'merchants/inquiryRegistrationInfo',
} as const;

export type Call = keyof typeof endpoints;

/**
 * Where the calls begin. The vendor's pages keep the sandbox of in-store products under the production's paths and
 * tell it by its credentials; its libraries move every sandbox client to a path of its own, and sign that one. So it
 * is a setting, and a server takes both.
 */
export const bases = { production: '/ams', sandbox: '/ams/sandbox' } as const;

/** The base that the vendor's libraries would use for a client. */
export function libraryBase(clientId: string): string {
  return clientId.startsWith('SANDBOX_') ? bases.sandbox : bases.production;
}

/** Hosts per region: the vendor's present advice and the older ones. They may change, so they are only data. */
export const regionHosts = {
  north_america: ['open-na-global.alipay.com', 'open-na.alipay.com'],
  asia: ['open-sea-global.alipay.com', 'open-sea.alipay.com'],
  europe: ['open-de-global.alipay.com', 'open-eu.alipay.com'],
} as const;

/** Path of a call, which is also what its request and its answer are signed with. */
export function pathOf(call: Call, base: string = bases.production): string {
  return `${base}/api/v1/${endpoints[call]}`;
}

/** What a server was asked for: the call, and the path as it arrived, which is the one that was signed. */
export interface Endpoint {
  readonly call: Call;
  readonly path: string;
}

/**
 * The call behind a request target, under either base. One official library writes the absolute form
 * (`POST https://host/path`); only its path was signed. `null` for anything else.
 */
export function readEndpoint(target: string): Endpoint | null {
  const path = pathOfTarget(target);
  for (const base of Object.values(bases)) {
    for (const call of Object.keys(endpoints) as Call[]) {
      if (pathOf(call, base) === path) return { call, path };
    }
  }
  return null;
}

/** The path of a request target, without scheme, host and query. */
export function pathOfTarget(target: string): string {
  return originForm(target).replace(/[?#].*$/s, '');
}

/** A request target as path and query, whichever form it was written in. */
export function originForm(target: string): string {
  const absolute = /^https?:\/\/[^/?#]*(.*)$/is.exec(target);
  if (absolute === null) return target;
  const rest = absolute[1] ?? '';
  return rest.startsWith('/') ? rest : `/${rest}`;
}
