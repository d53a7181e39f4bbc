import { describe, expect, test } from 'vitest';
import type { PlantedDefect } from './plant.ts';
import { plantedDefects } from './planted-defects.ts';
import { type SeedOutcome, simulateSeeds } from './simulate-seed.ts';
import { moneyCases } from './tally.ts';

const seedsMax = 3_000;

/** The first seed that catches the defect by one of its invariants, and which of them. */
async function caught(defect: PlantedDefect): Promise<string | null> {
  let catching: string | null = null;
  const look = ({ seed, violations }: SeedOutcome): boolean => {
    const violation = violations.find(({ invariant }) => defect.caughtBy.includes(invariant));
    if (violation !== undefined) catching = `caught as ${violation.invariant} after ${seed} seeds`;
    return catching === null;
  };
  await simulateSeeds(1, seedsMax, look, defect);
  return catching;
}

describe('the auditor catches a gateway in which', () => {
  for (const defect of plantedDefects) {
    const { does, moneyCase } = defect;
    test(moneyCase === undefined ? does : `${does} (money case ${moneyCase})`, async ({ annotate }) => {
      const catching = await caught(defect);
      expect(catching, `not within ${seedsMax} seeds`).not.toBeNull();
      await annotate(`${catching}`, 'caught');
    });
  }
});

test('each money case has a defect that gets it wrong', () => {
  const planted = new Set(plantedDefects.map(({ moneyCase }) => `${moneyCase}`));
  expect(Object.keys(moneyCases).filter((number) => !planted.has(number))).toEqual([]);
});
