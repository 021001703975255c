import { defineConfig } from "vitest/config"

// Sources run as they are, through the export condition that every package has for them.
const conditions = ["@selvedge/source", "node", "import", "default"]
const report = process.env.SELVEDGE_TEST_REPORT
// Each slower suite is a folder with its own command.
const suite = process.env.SELVEDGE_SUITE ?? ""

export default defineConfig({
  resolve: { conditions },
  ssr: { resolve: { conditions } },
  test: {
    include: suite ? [`test/${suite}/**/*.test.ts`] : ["test/**/*.test.ts"],
    exclude: suite ? [] : ["test/slow/**", "test/keras/**"],
    testTimeout: suite ? 1_800_000 : 60_000,
    pool: "forks",
    // Slower suites keep every core busy by themselves.
    maxWorkers: suite ? 1 : 2,
    reporters: report ? ["default", ["json", { outputFile: report }]] : ["default"],
  },
})
