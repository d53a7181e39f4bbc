import type { WalletName } from '../domain/wallets.ts';
import { businessCodes, businessName, publicCodes } from '../protocols/alipay-open/result-codes.ts';
import { callCodes, configurationCodes } from '../protocols/alipay-plus/result-codes.ts';

const listed: { readonly [wallet in WalletName]: ReadonlySet<string> } = {
  alipay_open: new Set([
    ...Object.keys(publicCodes),
    ...Object.values(publicCodes).flatMap(({ subCodes }) => [...subCodes]),
    ...Object.values(businessCodes).flatMap((codes) => Object.keys(codes)),
  ]),
  alipay_plus: new Set([
    ...Object.keys(configurationCodes),
    ...Object.values(callCodes).flatMap((codes) => Object.keys(codes)),
  ]),
};

/** A wallet's code as a label: one that the protocol's tables list, else `other`, so that no wallet can add a series. */
export function codeLabel(wallet: WalletName, code: string): string {
  if (listed[wallet].has(code)) return code;
  if (wallet !== 'alipay_open') return 'other';
  const name = businessName(code);
  return listed.alipay_open.has(name) ? name : 'other';
}
