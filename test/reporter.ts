import type { Reporter, SerializedError, TestCase, TestModule } from 'vitest/node';

/**
 * Ends a test run with one plain line, `N passed, N failed`. Before it stands what tests have annotated, such as how a planted
 * defect was caught, and every test that was skipped, so that no skipped test goes unnoticed.
 */
export default class SummaryReporter implements Reporter {
  onTestRunEnd(modules: ReadonlyArray<TestModule>, unhandledErrors: ReadonlyArray<SerializedError>): void {
    const tests = modules.flatMap((module) => [...module.children.allTests()]);
    const passed = tests.filter((test) => test.result().state === 'passed').length;
    const skipped = tests.filter((test) => test.result().state === 'skipped');
    const failed =
      tests.filter((test) => test.result().state === 'failed').length +
      modules.filter(failedOutsideItsTests).length +
      unhandledErrors.length;

    const noted = tests.flatMap((test) =>
      test.annotations().map(({ message }) => `${test.fullName}: ${message}`),
    );
    const lines = [...noted, ...skipped.map((test) => `SKIPPED ${placeOf(test)}`)];
    if (lines.length > 0) lines.push('');
    lines.push(
      `${passed} passed, ${failed} failed${skipped.length === 0 ? '' : `, ${skipped.length} skipped`}`,
    );
    process.stdout.write(`${lines.join('\n')}\n`);
  }
}

/** A file that does not load, or whose hooks fail, has no failed test to count. */
function failedOutsideItsTests(module: TestModule): boolean {
  if (module.ok()) return false;
  return ![...module.children.allTests()].some((test) => test.result().state === 'failed');
}

function placeOf(test: TestCase): string {
  const result = test.result();
  const note = result.state === 'skipped' && result.note !== undefined ? ` (${result.note})` : '';
  return `${test.module.relativeModuleId}: ${test.fullName}${note}`;
}
