import type { PlantedDefect } from './plant.ts';
import { plantedInProcesses } from './planted-in-processes.ts';
import { plantedInRecords } from './planted-in-records.ts';
import { plantedInWalletCalls } from './planted-in-wallet-calls.ts';

/**
 * Defects of the kind that lose money, planted between the gateway's code and its ports: those of the design's money cases, and
 * those known from other gateways. They show that the auditor can fail, and by which invariant.
 */
export const plantedDefects: readonly PlantedDefect[] = [
  ...plantedInWalletCalls,
  ...plantedInRecords,
  ...plantedInProcesses,
];
