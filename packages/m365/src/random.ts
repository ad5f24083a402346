/** A source of cryptographically strong random bytes, such as `node:crypto`'s `randomBytes`. */
export type RandomBytes = (sizeBytes: number) => Buffer
