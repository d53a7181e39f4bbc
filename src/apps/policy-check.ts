import type { PolicyOverride, PolicyOverrides } from '../domain/policy.ts';
import {
  complaintText,
  type PolicyCheck,
  type PolicyComplaint,
  policyComplaints,
} from '../domain/policy-complaints.ts';
import { walletNames } from '../domain/wallets.ts';
import { CommandFailure, exitCodes } from '../inbound/cli/exit-codes.ts';
import type { PolicyPlace } from '../inbound/cli/policy-options.ts';

/** Throws a failure that names everything that stands against an override. */
export function refuseComplaints(place: PolicyPlace, override: PolicyOverride, check: PolicyCheck): void {
  refuse(place, policyComplaints(place.wallet, place.product, override, check));
}

/**
 * A scene's order codes may not come to live longer than a timeout that was agreed for them. Throws a failure that names
 * the timeout. ACQ-03.
 */
export function refuseLongerOrderCodes(overrides: PolicyOverrides, sceneExpiryMs: number): void {
  for (const wallet of walletNames) {
    const place = { wallet, product: 'order_code' } as const;
    const complaints = policyComplaints(wallet, place.product, overrides[wallet]?.order_code ?? {}, {
      integration: 'rest',
      purpose: 'trial',
      sceneExpiryMs,
    });
    refuse(
      place,
      complaints.filter(({ figure }) => figure === 'merchant_timeout'),
    );
  }
}

function refuse({ wallet, product }: PolicyPlace, complaints: readonly PolicyComplaint[]): void {
  if (complaints.length === 0) return;
  throw new CommandFailure(
    exitCodes.failed,
    `nothing was changed for ${wallet} ${product}: ${complaints.map(complaintText).join('; ')}`,
    {
      wallet,
      product,
      complaints: complaints.map(({ figure, value, allowed, nextStep }) => ({
        figure,
        value,
        allowed,
        next_step: nextStep,
      })),
    },
  );
}
