/** Node's flags for every process of the product. */
export const NODE_FLAGS = [
  '--disable-warning=ExperimentalWarning', // for Node's SQLite, which locks the data folder
  // Keep memory close to what is in use: by default V8 lets garbage grow to a multiple of that before it collects.
  '--max-semi-space-size=4',
  '--heap-growing-percent=50',
]
