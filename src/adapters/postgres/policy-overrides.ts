import type { PolicyOverride, PolicyOverrides } from '../../domain/policy.ts';
import { inTransaction, type Queryable } from './database.ts';

/** As stored, by wallet and product: JSON has no integers of an amount's size, so amounts are decimal strings. */
export interface StoredPolicyOverrides {
  readonly [wallet: string]: { readonly [product: string]: StoredPolicyOverride };
}

type StoredPolicyOverride = Omit<PolicyOverride, 'amountMaxMinor'> & { readonly amountMaxMinor?: string };

/** The overrides that a merchant's row holds. The table's constraints keep their form. */
export function policyOverridesOf(stored: StoredPolicyOverrides): PolicyOverrides {
  return mapped(stored, ({ amountMaxMinor, ...others }): PolicyOverride => {
    return amountMaxMinor === undefined ? others : { ...others, amountMaxMinor: BigInt(amountMaxMinor) };
  });
}

/** The same on its way to the row. */
export function storedPolicyOverrides(overrides: PolicyOverrides): StoredPolicyOverrides {
  return mapped(overrides, ({ amountMaxMinor, ...others }: PolicyOverride): StoredPolicyOverride => {
    return amountMaxMinor === undefined ? others : { ...others, amountMaxMinor: `${amountMaxMinor}` };
  });
}

function mapped<From, To>(
  overrides: { readonly [wallet: string]: { readonly [product: string]: From } },
  change: (override: From) => To,
): { [wallet: string]: { [product: string]: To } } {
  return Object.fromEntries(
    Object.entries(overrides).map(([wallet, products]) => [
      wallet,
      Object.fromEntries(Object.entries(products).map(([product, one]) => [product, change(one)])),
    ]),
  );
}

/** What a merchant overrides; `null` when nobody registered it. */
export async function findPolicyOverrides(
  database: Queryable,
  merchantId: string,
): Promise<PolicyOverrides | null> {
  const { rows } = await database.query<{ readonly policy_overrides: StoredPolicyOverrides }>(
    'select policy_overrides from merchants where id = $1',
    [merchantId],
  );
  const [row] = rows;
  return row === undefined ? null : policyOverridesOf(row.policy_overrides);
}

/**
 * Puts what `change` makes of a merchant's overrides in their place and answers with it; `null` when nobody registered the
 * merchant. Two changes at once happen one after the other; one that throws changes nothing. `change` is where they are
 * checked: gateways that run take whatever stands there within seconds.
 */
export async function changePolicyOverrides(
  database: Queryable,
  merchantId: string,
  change: (before: PolicyOverrides) => PolicyOverrides,
): Promise<PolicyOverrides | null> {
  return inTransaction(database, async (connection) => {
    const { rows } = await connection.query<{ readonly policy_overrides: StoredPolicyOverrides }>(
      'select policy_overrides from merchants where id = $1 for update',
      [merchantId],
    );
    const [row] = rows;
    if (row === undefined) return null;
    const after = change(policyOverridesOf(row.policy_overrides));
    await connection.query('update merchants set policy_overrides = $1 where id = $2', [
      storedPolicyOverrides(after),
      merchantId,
    ]);
    return after;
  });
}
