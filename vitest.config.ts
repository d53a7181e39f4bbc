import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['src', 'simulator', 'cashier', 'test', 'chaos', 'scripts'].map(
      (folder) => `${folder}/**/*.test.ts`,
    ),
    globalSetup: ['test/database/global-setup.ts'],
    reporters: ['default', './test/reporter.ts'],
    testTimeout: 60_000,
    hookTimeout: 60_000,
  },
});
