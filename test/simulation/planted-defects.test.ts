import { describe, expect, test } from 'vitest';
import { type PlantedDefect, plantedDefects } from './planted-defects.ts';
import { type SeedOutcome, simulateSeeds } from './simulate-seed.ts';

const seedsMax = 1_000;

/** The first seed that catches the defect by one of its invariants, and which of them. */
async function caught(defect: PlantedDefect): Promise<string | null> {
  let catching: string | null = null;
  const look = ({ seed, violations }: SeedOutcome): boolean => {
    const violation = violations.find(({ invariant }) => defect.caughtBy.includes(invariant));
    if (violation !== undefined) catching = `${violation.invariant} after ${seed} seeds`;
    return catching === null;
  };
  await simulateSeeds(1, seedsMax, look, defect);
  return catching;
}

describe('the auditor catches a gateway in which', () => {
  for (const defect of plantedDefects) {
    test(defect.does, async ({ annotate }) => {
      const catching = await caught(defect);
      expect(catching, `not within ${seedsMax} seeds`).not.toBeNull();
      await annotate(`${catching}`);
    });
  }
});
