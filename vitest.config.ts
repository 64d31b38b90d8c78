import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    include: ['{apps,packages,bench,tools}/**/*.test.{ts,tsx}'],
    exclude: ['**/node_modules/**', '**/dist/**'],
    // So that what hangs ends some time. What should be quick says so in its own test.
    testTimeout: 600_000,
    hookTimeout: 600_000,
    expect: { poll: { timeout: 180_000 } },
    maxWorkers: 3,
    // A machine that is busy at the wrong moment is not a defect; one that fails twice in a row is.
    retry: process.env.CI === undefined ? 0 : 1,
  },
})
