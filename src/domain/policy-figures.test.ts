import { expect, test } from 'vitest';
import { type PaymentPolicy, policyFor, productsOf } from './policy.ts';
import {
  figureNamed,
  figureOf,
  figureOfText,
  figureText,
  policyFigures,
  withFigure,
} from './policy-figures.ts';
import { rangeOf } from './policy-ranges.ts';
import { walletNames } from './wallets.ts';

const products = walletNames.flatMap((wallet) =>
  productsOf(wallet).map((product) => [wallet, product] as const),
);
const defaults = policyFor('alipay_open', 'payment_code');

test('every field of a policy is a figure, and every part of a pace', () => {
  const listed = policyFigures.map(({ field, part }) => (part === null ? field : `${field}.${part}`));
  const fields = (Object.keys(defaults) as (keyof PaymentPolicy)[]).flatMap((field) => {
    const value = defaults[field];
    return typeof value === 'object' && value !== null
      ? Object.keys(value).map((part) => `${field}.${part}`)
      : [field];
  });
  expect(listed.toSorted()).toEqual(fields.toSorted());
  const names = policyFigures.map(({ name }) => name);
  expect(new Set(names).size).toBe(names.length);
});

test.each(products)('every figure of %s %s has a range that its default lies in', (wallet, product) => {
  const policy = policyFor(wallet, product);
  for (const figure of policyFigures) {
    const range = rangeOf(wallet, product, figure);
    const value = figureOf(figure, policy);
    if (range.kind !== 'between' || value === null) continue;
    expect(value, figure.name).toBeGreaterThanOrEqual(range.min);
    expect(value, figure.name).toBeLessThanOrEqual(range.max);
  }
});

test('a default that is written is read back', () => {
  for (const figure of policyFigures) {
    const value = figureOf(figure, defaults);
    if (value !== null) expect(figureOfText(figure, figureText(figure, value))).toBe(value);
  }
});

test.each([
  ['pay_answer', '15'],
  ['pay_answer', 'soon'],
  ['inquiry_count', '12s'],
  ['inquiry_count', '-1'],
  ['cancels_failed', 'true'],
  ['amount_max', '12.50'],
])('%s=%s is no value', (name, text) => {
  const figure = figureNamed(name);
  expect(figure && figureOfText(figure, text)).toBeNull();
});

test('a figure is put into an override and taken out again, a part of a pace too', () => {
  const payAnswer = figureNamed('pay_answer');
  const fastTries = figureNamed('cancel_retry_fast_tries');
  const first = figureNamed('cancel_retry_first');
  if (payAnswer === null || fastTries === null || first === null) throw new Error('a figure is missing');
  const one = withFigure({}, payAnswer, 25_000);
  const two = withFigure(withFigure(one, fastTries, 8), first, 7_000);
  expect(two).toEqual({ payAnswerMs: 25_000, cancelRetry: { fastTries: 8, firstMs: 7_000 } });
  expect(figureOf(fastTries, two)).toBe(8);
  expect(figureOf(fastTries, one)).toBeUndefined();
  expect(withFigure(two, first, undefined)).toEqual({ payAnswerMs: 25_000, cancelRetry: { fastTries: 8 } });
  expect(withFigure(withFigure(two, first, undefined), fastTries, undefined)).toEqual(one);
  expect(withFigure(one, payAnswer, undefined)).toEqual({});
});
