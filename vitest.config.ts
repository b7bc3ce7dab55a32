import { defineConfig } from 'vitest/config'
import { LongestFirst } from './test/run/longest-first.ts'

const nothingElse = ['**/node_modules/**', 'dist/**']
/** Of files that wait for servers and pods half of the time. By itself Vitest would take one less than there are cores. */
const sideBySide = 3

export default defineConfig({
  test: {
    sequence: { sequencer: LongestFirst },
    coverage: { include: ['src/core/**', 'src/engine/**'], exclude: ['**/*.test.ts'], reporter: ['text-summary'] },
    projects: [
      {
        test: {
          name: 'unit',
          // Unit tests share nothing but modules: loading those once halves the time.
          isolate: false,
          // More workers than cores: many of these tests wait for a clock.
          maxWorkers: 3,
          // A busy machine is slow, not wrong.
          testTimeout: 20_000,
          include: ['src/**/*.test.ts', 'test/unit/**/*.test.ts', 'examples/**/*.test.ts'],
          exclude: nothingElse,
        },
      },
      {
        test: {
          name: 'conformance',
          include: ['test/conformance/**/*.test.ts'],
          exclude: nothingElse,
          maxWorkers: sideBySide,
          testTimeout: 120_000,
          hookTimeout: 300_000,
        },
      },
      {
        test: {
          name: 'integration',
          include: ['test/integration/**/*.test.ts'],
          exclude: nothingElse,
          maxWorkers: sideBySide,
          testTimeout: 300_000,
          hookTimeout: 600_000,
        },
      },
      {
        test: {
          name: 'faults',
          include: ['test/faults/**/*.test.ts'],
          exclude: nothingElse,
          testTimeout: 1_800_000,
          hookTimeout: 120_000,
        },
      },
      {
        test: {
          name: 'guard',
          include: ['test/guard/**/*.test.ts'],
          exclude: nothingElse,
          testTimeout: 120_000,
          hookTimeout: 900_000,
        },
      },
      {
        test: {
          name: 'postgres',
          include: ['test/postgres/**/*.test.ts'],
          exclude: nothingElse,
          testTimeout: 600_000,
          hookTimeout: 900_000,
          maxWorkers: 1,
        },
      },
      {
        test: {
          name: 'trials',
          include: ['test/trials/**/*.test.ts'],
          exclude: nothingElse,
          testTimeout: 300_000,
          hookTimeout: 300_000,
          // Each of them is about who comes first: they would only get into each other's way.
          maxWorkers: 1,
        },
      },
      {
        test: {
          name: 'kills',
          include: ['test/kills/**/*.test.ts'],
          exclude: nothingElse,
          testTimeout: 600_000,
          hookTimeout: 1_800_000,
        },
      },
      {
        test: {
          name: 'e2e',
          include: ['test/e2e/**/*.test.ts'],
          exclude: nothingElse,
          testTimeout: 900_000,
          hookTimeout: 1_800_000,
          globalSetup: ['test/e2e/setup.ts'],
          maxWorkers: sideBySide,
        },
      },
    ],
  },
})
