/** Node's flags for every process of the product. */
export const NODE_FLAGS = [
  '--disable-warning=ExperimentalWarning', // for Node's SQLite, which locks the data folder
  // A message's objects should die young: with less room many survive a collection, which copies them.
  '--max-semi-space-size=16',
  // Keep memory close to what is in use: by default V8 lets garbage grow to a multiple of that before it collects.
  '--heap-growing-percent=60',
]
