import fc from "fast-check"

// Cases are drawn from a seed, so that two runs of the tests are the same; SELVEDGE_TEST_SEED draws others.
fc.configureGlobal({ seed: Number(process.env.SELVEDGE_TEST_SEED ?? 1) })

export { fc }
