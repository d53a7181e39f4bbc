import { type PolicyOverride, type PolicyOverrides, policyFor } from '../../domain/policy.ts';
import {
  complaintText,
  policyComplaints,
  rangeText,
  type TimeToFinal,
  timeToFinal,
} from '../../domain/policy-complaints.ts';
import {
  type FigureValue,
  figureOf,
  figureText,
  type PolicyFigure,
  policyFigures,
} from '../../domain/policy-figures.ts';
import { rangeOf } from '../../domain/policy-ranges.ts';
import { timeText } from '../../domain/time-text.ts';
import type { PolicyPlace } from './policy-options.ts';
import { table } from './terminal-text.ts';

/** What policies follow from besides the defaults; of nobody in particular, nothing. */
export interface PolicyHolder {
  readonly overrides: PolicyOverrides;
  /** How long its order codes live; `null`: they are off. */
  readonly sceneExpiryMs: number | null;
}

/** Every figure of the policy that holds, a line each, with what it would be without the merchant's override. */
export function policyText(place: PolicyPlace, holder: PolicyHolder): string {
  const final = finalOf(place, holder);
  const rows = figuresOf(place, holder.overrides).map(({ figure, value, standard, override, range }) => [
    figure.name,
    range.kind === 'unused' ? '–' : figureText(figure, value),
    range.kind === 'unused' ? '–' : figureText(figure, standard),
    override === undefined ? '' : figureText(figure, override),
    rangeText(figure, range),
    figure.unit,
    figure.rule,
  ]);
  return [
    `${place.wallet} ${place.product}\n`,
    `final after up to ${timeText(final.ms)} in the usual case: ${final.sum}\n`,
    ...complaintsOf(place, holder).map((complaint) => `outside of the rules: ${complaint}\n`),
    `\n${table(['figure', 'holds', 'default', 'override', 'allowed', 'unit', 'rule'], rows, '  ')}`,
  ].join('');
}

/** What the merchant overrides, and nothing else; `''` for none. */
export function overridesText(place: PolicyPlace, overrides: PolicyOverrides): string {
  const rows = figuresOf(place, overrides).flatMap(({ figure, override, standard }) =>
    override === undefined ? [] : [[figure.name, figureText(figure, override), figureText(figure, standard)]],
  );
  if (rows.length === 0) return '';
  return `${place.wallet} ${place.product}\n${table(['figure', 'override', 'default'], rows, '  ')}`;
}

/** The same for `--json`: times in milliseconds, amounts in minor units. */
export function policyDocument(place: PolicyPlace, holder: PolicyHolder) {
  return {
    wallet: place.wallet,
    product: place.product,
    final_after_ms: finalOf(place, holder).ms,
    outside_of_rules: complaintsOf(place, holder),
    figures: figuresOf(place, holder.overrides).map(({ figure, value, standard, override, range }) => ({
      name: figure.name,
      about: figure.about,
      unit: figure.unit === 'time' ? 'ms' : figure.unit,
      holds: range.kind === 'unused' ? null : plain(value),
      default: range.kind === 'unused' ? null : plain(standard),
      override: plain(override ?? null),
      allowed: range.kind === 'between' ? { min: plain(range.min), max: plain(range.max) } : range.kind,
      rule: figure.rule,
    })),
  };
}

export function overridesDocument(place: PolicyPlace, overrides: PolicyOverrides) {
  const set = figuresOf(place, overrides).flatMap(({ figure, override }) =>
    override === undefined ? [] : [[figure.name, plain(override)] as const],
  );
  return { wallet: place.wallet, product: place.product, figures: Object.fromEntries(set) };
}

function figuresOf({ wallet, product }: PolicyPlace, overrides: PolicyOverrides) {
  const policy = policyFor(wallet, product, overrides);
  const standard = policyFor(wallet, product);
  const override = overrideOf({ wallet, product }, overrides);
  return policyFigures.map((figure: PolicyFigure) => ({
    figure,
    value: figureOf(figure, policy),
    standard: figureOf(figure, standard),
    override: figureOf(figure, override),
    range: rangeOf(wallet, product, figure),
  }));
}

function finalOf({ wallet, product }: PolicyPlace, { overrides, sceneExpiryMs }: PolicyHolder): TimeToFinal {
  return timeToFinal(policyFor(wallet, product, overrides), product, sceneExpiryMs);
}

function complaintsOf(place: PolicyPlace, { overrides, sceneExpiryMs }: PolicyHolder): string[] {
  const check = { integration: 'rest', purpose: 'earnest', sceneExpiryMs } as const;
  const override = overrideOf(place, overrides);
  return policyComplaints(place.wallet, place.product, override, check).map(complaintText);
}

export function overrideOf({ wallet, product }: PolicyPlace, overrides: PolicyOverrides): PolicyOverride {
  return overrides[wallet]?.[product] ?? {};
}

/** Amounts are far below what a JSON integer can be. */
function plain(value: FigureValue): number | boolean | string | null {
  return typeof value === 'bigint' ? Number(value) : value;
}
