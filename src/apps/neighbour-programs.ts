import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { CommandFailure, exitCodes } from '../inbound/cli/exit-codes.ts';

/*
 * Programs of the repository that prove and measure. They lie outside of `src/`, and an installation for production
 * may leave them out.
 */

/** `shoudan simulate`: `runSimulation(argv)` of `test/simulation/main.ts`, which answers with the exit code. */
export async function simulate(argv: readonly string[]): Promise<number> {
  const { runSimulation } = await programAt('test/simulation/main.ts', 'simulation');
  if (typeof runSimulation !== 'function')
    throw new Error('test/simulation/main.ts exports no runSimulation');
  return (runSimulation as (argv: readonly string[]) => Promise<number>)(argv);
}

/** `shoudan bench`: `bench/main.ts`, which measures as it is imported and fails by throwing. */
export async function bench(): Promise<number> {
  await programAt('bench/main.ts', 'bench');
  return exitCodes.done;
}

async function programAt(file: string, what: string): Promise<{ readonly [name: string]: unknown }> {
  const url = new URL(`../../${file}`, import.meta.url);
  if (!existsSync(url)) {
    throw new CommandFailure(
      exitCodes.failed,
      `this installation has no ${what}: ${fileURLToPath(url)} does not exist`,
    );
  }
  return import(url.href);
}
