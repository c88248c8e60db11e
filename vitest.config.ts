import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    globalSetup: ['tests/postgres-server.ts'],
    include: ['tests/{unit,golden,integration}/**/*.test.ts'],
    testTimeout: 120_000,
    hookTimeout: 240_000,
    // Two databases and two cores: more workers only make each other wait.
    maxWorkers: 2,
  },
});
