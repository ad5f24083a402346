/** What the product's processes run with, wherever they are started. */
export const NODE_FLAGS = [
  '--disable-warning=ExperimentalWarning', // Node says so of its SQLite, which locks the data folder
  // Memory that follows what is in use: by default V8 lets garbage grow to several times of it before it collects.
  '--max-semi-space-size=4',
  '--heap-growing-percent=50',
]
