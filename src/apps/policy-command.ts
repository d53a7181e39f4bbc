import type { Queryable } from '../adapters/postgres/database.ts';
import { type AuditDocument, withOperatorAction } from '../adapters/postgres/operator-actions.ts';
import {
  changePolicyOverrides,
  findPolicyOverrides,
  storedPolicyOverrides,
} from '../adapters/postgres/policy-overrides.ts';
import type { PolicyOverride, PolicyOverrides } from '../domain/policy.ts';
import type { PolicyCheck } from '../domain/policy-complaints.ts';
import { withFigure } from '../domain/policy-figures.ts';
import type { GivenTo } from '../inbound/cli/commands.ts';
import { CommandFailure, exitCodes } from '../inbound/cli/exit-codes.ts';
import {
  namedFigures,
  type PolicyPlace,
  policyPlaces,
  withAssignments,
} from '../inbound/cli/policy-options.ts';
import {
  overrideOf,
  overridesDocument,
  overridesText,
  type PolicyHolder,
  policyDocument,
  policyText,
} from '../inbound/cli/policy-text.ts';
import { jsonText } from '../inbound/cli/terminal-text.ts';
import type { Terminal } from './command-line.ts';
import { namedMerchant } from './named-merchant.ts';
import { operatorOf } from './operator.ts';
import { refuseComplaints } from './policy-check.ts';
import { readSettings, type Settings } from './settings.ts';
import { withDatabase } from './with-database.ts';

/** `shoudan inspect policy`: the defaults, or what holds for a merchant. The defaults need no database. */
export async function inspectPolicy(
  { options }: GivenTo<'inspect policy'>,
  terminal: Terminal,
): Promise<number> {
  const places = policyPlaces(options, 'inspect policy');
  const settings = readSettings(terminal.env);
  const { merchant } = options;
  const holder =
    merchant === undefined
      ? { overrides: {}, sceneExpiryMs: null }
      : await withDatabase(settings, (database) => holderOf(database, merchant));
  terminal.out(
    options.json
      ? jsonText({
          merchant_id: merchant ?? null,
          policies: places.map((place) => policyDocument(place, holder)),
        })
      : places.map((place) => policyText(place, holder)).join('\n'),
  );
  return exitCodes.done;
}

/** `shoudan merchant policy show`: what the merchant overrides. */
export async function showPolicy(
  { options }: GivenTo<'merchant policy show'>,
  terminal: Terminal,
): Promise<number> {
  const { overrides } = await withDatabase(readSettings(terminal.env), (database) =>
    holderOf(database, options.merchant),
  );
  answer(terminal, options, overrides);
  return exitCodes.done;
}

/** `shoudan merchant policy set`: nothing is set when anything stands against it. */
export async function setPolicy(
  { options }: GivenTo<'merchant policy set'>,
  terminal: Terminal,
): Promise<number> {
  const places = policyPlaces(options, 'merchant policy set');
  // Mistakes of the command line are told before any database is asked.
  withAssignments({}, options.set);
  return change('merchant policy set', terminal, options, places, (before) =>
    withAssignments(before, options.set),
  );
}

/** `shoudan merchant policy clear`: the defaults again. What stays is checked, since figures lean on each other. */
export async function clearPolicy(
  { options }: GivenTo<'merchant policy clear'>,
  terminal: Terminal,
): Promise<number> {
  const places = policyPlaces(options, 'merchant policy clear');
  const figures = namedFigures(options.figure);
  return change('merchant policy clear', terminal, options, places, (before) =>
    figures.length === 0
      ? {}
      : figures.reduce<PolicyOverride>((rest, figure) => withFigure(rest, figure, undefined), before),
  );
}

/** Changes the overrides of these places together, or none of them when a complaint stands against one. */
async function change(
  command: 'merchant policy set' | 'merchant policy clear',
  terminal: Terminal,
  options: GivenTo<'merchant policy set' | 'merchant policy clear'>['options'],
  places: readonly PolicyPlace[],
  changed: (before: PolicyOverride) => PolicyOverride,
): Promise<number> {
  const settings = readSettings(terminal.env);
  const purpose = purposeOf(settings, options.trial);
  const operator = operatorOf(command, options.by);
  const overrides = await withDatabase(settings, async (database) => {
    const { sceneExpiryMs } = await holderOf(database, options.merchant);
    return withOperatorAction(database, operator, async (connection) => {
      let was: PolicyOverrides = {};
      const result = await changePolicyOverrides(connection, options.merchant, (before) => {
        was = before;
        return places.reduce((all, place) => {
          const override = changed(overrideOf(place, all));
          refuseComplaints(place, override, { integration: 'rest', purpose, sceneExpiryMs });
          return withOverride(all, place, override);
        }, before);
      });
      return {
        result,
        action: {
          action: command,
          merchantId: options.merchant,
          subject: 'merchant',
          subjectId: options.merchant,
          note: options.trial ? 'below what the rules allow, for a trial' : null,
          before: policyState(was),
          after: policyState(result ?? {}),
        },
      };
    });
  });
  if (overrides === null) throw new Error(`merchant ${options.merchant} is gone`);
  answer(terminal, options, overrides);
  return exitCodes.done;
}

async function holderOf(database: Queryable, merchantId: string): Promise<PolicyHolder> {
  const { orderCodes } = await namedMerchant(database, merchantId);
  const overrides = (await findPolicyOverrides(database, merchantId)) ?? {};
  return { overrides, sceneExpiryMs: orderCodes?.expiryMs ?? null };
}

/** A member for each product that has something else than the defaults. */
function policyState(overrides: PolicyOverrides): AuditDocument {
  return Object.fromEntries(
    Object.entries(storedPolicyOverrides(overrides)).flatMap(([wallet, products]) =>
      Object.entries(products).map(([product, override]) => [`${wallet} ${product}`, { ...override }]),
    ),
  );
}

/** A trial's short waits have no place where money is earned. */
function purposeOf({ environment }: Settings, trial: boolean): PolicyCheck['purpose'] {
  if (trial && environment === 'production') {
    throw new CommandFailure(exitCodes.failed, '--trial is for the sandbox: production keeps the rules');
  }
  return trial ? 'trial' : 'earnest';
}

/** Nothing is kept of a product, or a wallet, of which nothing is overridden any more. */
function withOverride(
  overrides: PolicyOverrides,
  { wallet, product }: PolicyPlace,
  override: PolicyOverride,
): PolicyOverrides {
  const products = { ...overrides[wallet], [product]: override };
  const kept = Object.entries(products).filter(([, one]) => Object.keys(one).length > 0);
  const { [wallet]: _, ...others } = overrides;
  return kept.length === 0 ? others : { ...others, [wallet]: Object.fromEntries(kept) };
}

function answer(
  terminal: Terminal,
  options: { readonly merchant: string; readonly json: boolean },
  overrides: PolicyOverrides,
): void {
  const overridden = policyPlaces({}, 'merchant policy show').filter(
    (place) => Object.keys(overrideOf(place, overrides)).length > 0,
  );
  const text = overridden.map((place) => overridesText(place, overrides)).join('\n');
  terminal.out(
    options.json
      ? jsonText({
          merchant_id: options.merchant,
          overrides: overridden.map((place) => overridesDocument(place, overrides)),
        })
      : text === ''
        ? 'nothing is overridden: the defaults hold\n'
        : text,
  );
}
