/** A source of cryptographically strong random bytes, such as `node:crypto`'s `randomBytes`. */
export type RandomBytes = (sizeBytes: number) => Buffer

const STOCK_BYTES = 4096

/**
 * Draws from `source` in stock, since each draw is a call to the system, which takes as long as sealing a small message.
 * No byte is handed out twice.
 */
export function createRandomStock(source: RandomBytes): RandomBytes {
  let stock: Buffer = Buffer.alloc(0)
  return (sizeBytes) => {
    if (sizeBytes > STOCK_BYTES) return source(sizeBytes)
    if (sizeBytes > stock.length) stock = source(STOCK_BYTES)
    const drawn = stock.subarray(0, sizeBytes)
    stock = stock.subarray(sizeBytes)
    return drawn
  }
}
