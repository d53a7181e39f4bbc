import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { policyFor, productsOf } from '../../src/domain/policy.ts';
import { rangeText, timeToFinal } from '../../src/domain/policy-complaints.ts';
import { figureOf, figureText, policyFigures } from '../../src/domain/policy-figures.ts';
import { rangeOf } from '../../src/domain/policy-ranges.ts';
import { timeText } from '../../src/domain/time-text.ts';
import { walletNames } from '../../src/domain/wallets.ts';

const page = readFileSync(fileURLToPath(new URL('../../docs/policies.md', import.meta.url)), 'utf8');
const requirements = readFileSync(
  fileURLToPath(new URL('../../docs/requirements.md', import.meta.url)),
  'utf8',
);

const products = walletNames.flatMap((wallet) => productsOf(wallet).map((product) => ({ wallet, product })));

/** The cells of the table under a heading, a line each, its head and its rule left out. */
function tableUnder(heading: string): string[] {
  const [, text = ''] = page.split(`\n## ${heading}\n`);
  const [section = ''] = text.split('\n## ');
  return section.split('\n').filter((line) => line.startsWith('| `'));
}

function row(name: string, cells: readonly string[]): string {
  return `| \`${name}\` | ${cells.join(' | ')} |`;
}

describe('docs/policies.md', () => {
  it('names every figure with what it says, its unit and its rules', () => {
    const expected = policyFigures.map(({ name, about, unit, rule }) => row(name, [about, unit, rule]));
    expect(tableUnder('Figures')).toEqual(expected);
  });

  it('shows the default of every figure for every product', () => {
    const expected = policyFigures.map((figure) =>
      row(
        figure.name,
        products.map(({ wallet, product }) => {
          const isUnused = rangeOf(wallet, product, figure).kind === 'unused';
          return isUnused ? '–' : figureText(figure, figureOf(figure, policyFor(wallet, product)));
        }),
      ),
    );
    expect(tableUnder('Defaults')).toEqual(expected);
  });

  it('shows what each figure of each product may be', () => {
    const expected = policyFigures.map((figure) =>
      row(
        figure.name,
        products.map(({ wallet, product }) => rangeText(figure, rangeOf(wallet, product, figure))),
      ),
    );
    expect(tableUnder('What may be set')).toEqual(expected);
  });

  it('tells how long payments take to their end by the defaults', () => {
    for (const { wallet, product } of products) {
      const { ms, sum } = timeToFinal(policyFor(wallet, product), product, null);
      expect(page).toContain(row(`${wallet} ${product}`, [timeText(ms), sum]));
    }
  });

  it('names each of its products in the heads of its tables, in their order', () => {
    const head = `| | ${products.map(({ wallet, product }) => `${wallet} ${product}`).join(' | ')} |`;
    expect(page.split('\n').filter((line) => line === head)).toHaveLength(2);
  });
});

it('every rule of a figure is a requirement', () => {
  for (const { rule } of policyFigures) {
    for (const id of rule.split(', ')) expect(requirements).toContain(`| ${id} |`);
  }
});
