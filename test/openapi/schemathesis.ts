import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';

/*
 * Schemathesis, a fuzzer that is not ours, against a gateway that runs:
 *
 *   node test/openapi/schemathesis.ts [--sandbox .shoudan/sandbox.json] [--examples 100] [--seed 1]
 *
 * A request that fits its schema may still be refused by what it means (a store that is not there, an order that is paid), so
 * that one check of Schemathesis is left out; every other one counts. Nobody waits: the fuzzer has no use for final states.
 *
 * It is Python's (`pip install schemathesis`); SCHEMATHESIS names the program where it is not on PATH. Where there is none
 * this says so and ends with 0: the generator in fuzz.test.ts runs everywhere.
 */

const { values: options } = parseArgs({
  options: {
    sandbox: { type: 'string', default: '.shoudan/sandbox.json' },
    examples: { type: 'string', default: '100' },
    seed: { type: 'string', default: '1' },
  },
});

const program = process.env['SCHEMATHESIS'] ?? 'schemathesis';
const found = spawnSync(program, ['--version'], { encoding: 'utf8', timeout: 60_000 });
if (found.status !== 0) {
  process.stderr.write(
    `SKIPPED test/openapi/schemathesis.ts: ${program} was not found; pip install schemathesis, or name it in SCHEMATHESIS\n`,
  );
  process.exit(0);
}

const { gateway_url: url, api_key: key } = JSON.parse(readFileSync(options.sandbox, 'utf8')) as {
  readonly gateway_url: string;
  readonly api_key: string;
};
process.stdout.write(found.stdout);
const run = spawnSync(
  program,
  [
    'run',
    `${url}/openapi.json`,
    '--header',
    `Authorization: Bearer ${key}`,
    '--header',
    'Prefer: wait=0',
    '--exclude-checks',
    'positive_data_acceptance',
    '--continue-on-failure',
    '--max-examples',
    options.examples,
    '--seed',
    options.seed,
    '--request-timeout',
    '60',
  ],
  { stdio: 'inherit', timeout: 1_800_000 },
);
process.exit(run.status ?? 1);
