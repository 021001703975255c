import { defineConfig } from "vitest/config"

const conditions = ["@selvedge/source", "node", "import", "default"]

/** The tests that need a Python with Keras; the others leave this folder out. */
export default defineConfig({
  resolve: { conditions },
  ssr: { resolve: { conditions } },
  test: { include: ["test/keras/**/*.test.ts"], testTimeout: 1_200_000, pool: "forks" },
})
